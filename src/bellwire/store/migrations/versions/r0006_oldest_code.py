"""Beside the version of the tables: which programs may work on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
runs_with = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "oldest_code",
        sa.Column("revision", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_oldest_code"),
    )
