"""The demo plays the whole cast over real HTTP and every expectation holds; one that does not hold is seen."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bellwire.cli.demo import tell_story
from bellwire.cli.demo.cast import CAST
from bellwire.cli.demo.play import played
from bellwire.cli.demo.stage import Stage
from bellwire.model.delivery import State
from bellwire.model.reason import Reason
from bellwire.simulator.chat import Kind

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "demo-terminal.svg"
ADELE, BEN = CAST[:2]


async def test_every_expectation_holds_and_is_told(stage: Stage) -> None:
    out = Console(record=True, width=120, force_terminal=True, color_system="truecolor", file=io.StringIO())
    performance = await tell_story(stage, out)
    told = out.export_text(clear=False)
    assert performance.held
    assert "did not hold" not in told
    assert all(part.name in told for part in CAST)
    assert "8 accepted = 5 sent + 3 undeliverable + 0 unknown + 0 cancelled + 0 expired + 0 open" in told
    if os.environ.get("BELLWIRE_UPDATE_PICTURES") == "1":
        PICTURE.write_text(out.export_svg(title="make demo"), encoding="utf-8")


async def test_everything_that_teams_took_lies_in_personal_chats(stage: Stage) -> None:
    await tell_story(stage, Console(file=io.StringIO()))
    ledger = stage.simulator.ledger
    assert {entry.surface for entry in ledger.entries} == {Kind.TEAMS, Kind.AGENT}
    assert not [opening for opening in ledger.openings if opening.copilot]


async def test_who_wrote_in_copilot_last_is_reached_in_teams(stage: Stage) -> None:
    ben = stage.simulator.person(BEN.name)
    scene = await played(stage, BEN, ben)
    assert dict(scene.arrived) == {Kind.TEAMS: 1}
    assert [line.activity["text"] for line in ben.received("teams")] == [BEN.letter.text]
    assert ben.received("copilot") == ben.received("m365") == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ADELE, ends=None, reason=Reason.NEVER_SEEN),
        replace(ADELE, ends=State.UNDELIVERABLE, reason=Reason.BLOCKED),
        replace(ADELE, opens_chat=True),
        replace(ADELE, past=()),
    ],
)
async def test_an_expectation_that_does_not_hold_is_seen(stage: Stage, wrong: object) -> None:
    assert isinstance(wrong, type(ADELE))
    scene = await played(stage, wrong, stage.simulator.person(wrong.name))
    assert not all(check.held for check in scene.checks)
