"""The whole examination, in the order in which a newcomer has to put things right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain

from bellwire.service.doctor.client_secret import client_secret
from bellwire.service.doctor.clock import clock
from bellwire.service.doctor.credentials import certificate, credentials
from bellwire.service.doctor.database import database
from bellwire.service.doctor.directory import directory
from bellwire.service.doctor.endpoint import endpoint, service
from bellwire.service.doctor.finding import Finding, Level
from bellwire.service.doctor.flows import flow
from bellwire.service.doctor.installation import Installation
from bellwire.service.doctor.registration import registration
from bellwire.service.doctor.settings import settings
from bellwire.service.doctor.way_out import way_out


async def examine(installation: Installation) -> list[Finding]:
    """Look at everything, side by side. Nothing is sent to anybody, and nothing is changed."""
    bots = (_bot(installation, name) for name in sorted(installation.bots))
    flows = (flow(installation, name) for name in sorted(installation.flows))
    found = await asyncio.gather(
        database(installation), *bots, *flows, clock(installation), service(installation), endpoint(installation)
    )
    return [*settings(installation), way_out(installation), *chain.from_iterable(found)]


def all_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing was found that stops messages."""
    return all(finding.level is not Level.STOPS for finding in findings)


async def _bot(installation: Installation, name: str) -> list[Finding]:
    token, found = await credentials(installation, name)
    expiry = certificate(installation.bots[name], installation.clock())
    findings = [found] if expiry is None else [found, expiry]
    if token is None:
        return findings
    secret, known, may = await asyncio.gather(
        client_secret(installation, installation.bots[name]),
        registration(installation, name, token),
        directory(installation, name),
    )
    return [*findings, *([] if secret is None else [secret]), known, *may]
