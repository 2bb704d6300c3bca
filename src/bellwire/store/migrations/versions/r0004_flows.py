"""What flows tell of people, and what a caller wants when somebody is in the middle of a chat with an agent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
KNOWN = "(if_chat_active = 'wait' OR if_chat_active = 'give_up')"


def upgrade() -> None:
    """Add a table and a column."""
    op.create_table(
        "agent_chats",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("delivered_at", TIME),
        sa.Column("absent_at", TIME),
        sa.CheckConstraint("delivered_at IS NOT NULL OR absent_at IS NOT NULL", name=op.f("ck_agent_chats_known")),
        *(
            sa.CheckConstraint(f"{name} = lower({name})", name=op.f(f"ck_agent_chats_{name}_lower"))
            for name in ("tenant_id", "aad_object_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sender", "aad_object_id", name=op.f("pk_agent_chats")),
    )
    op.create_index("ix_agent_chats_person", "agent_chats", ["tenant_id", "aad_object_id"])
    op.add_column(
        "deliveries",
        sa.Column(
            "if_chat_active",
            TEXT,
            sa.CheckConstraint(KNOWN, name=op.f("ck_deliveries_if_chat_active")),
            nullable=False,
            server_default="wait",
        ),
    )
