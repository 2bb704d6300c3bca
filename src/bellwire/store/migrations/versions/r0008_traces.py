"""What was traced when a message was accepted, and when a chat was captured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
runs_with = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a column to each of two tables; older versions of the program leave it empty."""
    op.add_column("messages", sa.Column("trace", TEXT, nullable=True))
    op.add_column("conversation_references", sa.Column("trace", TEXT, nullable=True))
