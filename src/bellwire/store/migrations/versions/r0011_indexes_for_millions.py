"""Indexes for what was a walk over the whole table: a person's deliveries, those in a final state, a message's."""

from __future__ import annotations

from bellwire.store.migrations.indexes import build

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
runs_with = "0005"


def upgrade() -> None:
    """Build four indexes; nothing else may stand here."""
    build("ix_deliveries_person", "deliveries", ["aad_object_id", "tenant_id", "id"])
    build("ix_deliveries_message", "deliveries", ["message_id"])
    build("ix_deliveries_finished", "deliveries", ["tenant_id", "state", "id"], where="finished_at IS NOT NULL")
    build("ix_amendments_message_id", "amendments", ["message_id"])
