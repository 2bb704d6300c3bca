"""Of an installation that works nothing is said that would alarm anybody, and the examination leaves no trace."""

from __future__ import annotations

from bellwire.service.doctor.examination import all_well, examine
from bellwire.service.doctor.finding import Level
from tests.doctor.conftest import Patient


async def test_every_check_is_fine(patient_on_either: Patient) -> None:
    await patient_on_either.teams.person("Adele Vance").install()
    found = await examine(patient_on_either.installation)
    assert {finding.check: finding.level for finding in found if finding.level is not Level.FINE} == {}
    assert {finding.check for finding in found} >= {
        *("settings", "database", "API keys", "activities", "service hosts", "credentials", "registration"),
        *("permissions", "catalogue", "signing keys", "clock", "service", "endpoint"),
    }
    assert all_well(found)


async def test_nothing_is_sent_and_nobody_is_asked_for(patient: Patient) -> None:
    adele = patient.teams.person("Adele Vance")
    await adele.install()
    await examine(patient.installation)
    assert adele.received() == []
    assert patient.teams.ledger.openings == []


async def test_whatever_is_not_fine_has_a_remedy(patient: Patient) -> None:
    found = await examine(patient.installation)
    assert all(finding.remedy for finding in found if finding.level is not Level.FINE)
