"""An attempt may ask for an install."""

from __future__ import annotations

from bellwire.store.migrations.checks import widen

revision = "0002"
down_revision = "0001"

STEPS = ("open_chat", "post", "change", "take_back")
OUTCOMES = ("sent", "opened", "retry", "heal", "undeliverable", "unknown", "halt")


def upgrade() -> None:
    """Widen two constraints."""
    widen("attempts", "step", STEPS, (*STEPS, "install"))
    widen("attempts", "outcome", OUTCOMES, (*OUTCOMES, "installed"))
