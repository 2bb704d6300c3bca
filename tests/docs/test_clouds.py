"""docs/settings.md has every cloud with its addresses."""

from __future__ import annotations

import re
from pathlib import Path

from bellwire.teams.clouds import CLOUDS, Cloud

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


def row(cloud: Cloud) -> list[str]:
    addresses = [cloud.login_url, cloud.graph_url or "", cloud.bot_scope, cloud.token_issuer]
    return [cloud.name, *addresses, cloud.default_service_url, ", ".join(cloud.service_hosts)]


def test_the_page_has_the_addresses_of_every_cloud() -> None:
    section = PAGE.partition("| cloud | login |")[2]
    rows = re.findall(r"^\| (`\w+` \| https.*) \|$", section, re.MULTILINE)
    assert [line.replace("`", "").split(" | ") for line in rows] == [row(cloud) for cloud in CLOUDS.values()]
