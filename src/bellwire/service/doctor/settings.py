"""Settings that are valid, and yet let nobody be written to."""

from __future__ import annotations

from collections.abc import Iterator

from bellwire.service.doctor.finding import Finding, fine, stops
from bellwire.service.doctor.installation import Installation

CHECK = "settings"


def settings(installation: Installation) -> Iterator[Finding]:
    """Is there a sender, and a tenant that it may write to?"""
    senders = sorted({*installation.bots, *installation.flows})
    if not senders:
        yield stops(
            CHECK,
            "There is no sender.",
            "Set BELLWIRE_SENDERS__<NAME>__APP_ID, __TENANT_ID and __CLIENT_SECRET (docs/first-message.md).",
        )
        return
    yield fine(CHECK, f"Senders: {', '.join(senders)}; cloud: {installation.cloud.name}.")
    if not installation.tenants:
        yield stops(
            CHECK,
            "No tenant is allowed, so nobody can be written to.",
            "Set BELLWIRE_ALLOWED_TENANTS, or the sender's __TENANT_ID.",
        )
