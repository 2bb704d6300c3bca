"""Senders of kind flow: their address, and the token that it demands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bellwire.flows.trigger import FlowPlace, trigger_of
from bellwire.service.doctor.examination import all_well
from bellwire.service.doctor.finding import Level
from tests.doctor.conftest import Patient

SIGNED = "powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?sig=hunter2"


def flows(patient: Patient, path: str, caller: Any = None) -> dict[str, FlowPlace]:
    trigger = trigger_of(f"{patient.teams.url}/{path}", patient.installation.cloud, field="FLOW_URL")
    return {"studio": FlowPlace(trigger, caller)}


async def test_an_installation_with_a_flow_alone_has_a_sender(patient: Patient) -> None:
    found = await patient.look("settings", bots={}, flows=flows(patient, SIGNED))
    assert found.level is Level.FINE
    assert "studio" in found.detail
    assert all_well(patient.seen)


async def test_what_only_a_message_shows_is_said_without_the_signature(patient: Patient) -> None:
    found = await patient.look("flow", flows=flows(patient, SIGNED))
    assert found.level is Level.UNTOLD
    assert "--sender studio" in (found.remedy or "")
    assert "hunter2" not in repr(patient.seen)
    assert "hunter2" not in repr(patient.installation)


async def test_an_address_of_the_old_form_is_named(patient: Patient) -> None:
    found = await patient.look("flow", flows=flows(patient, "workflows/1/triggers/manual/paths/invoke?sig=x"))
    assert found.level is Level.WARNING


async def test_the_token_that_a_flow_demands_is_asked_for(patient: Patient) -> None:
    caller = replace(patient.installation.bots["alerts"], sender="studio", client_secret="wrong")
    found = await patient.look("credentials", flows=flows(patient, SIGNED.partition("?")[0], caller))
    assert found.level is Level.STOPS
    assert found.subject == "studio"
