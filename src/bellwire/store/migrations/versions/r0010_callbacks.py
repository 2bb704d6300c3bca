"""Who wants to hear how deliveries end, and what they have not heard yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
runs_with = "0009"  # which tells no callback: that begins when every process knows this one

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make two tables."""
    _callbacks()
    _events()


def _callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("events", TEXT, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("former_secret", TEXT),
        sa.Column("former_until", TIME),
        sa.Column("only_key_id", TEXT),
        sa.Column("only_sender", TEXT),
        sa.Column("only_reference", TEXT),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", TIME),
        sa.Column("failed_with", TEXT),
        sa.Column("paused_until", TIME),
        sa.Column("succeeded_at", TIME),
        sa.Column("disabled_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
        sa.CheckConstraint("url <> '' AND events <> '' AND secret <> ''", name=op.f("ck_callbacks_addresses")),
        sa.CheckConstraint("(former_secret IS NULL) = (former_until IS NULL)", name=op.f("ck_callbacks_former")),
        sa.CheckConstraint(
            "failures >= 0 AND (failures = 0) = (failing_since IS NULL)", name=op.f("ck_callbacks_failing")
        ),
        sa.CheckConstraint("disabled_at IS NULL OR failing_since IS NOT NULL", name=op.f("ck_callbacks_disabled")),
    )


def _events() -> None:
    op.create_table(
        "callback_events",
        sa.Column("callback_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("run_at", TIME),
        sa.Column("given_up_at", TIME),
        sa.PrimaryKeyConstraint("callback_id", "id", name=op.f("pk_callback_events")),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callbacks.id"], name=op.f("fk_callback_events_callback_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_callback_events_tries")),
        sa.CheckConstraint("(run_at IS NULL) = (given_up_at IS NOT NULL)", name=op.f("ck_callback_events_over")),
    )
    for name, columns, where in (
        ("ix_callback_events_due", ["callback_id", "run_at", "id"], sa.text("run_at IS NOT NULL")),
        ("ix_callback_events_given_up", ["given_up_at"], sa.text("given_up_at IS NOT NULL")),
    ):
        op.create_index(name, "callback_events", columns, sqlite_where=where, postgresql_where=where)
