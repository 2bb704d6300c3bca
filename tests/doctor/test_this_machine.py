"""The clock, certificates, the disk and the settings of this machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from bellwire.app import utc_now
from bellwire.service.doctor.clock import judged
from bellwire.service.doctor.credentials import certificate
from bellwire.service.doctor.database import disk
from bellwire.service.doctor.finding import Level
from bellwire.teams.credentials import Registration
from tests.doctor.conftest import Patient

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("off", "level"),
    [(0, Level.FINE), (20, Level.FINE), (-40, Level.WARNING), (299, Level.WARNING), (-301, Level.STOPS)],
)
def test_a_clock_is_judged_by_how_far_it_is_off(off: int, level: Level) -> None:
    assert judged(NOW, NOW + timedelta(seconds=off)).level is level


async def test_a_clock_that_is_off_is_seen_in_the_answers(patient: Patient) -> None:
    found = await patient.look("clock", clock=lambda: utc_now() + timedelta(minutes=10))
    assert found.level is Level.STOPS
    assert "ahead" in found.detail
    assert "NTP" in (found.remedy or "")


@pytest.mark.parametrize(
    ("free", "level"), [(50 << 20, Level.STOPS), (500 << 20, Level.WARNING), (5 << 30, Level.FINE)]
)
def test_a_disk_is_judged_by_what_is_free(free: int, level: Level) -> None:
    assert disk(free).level is level


@pytest.mark.parametrize(("days", "level"), [(-1, Level.STOPS), (10, Level.WARNING), (90, Level.FINE)])
@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_certificate_is_judged_by_its_end(
    tmp_path: Path, key: RSAPrivateKey, kind: str, days: int, level: Level
) -> None:
    file = tmp_path / f"bot.{kind}"
    made = _signed(key, NOW + timedelta(days=days))
    if kind == "pem":
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    else:
        file.write_bytes(pkcs12.serialize_key_and_certificates(b"bot", key, made, None, BestAvailableEncryption(b"pw")))
    found = certificate(Registration(sender="alerts", app_id="x", certificate=file, certificate_password="pw"), NOW)
    assert found is not None
    assert found.level is level


def test_what_is_no_certificate_is_left_to_the_login(tmp_path: Path) -> None:
    file = tmp_path / "bot.pem"
    file.write_text("nothing")
    assert certificate(Registration(sender="alerts", app_id="x", certificate=file), NOW) is None
    assert certificate(Registration(sender="alerts", app_id="x", client_secret="x"), NOW) is None


async def test_settings_without_a_bot_or_a_tenant_stop_everything(patient: Patient) -> None:
    found = await patient.look("settings", bots={})
    assert found.level is Level.STOPS
    assert "__APP_ID" in (found.remedy or "")
    found = await patient.look("settings", tenants=frozenset())
    assert found.level is Level.STOPS
    assert "BELLWIRE_ALLOWED_TENANTS" in (found.remedy or "")


async def test_without_any_key_nobody_can_ask(patient: Patient) -> None:
    found = await patient.look("API keys", listed_keys=0)
    assert found.level is Level.STOPS
    await patient.service.bellwire.keys.add("first")
    assert (await patient.look("API keys", listed_keys=0)).level is Level.FINE


async def test_no_secret_is_in_what_is_found(patient: Patient) -> None:
    await patient.look("settings", bots=patient.bot(client_secret="hunter2-and-more"))
    assert "hunter2" not in repr(patient.seen)
    assert "hunter2" not in repr(replace(patient.installation, bots=patient.bot(client_secret="hunter2-and-more")))


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _signed(key: RSAPrivateKey, end: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=365))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
