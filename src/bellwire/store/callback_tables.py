"""The tables of callbacks: who wants to hear of what, and what they have not heard yet.

An event holds all that it tells, so that nothing is asked of the row that it tells of, which may be gone by then.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, text

from bellwire.store.columns import metadata, moment, optional, required

callbacks = Table(
    "callbacks",
    metadata,
    required("id", primary_key=True),
    required("key_id"),
    required("url"),
    required("events"),
    required("secret"),
    optional("former_secret"),
    moment("former_until"),
    optional("only_key_id"),
    optional("only_sender"),
    optional("only_reference"),
    moment("created_at", nullable=False),
    Column("failures", Integer, nullable=False),
    moment("failing_since"),
    optional("failed_with"),
    moment("paused_until"),
    moment("succeeded_at"),
    moment("disabled_at"),
    moment("removed_at"),
    CheckConstraint("url <> '' AND events <> '' AND secret <> ''", name="addresses"),
    CheckConstraint("(former_secret IS NULL) = (former_until IS NULL)", name="former"),
    CheckConstraint("failures >= 0 AND (failures = 0) = (failing_since IS NULL)", name="failing"),
    CheckConstraint("disabled_at IS NULL OR failing_since IS NOT NULL", name="disabled"),
)

callback_events = Table(
    "callback_events",
    metadata,
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
    required("id", primary_key=True),
    required("event"),
    required("content"),
    moment("made_at", nullable=False),
    Column("tries", Integer, nullable=False),
    moment("run_at"),
    moment("given_up_at"),
    CheckConstraint("tries >= 0", name="tries"),
    CheckConstraint("(run_at IS NULL) = (given_up_at IS NOT NULL)", name="over"),
)
Index(
    "ix_callback_events_due",
    callback_events.c.callback_id,
    callback_events.c.run_at,
    callback_events.c.id,
    sqlite_where=text("run_at IS NOT NULL"),
    postgresql_where=text("run_at IS NOT NULL"),
)
Index(
    "ix_callback_events_given_up",
    callback_events.c.given_up_at,
    sqlite_where=text("given_up_at IS NOT NULL"),
    postgresql_where=text("given_up_at IS NOT NULL"),
)
