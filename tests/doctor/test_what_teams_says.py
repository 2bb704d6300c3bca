"""Credentials, registration, permissions, catalogue and keys: each harm is told from the others, with its remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bellwire.service.doctor.finding import Level
from bellwire.simulator import faults
from tests.doctor.conftest import Patient

OTHER = "99999999-9999-4999-8999-999999999999"
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"client_secret": "wrong"}, "make a new one"),
        ({"app_id": OTHER}, "__APP_ID"),
        ({"tenant_id": OTHER}, "__TENANT_ID"),
        ({"client_secret": None}, "settings.md"),
    ],
)
async def test_credentials_that_are_refused_name_the_setting(
    patient: Patient, changes: dict[str, Any], remedy: str
) -> None:
    found = await patient.look("credentials", bots=patient.bot(**changes))
    assert found.level is Level.STOPS
    assert found.subject == "alerts"
    assert remedy in (found.remedy or "")
    assert not any(finding.check == "registration" for finding in patient.seen)


async def test_a_login_service_that_does_not_answer_is_no_wrong_secret(patient: Patient) -> None:
    found = await patient.look("credentials", cloud=replace(patient.installation.cloud, login_url=NOWHERE))
    assert found.level is Level.STOPS
    assert "reaches the login service" in (found.remedy or "")


async def test_a_bot_that_teams_does_not_know(patient: Patient) -> None:
    patient.teams.bot.registered = False
    found = await patient.look("registration")
    assert found.level is Level.STOPS
    assert "Teams channel" in (found.remedy or "")


async def test_a_tenant_of_another_cloud(patient: Patient) -> None:
    patient.teams.faults.add(faults.answer(403, "InvalidBotApiHost"))
    found = await patient.look("registration")
    assert found.level is Level.STOPS
    assert "BELLWIRE_CLOUD__NAME" in (found.remedy or "")


async def test_teams_in_trouble_is_no_fault_of_the_installation(patient: Patient) -> None:
    patient.teams.faults.add(faults.answer(503))
    assert (await patient.look("registration")).level is Level.WARNING


async def test_a_service_host_that_does_not_answer(patient: Patient) -> None:
    cloud = replace(patient.installation.cloud, default_service_url=f"{NOWHERE}/teams/", service_hosts=("127.0.0.1",))
    found = await patient.look("registration", cloud=cloud)
    assert found.level is Level.STOPS
    assert NOWHERE in found.detail


async def test_an_old_registration_is_told_from_a_single_tenant_one(patient: Patient) -> None:
    assert "of tenant 11111111" in (await patient.look("registration")).detail
    found = await patient.look("registration", bots=patient.bot(tenant_id=None))
    assert found.level is Level.FINE
    assert "multi-tenant" in found.detail


async def test_missing_permissions_are_named_with_the_link(patient: Patient) -> None:
    patient.teams.entra.consent("User.Read.All", "GroupMember.Read.All")
    found = await patient.look("permissions")
    assert found.level is Level.WARNING
    assert "TeamsAppInstallation.ReadWriteSelfForUser.All: no installing" in found.detail
    assert "User.Read.All" not in found.detail
    assert "/adminconsent?client_id=" in (found.remedy or "")
    assert not any(finding.check == "catalogue" for finding in patient.seen)


async def test_an_app_that_is_not_in_the_catalogue(patient: Patient) -> None:
    patient.teams.entra.catalogue.clear()
    found = await patient.look("catalogue")
    assert found.level is Level.WARNING
    assert "bellwire package" in (found.remedy or "")


async def test_an_app_with_an_id_of_its_own_is_found_by_it(patient: Patient) -> None:
    patient.teams.entra.catalogue.clear()
    patient.teams.entra.publish(external_id=OTHER)
    assert (await patient.look("catalogue")).level is Level.WARNING
    assert (await patient.look("catalogue", catalogue_ids={"alerts": OTHER})).level is Level.FINE


async def test_signing_keys_that_cannot_be_fetched(patient: Patient) -> None:
    cloud = replace(patient.installation.cloud, openid_metadata_url=f"{NOWHERE}/openid")
    found = await patient.look("signing keys", cloud=cloud)
    assert found.level is Level.STOPS
    assert NOWHERE in found.detail
