"""How many deliveries were forgotten, so that the books can still be audited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
runs_with = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
STATES = ("sent", "undeliverable", "unknown", "cancelled", "expired")


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "pruned",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        *(sa.Column(state, sa.BigInteger, nullable=False) for state in STATES),
        sa.PrimaryKeyConstraint("tenant_id", "sender", name="pk_pruned"),
        *(sa.CheckConstraint(f"{state} >= 0", name=op.f(f"ck_pruned_{state}")) for state in STATES),
    )
