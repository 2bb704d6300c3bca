"""An index for what Teams asked to wait for, so that a lane's next owner finds a pause of a day as well."""

from __future__ import annotations

from bellwire.store.migrations.indexes import build

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
runs_with = "0005"


def upgrade() -> None:
    """Build the index; nothing else may stand here."""
    build("ix_attempts_throttled", "attempts", ["tenant_id", "sender", "retry_at"], where="status IN (412, 429)")
