"""That Teams found no app is told apart from a removal; a refusal to open a chat is kept for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bellwire.store.migrations.checks import widen

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
runs_with = "0007"  # older code knows no state not_installed

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
STATES = ("reachable", "uninstalled", "blocked", "disabled")


def upgrade() -> None:
    """Add four columns, and widen a constraint."""
    op.add_column("conversation_references", sa.Column("absent_at", TIME))
    op.add_column("conversation_references", sa.Column("team_at", TIME))
    widen("conversation_references", "state", STATES, ("reachable", "uninstalled", "not_installed", *STATES[2:]))
    op.add_column("sightings", sa.Column("refused", TEXT))
    both = sa.CheckConstraint("(refused IS NULL) = (refused_at IS NULL)", name=op.f("ck_sightings_refused"))
    op.add_column("sightings", sa.Column("refused_at", TIME, both))
