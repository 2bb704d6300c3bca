"""One request to Microsoft Graph, alone or out of a $batch: who asks, in which tenant, for what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from bellwire.simulator.bot import Bot

APPLICATION = re.compile(r"applications\(appId='([^']*)'\)", re.IGNORECASE)
Answer = tuple[int, dict[str, Any] | None, dict[str, str]]


@dataclass(frozen=True, slots=True)
class GraphAsked:
    """``parts`` are the decoded segments after the version; header names are in lower case."""

    bot: Bot
    tenant_id: str
    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    base_url: str

    @property
    def person(self) -> str | None:
        """Whom the path names, if it is about one person."""
        return self.parts[1] if len(self.parts) > 1 and self.parts[0].lower() == "users" else None

    @property
    def application(self) -> str | None:
        """Which application the path names by its app id, if it does."""
        named = APPLICATION.fullmatch(self.parts[0])
        return named[1] if named is not None else None


def split(url: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Segments and query of a relative address, decoded."""
    path, _, query = url.partition("?")
    return tuple(unquote(part) for part in path.strip("/").split("/")), dict(parse_qsl(query))
