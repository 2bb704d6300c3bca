"""An index for repairs that are over, so that those of long ago are found and forgotten."""

from __future__ import annotations

from bellwire.store.migrations.indexes import build

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
runs_with = "0005"


def upgrade() -> None:
    """Build the index; nothing else may stand here."""
    build("ix_repairs_finished", "repairs", ["finished_at"], where="finished_at IS NOT NULL")
