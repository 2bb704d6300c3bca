"""Chats that are opened without a message, for people whose Teams chat is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
runs_with = "0008"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
STATES = ("queued", "sending", "opened", "refused")


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "repairs",
        sa.Column("id", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("tenant_id", "sender", "aad_object_id", "state")),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("run_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        *(sa.Column(name, TIME) for name in ("first_at", "started_at", "answered_at", "finished_at")),
        sa.Column("reason", TEXT),
        sa.Column("status", sa.Integer),
        sa.Column("code", TEXT),
        sa.Column("claimed_by", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_repairs"),
        _check("state", f"({' OR '.join(f'state = {state!r}' for state in STATES)})"),
        _check("finished", "(finished_at IS NULL) = (state IN ('queued', 'sending'))"),
        _check("explained", "(reason IS NOT NULL) = (state = 'refused')"),
        _check("claimed", "(claimed_by IS NOT NULL) = (state = 'sending')"),
        _check("attempts", "attempts >= 0"),
        *(_check(f"{name}_lower", f"{name} = lower({name})") for name in ("tenant_id", "aad_object_id")),
    )
    op.create_index("ix_repairs_person", "repairs", ["tenant_id", "sender", "aad_object_id"], unique=True)
    op.create_index("ix_repairs_started", "repairs", ["tenant_id", "sender", "started_at"])
    _create_partial_index("queued", "tenant_id", "sender", "run_at", "id")
    _create_partial_index("sending", "claimed_by")


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_repairs_{name}"))


def _create_partial_index(state: str, *columns: str) -> None:
    where = sa.text(f"state = '{state}'")
    op.create_index(f"ix_repairs_{state}", "repairs", list(columns), sqlite_where=where, postgresql_where=where)
