"""When a callback was removed: it is over at once, and what it was not told goes bit by bit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
runs_with = "0005"

TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """One more column."""
    op.add_column("callbacks", sa.Column("removed_at", TIME))
