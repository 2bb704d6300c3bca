"""A flow's settings: which of the two ways to call it, checked at the start, with nothing of the address shown."""

from __future__ import annotations

import pytest

from bellwire.config import load_settings
from bellwire.errors import ConfigError
from bellwire.flows.clouds import AUDIENCES, flow_cloud
from bellwire.flows.trigger import trigger_of
from bellwire.teams.clouds import CLOUDS

TENANT = "22222222-2222-2222-2222-222222222222"
HOST = "https://0123.ab.environment.api.powerplatform.com:443"
PLACE = f"{HOST}/powerautomate/automations/direct/workflows/{'a' * 32}/triggers/manual/paths/invoke"
SECRET = "s3cr3t-signature-" * 20
SIGNED = f"{PLACE}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SECRET}"
PLAIN = f"{PLACE}?api-version=1"
FLOW = {"kind": "flow", "tenant_id": TENANT}
APP = {"app_id": "app", "client_secret": "a-clients-secret"}


def test_a_signed_address_of_any_length_is_all_that_is_needed() -> None:
    settings = load_settings(senders={"studio": {**FLOW, "flow_url": SIGNED}})
    assert len(SIGNED) > 255
    assert settings.flows["studio"].signed
    assert settings.bots == {}
    assert SECRET not in repr(settings)


def test_an_address_without_a_signature_needs_a_credential() -> None:
    settings = load_settings(senders={"studio": {**FLOW, "flow_url": PLAIN, **APP}})
    assert not settings.flows["studio"].signed


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({**FLOW, "flow_url": SIGNED, **APP}, "BELLWIRE_SENDERS__STUDIO"),
        ({**FLOW, "flow_url": PLAIN}, "BELLWIRE_SENDERS__STUDIO"),
        ({**FLOW, "flow_url": PLAIN, "client_secret": "a-clients-secret"}, "BELLWIRE_SENDERS__STUDIO"),
        ({**FLOW}, "BELLWIRE_SENDERS__STUDIO__FLOW_URL"),
        ({"kind": "flow", "flow_url": SIGNED}, "BELLWIRE_SENDERS__STUDIO__TENANT_ID"),
        ({**FLOW, "flow_url": SIGNED, "per_minute": 0}, "BELLWIRE_SENDERS__STUDIO__PER_MINUTE"),
        ({"kind": "pigeon"}, "BELLWIRE_SENDERS__STUDIO"),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(given: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(senders={"studio": given})
    assert refused.value.field == field
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        SIGNED.replace("https", "http"),
        SIGNED.replace("powerplatform.com", "powerplatform.com.example"),
        SIGNED.replace("https://", "https://user@"),
        f"{SIGNED}#fragment",
        f"{SIGNED}&x=a b",
        f"{SIGNED}{'x' * 4096}",
        "",
    ],
)
def test_an_address_anywhere_else_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        trigger_of(url, flow_cloud(CLOUDS["public"]), field="FIELD")
    assert SECRET not in f"{refused.value} {refused.value.remedy}"


def test_the_signature_is_not_in_the_triggers_repr() -> None:
    trigger = trigger_of(SIGNED, flow_cloud(CLOUDS["public"]), field="FIELD")
    assert trigger.signed
    assert not trigger.old
    assert "sig" not in repr(trigger).partition("signed")[0]
    assert SECRET not in repr(trigger)


def test_an_address_of_the_old_form_is_known() -> None:
    url = "https://prod-00.westus.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=x"
    assert trigger_of(url, flow_cloud(CLOUDS["public"]), field="FIELD").old


@pytest.mark.parametrize(("name", "audience"), AUDIENCES.items())
def test_the_scope_keeps_the_audiences_slash(name: str, audience: str) -> None:
    assert audience.endswith("/")
    assert flow_cloud(CLOUDS[name]).bot_scope == f"{audience}/.default"
