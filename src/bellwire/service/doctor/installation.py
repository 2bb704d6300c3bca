"""What is examined: the parts that the settings name, before any of them is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import ClientSession

from bellwire.flows.trigger import FlowPlace
from bellwire.teams.clouds import Cloud
from bellwire.teams.credentials import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """``listed_keys`` is how many API keys the settings have, ``url`` where the service should answer.

    ``catalogue_ids`` are the manifest ids of those bots' apps that have one of their own, ``flow_cloud`` is the cloud
    as flows see it.

    ``endpoint`` is the bot endpoint's address as Azure Bot has it, or None if nobody said.
    """

    cloud: Cloud
    session: ClientSession
    bots: Mapping[str, Registration]
    tenants: frozenset[str]
    listed_keys: int
    database_url: str = field(repr=False)
    url: str
    endpoint: str | None
    clock: Callable[[], datetime]
    catalogue_ids: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, FlowPlace] = field(default_factory=dict)
    flow_cloud: Cloud | None = None
