"""When a repair was claimed: who holds it twice, one time after the other, can tell the one from the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
runs_with = "0005"

TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """One more column."""
    op.add_column("repairs", sa.Column("claimed_at", TIME))
