"""The address of a flow's trigger "When an HTTP request is received". If it is signed, it is a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from yarl import URL

from bellwire.errors import ConfigError
from bellwire.teams.clouds import Cloud
from bellwire.teams.credentials import Registration

LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Trigger:
    """Where to post. ``signed``: whoever has the address may call, and no token is sent. ``old``: of the form that
    Power Automate has stopped serving. The query stays out of ``repr``."""

    place: str
    url: URL = field(repr=False)
    signed: bool
    old: bool


@dataclass(frozen=True, slots=True)
class FlowPlace:
    """A flow's address, and who calls it; None where the address is signed."""

    trigger: Trigger
    caller: Registration | None


def is_signed(url: str) -> bool:
    """Whether the address carries a signature, and so is meant for "Anyone" who has it."""
    return any(name == "sig" and value for name, value in parse_qsl(url.partition("?")[2]))


def trigger_of(url: str, cloud: Cloud, *, field: str) -> Trigger:
    """The trigger at this address. It may be much longer than 255 characters (platform reference §9.3).

    Raises:
        ConfigError: it is no address of a flow in this cloud; names ``field`` and shows nothing of the address.
    """
    place, _, query = url.partition("?")
    if len(url) > LONGEST or not query.isascii() or not query.isprintable() or "#" in query or " " in query:
        raise ConfigError("It must be the trigger's address, copied as a whole.", field=field)
    if not cloud.admits(place):
        raise ConfigError(
            "It must be an https address on a host where this cloud's flows are.",
            field=field,
            remedy="Copy the HTTP URL from the flow's trigger; check BELLWIRE_CLOUD__NAME.",
        )
    address = URL(url, encoded=True)
    old = address.raw_path.startswith("/workflows/")
    return Trigger(place, address, is_signed(url), old)
