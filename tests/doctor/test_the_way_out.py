"""Through which proxy requests go out, and what a proxy refuses is not taken for Teams' own word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bellwire.net import open_session
from bellwire.service.doctor.finding import Finding, Level
from bellwire.teams.clouds import CLOUDS, Cloud
from tests.doctor.conftest import Patient
from tests.support.proxy import forwarding, lead_out

PASSWORD = "correct-horse-of-the-proxy"


async def looked(patient: Patient, check: str, cloud: Cloud | None = None, **changes: object) -> Finding:
    """The worst finding of a check, over a session that knows of the proxy."""
    async with open_session(timeout=5.0) as session:
        return await patient.look(check, session=session, cloud=cloud or patient.installation.cloud, **changes)


async def test_without_a_proxy_it_says_so(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, "")
    assert (await looked(patient, "way out")).detail == "Requests go out directly."


async def test_the_proxy_is_named_without_its_password(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, f"http://bellwire:{PASSWORD}@127.0.0.1:9")
    found = await looked(patient, "way out", CLOUDS["public"])
    assert found == Finding("way out", Level.FINE, "Requests go out through the proxy 127.0.0.1:9.")
    assert PASSWORD not in repr(patient.seen)


async def test_what_goes_which_way_is_told(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, "http://127.0.0.1:9", NO_PROXY="microsoftonline.com, smba.trafficmanager.net")
    assert (await looked(patient, "way out", CLOUDS["public"])).detail == (
        "Requests go out directly: login.microsoftonline.com, smba.trafficmanager.net; "
        "through the proxy 127.0.0.1:9: graph.microsoft.com, login.botframework.com."
    )


@pytest.mark.parametrize(
    ("status", "fact", "remedy"),
    [(407, "wants a user and a password", "HTTPS_PROXY"), (403, "(status 403)", "NO_PROXY"), (502, "(status 502)", "")],
)
async def test_what_the_proxy_refuses_is_not_taken_for_the_other_sides_word(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, status: int, fact: str, remedy: str
) -> None:
    known = patient.installation.cloud
    async with forwarding() as proxy:
        proxy.refuses = status
        lead_out(monkeypatch, f"http://bellwire:{PASSWORD}@{proxy.place}")
        no_teams = replace(known, default_service_url="https://teams.example/", service_hosts=("teams.example",))
        no_login = replace(known, login_url="https://login.example")
        no_keys = replace(known, openid_metadata_url="https://keys.example/")
        found = [
            await looked(patient, "registration", no_teams),
            await looked(patient, "credentials", no_login),
            await looked(patient, "signing keys", no_keys),
            await looked(patient, "endpoint", endpoint="https://bot.example/api/messages"),
        ]
    for each in found:
        assert each.level is Level.STOPS
        assert "The proxy" in each.detail
        assert fact in each.detail
        assert remedy in (each.remedy or "")
        assert PASSWORD not in repr(each)


async def test_a_proxy_that_is_down_is_named(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, "http://127.0.0.1:9")
    found = await looked(patient, "credentials", replace(patient.installation.cloud, login_url="https://login.example"))
    assert "The proxy does not answer: proxy_connect_failed." in found.detail
    assert "HTTPS_PROXY" in (found.remedy or "")
