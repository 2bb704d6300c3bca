"""An installation that is well, to be harmed in one way at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bellwire.app import cloud_of, registration_of, utc_now
from bellwire.config import Settings
from bellwire.net import open_session
from bellwire.service.doctor.examination import examine
from bellwire.service.doctor.finding import Finding, Level
from bellwire.service.doctor.installation import Installation
from bellwire.simulator import Simulator
from tests.support.service import Running, running, settings_from


@dataclass
class Patient:
    """A service with a simulated Teams, and the doctor beside them."""

    service: Running
    installation: Installation
    settings: Settings
    seen: list[Finding] = field(default_factory=list)

    @property
    def teams(self) -> Simulator:
        return self.service.teams

    async def look(self, check: str, **changes: Any) -> Finding:
        """The worst finding of one check, with the installation changed so."""
        self.seen = await examine(replace(self.installation, **changes))
        found = [finding for finding in self.seen if finding.check == check]
        return max(found, key=lambda finding: list(Level).index(finding.level))

    def bot(self, **changes: Any) -> dict[str, Any]:
        """The installation's bots, the one changed so."""
        return {"alerts": replace(self.installation.bots["alerts"], **changes)}


@pytest.fixture
async def patient(sqlite_url: str) -> AsyncIterator[Patient]:
    """All is well with it."""
    async with _healthy(sqlite_url) as found:
        yield found


@pytest.fixture
async def patient_on_either(database_url: str) -> AsyncIterator[Patient]:
    """All is well with it, on SQLite and on PostgreSQL."""
    async with _healthy(database_url) as found:
        yield found


@asynccontextmanager
async def _healthy(database_url: str) -> AsyncIterator[Patient]:
    async with running(database_url, work=False) as service, open_session(timeout=5.0) as session:
        settings = settings_from({**service.teams.settings(), "BELLWIRE_DATABASE_URL": database_url})
        installation = Installation(
            cloud=cloud_of(settings.cloud),
            session=session,
            bots={name: registration_of(name, sender) for name, sender in settings.senders.items()},
            tenants=settings.tenants,
            listed_keys=1,
            database_url=database_url,
            url=service.url,
            endpoint=f"{service.url}/api/messages",
            clock=utc_now,
        )
        yield Patient(service, installation, settings)
