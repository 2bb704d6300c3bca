"""The table of repairs, beside the others."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, text

from bellwire.store.columns import lower_case, metadata, moment, one_of, optional, required

STATES: Final = ("queued", "sending", "opened", "refused")

repairs = Table(
    "repairs",
    metadata,
    required("id", primary_key=True),
    required("tenant_id"),
    required("sender"),
    required("aad_object_id"),
    required("state"),
    moment("asked_at", nullable=False),
    moment("run_at", nullable=False),
    Column("attempts", Integer, nullable=False),
    moment("first_at"),
    moment("started_at"),
    moment("answered_at"),
    moment("finished_at"),
    optional("reason"),
    Column("status", Integer),
    optional("code"),
    optional("claimed_by"),
    moment("claimed_at"),
    one_of("state", STATES),
    CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'sending'))", name="finished"),
    CheckConstraint("(reason IS NOT NULL) = (state = 'refused')", name="explained"),
    CheckConstraint("(claimed_by IS NOT NULL) = (state = 'sending')", name="claimed"),
    CheckConstraint("attempts >= 0", name="attempts"),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_repairs_person", "tenant_id", "sender", "aad_object_id", unique=True),
    Index("ix_repairs_started", "tenant_id", "sender", "started_at"),
)
Index(
    "ix_repairs_queued",
    *(repairs.c[name] for name in ("tenant_id", "sender", "run_at", "id")),
    sqlite_where=text("state = 'queued'"),
    postgresql_where=text("state = 'queued'"),
)
Index(
    "ix_repairs_finished",
    repairs.c.finished_at,
    sqlite_where=text("finished_at IS NOT NULL"),
    postgresql_where=text("finished_at IS NOT NULL"),
)
Index(
    "ix_repairs_sending",
    repairs.c.claimed_by,
    sqlite_where=text("state = 'sending'"),
    postgresql_where=text("state = 'sending'"),
)
