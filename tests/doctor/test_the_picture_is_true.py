"""docs/pictures/doctor.svg is what the doctor shows. BELLWIRE_UPDATE_PICTURES=1 takes it anew."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

from rich.console import Console

from bellwire.cli.doctor import findings_table, verdict
from bellwire.service.doctor.examination import examine
from bellwire.service.doctor.finding import Level
from tests.doctor.conftest import Patient

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "doctor.svg"
ENDPOINT = "http://127.0.0.1:9/api/messages"


async def test_the_picture_shows_each_check_as_it_is(patient: Patient) -> None:
    await patient.teams.person("Adele Vance").install()
    patient.teams.entra.consent("User.Read.All", "AppCatalog.Read.All")
    found = await examine(replace(patient.installation, endpoint=ENDPOINT))
    told = [replace(each, detail=each.detail.replace(patient.service.url, "http://127.0.0.1:3978")) for each in found]
    told = [each for each in told if each.check != "disk"]
    if os.environ.get("BELLWIRE_UPDATE_PICTURES") == "1":
        out = Console(record=True, width=118, force_terminal=True, color_system="truecolor", file=io.StringIO())
        out.print(findings_table(told), verdict(told))
        PICTURE.write_text(out.export_svg(title="bellwire doctor"), encoding="utf-8")
    assert Level.STOPS in {each.level for each in told}
    shown = re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", PICTURE.read_text(encoding="utf-8"))))
    missing = [each.check for each in told if re.sub(r"\s+", "", each.check) not in shown]
    assert missing == []
    assert re.sub(r"\s+", "", verdict(told)) in shown
