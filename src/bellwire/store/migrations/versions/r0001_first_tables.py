"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
CARD = sa.JSON(none_as_null=True)


def _any(column: str, *values: str | int) -> str:
    return "(" + " OR ".join(f"{column} = {value!r}" for value in values) + ")"


def _one_of(table: str, column: str, *values: str | int) -> sa.CheckConstraint:
    return sa.CheckConstraint(_any(column, *values), name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    """Make every table."""
    _conversation_references()
    _sightings()
    _messages()
    _deliveries()
    _attempts()
    _amendments()
    _books()
    _lanes()
    _idempotency_keys()
    _api_keys()
    _workers()


def _conversation_references() -> None:
    op.create_table(
        "conversation_references",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("conversation_id", TEXT, nullable=False),
        sa.Column("service_url", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("surface", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("bot_id", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("locale", TEXT, nullable=True),
        sa.Column("timezone", TEXT, nullable=True),
        sa.Column("app_version", TEXT, nullable=True),
        sa.Column("installed_at", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.Column("person_at", TIME, nullable=True),
        sa.Column("blocked_at", TIME, nullable=True),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.Column("older", CARD, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sender", "aad_object_id", name="pk_conversation_references"),
        _one_of(
            "conversation_references",
            "source",
            "install",
            "conversation_update",
            "message",
            "event",
            "created",
            "imported",
        ),
        _one_of("conversation_references", "surface", "teams_personal"),
        _one_of("conversation_references", "state", "reachable", "uninstalled", "blocked", "disabled"),
        sa.CheckConstraint(
            "conversation_id <> '' AND service_url <> ''", name=op.f("ck_conversation_references_addresses")
        ),
        sa.CheckConstraint("tenant_id = lower(tenant_id)", name=op.f("ck_conversation_references_tenant_id_lower")),
        sa.CheckConstraint(
            "aad_object_id = lower(aad_object_id)", name=op.f("ck_conversation_references_aad_object_id_lower")
        ),
    )
    op.create_index("ix_conversation_references_person", "conversation_references", ["tenant_id", "aad_object_id"])


def _sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("surface", TEXT, nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("last_activity_id", TEXT, nullable=True),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("service_url", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sender", "aad_object_id", "surface", name="pk_sightings"),
        _one_of("sightings", "surface", "teams_personal", "teams_group", "teams_channel", "copilot", "other"),
        sa.CheckConstraint("seen >= 1", name=op.f("ck_sightings_seen")),
        sa.CheckConstraint("first_at <= last_at", name=op.f("ck_sightings_order")),
        sa.CheckConstraint("tenant_id = lower(tenant_id)", name=op.f("ck_sightings_tenant_id_lower")),
        sa.CheckConstraint("aad_object_id = lower(aad_object_id)", name=op.f("ck_sightings_aad_object_id_lower")),
    )
    op.create_index("ix_sightings_person", "sightings", ["tenant_id", "aad_object_id"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("card", CARD, nullable=True),
        sa.Column("summary", TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.CheckConstraint("text IS NOT NULL OR card IS NOT NULL", name=op.f("ck_messages_content")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("recipient_kind", TEXT, nullable=False),
        sa.Column("recipient_value", TEXT, nullable=False),
        sa.Column("recipient_tenant_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("run_at", TIME, nullable=False),
        sa.Column("accepted_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("if_unreachable", TEXT, nullable=False),
        sa.Column("on_unknown", TEXT, nullable=False),
        sa.Column("caller_reference", TEXT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("conversation_id", TEXT, nullable=True),
        sa.Column("service_url", TEXT, nullable=True),
        sa.Column("activity_id", TEXT, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("resend_of", TEXT, nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("taken_back_at", TIME, nullable=True),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_at", TIME, nullable=True),
        sa.Column("key_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        _one_of(
            "deliveries",
            "state",
            "queued",
            "sending",
            "waiting",
            "sent",
            "undeliverable",
            "unknown",
            "cancelled",
            "expired",
        ),
        _one_of("deliveries", "recipient_kind", "aad_object_id", "upn", "email"),
        _one_of("deliveries", "if_unreachable", "fail", "wait", "install"),
        _one_of("deliveries", "on_unknown", "hold", "resend"),
        _one_of("deliveries", "priority", 0, 1, 2),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts")),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = " + _any("state", "cancelled", "expired", "sent", "undeliverable", "unknown"),
            name=op.f("ck_deliveries_finished"),
        ),
        sa.CheckConstraint(
            "state <> 'sent' OR (activity_id IS NOT NULL AND reason IS NULL)", name=op.f("ck_deliveries_sent")
        ),
        sa.CheckConstraint(
            "(state <> 'undeliverable' AND state <> 'unknown') OR reason IS NOT NULL",
            name=op.f("ck_deliveries_explained"),
        ),
        sa.CheckConstraint(
            "state <> 'sending' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)",
            name=op.f("ck_deliveries_claimed"),
        ),
        sa.CheckConstraint(
            "reason = lower(reason) AND length(reason) BETWEEN 1 AND 40", name=op.f("ck_deliveries_reason")
        ),
        sa.CheckConstraint("resend_of <> id", name=op.f("ck_deliveries_resend_of")),
        sa.CheckConstraint("tenant_id = lower(tenant_id)", name=op.f("ck_deliveries_tenant_id_lower")),
        sa.CheckConstraint("aad_object_id = lower(aad_object_id)", name=op.f("ck_deliveries_aad_object_id_lower")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")),
        postgresql_with={"autovacuum_vacuum_scale_factor": "0.02", "autovacuum_vacuum_cost_delay": "0"},
    )
    where = sa.text("finished_at IS NULL AND expires_at IS NOT NULL")
    op.create_index("ix_deliveries_expiring", "deliveries", ["expires_at"], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_deliveries_listing", "deliveries", ["tenant_id", "id"])
    where = sa.text("state = 'queued'")
    op.create_index(
        "ix_deliveries_queued",
        "deliveries",
        ["tenant_id", "sender", "priority", "run_at", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    where = sa.text("resend_of IS NOT NULL")
    op.create_index(
        "ix_deliveries_resend_of", "deliveries", ["resend_of"], unique=True, sqlite_where=where, postgresql_where=where
    )
    where = sa.text("state = 'sending'")
    op.create_index("ix_deliveries_sending", "deliveries", ["claimed_by"], sqlite_where=where, postgresql_where=where)
    where = sa.text("state = 'waiting'")
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["tenant_id", "sender", "aad_object_id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("delivery_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("worker", TEXT, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("remedy", TEXT, nullable=True),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("amendment_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
        _one_of("attempts", "step", "open_chat", "post", "change", "take_back"),
        _one_of("attempts", "outcome", "sent", "opened", "retry", "heal", "undeliverable", "unknown", "halt"),
        _one_of("attempts", "remedy", "open_chat", "switch_host", "new_token"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempts_number")),
        sa.CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name=op.f("ck_attempts_finished")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
    )
    op.create_index("ix_attempts_started", "attempts", ["tenant_id", "sender", "started_at"])


def _amendments() -> None:
    op.create_table(
        "amendments",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("delivery_id", TEXT, nullable=False),
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("aad_object_id", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("run_at", TIME, nullable=False),
        sa.Column("accepted_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_amendments"),
        _one_of("amendments", "step", "change", "take_back"),
        _one_of("amendments", "state", "queued", "sending", "done", "superseded", "failed"),
        sa.CheckConstraint("(step = 'change') = (message_id IS NOT NULL)", name=op.f("ck_amendments_message")),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'sending'))", name=op.f("ck_amendments_finished")
        ),
        sa.CheckConstraint("(reason IS NOT NULL) = (state = 'failed')", name=op.f("ck_amendments_explained")),
        sa.CheckConstraint(
            "state <> 'sending' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)",
            name=op.f("ck_amendments_claimed"),
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_amendments_delivery_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_amendments_message_id")),
    )
    op.create_index("ix_amendments_delivery_id", "amendments", ["delivery_id"])
    where = sa.text("state = 'queued'")
    op.create_index(
        "ix_amendments_queued",
        "amendments",
        ["tenant_id", "sender", "run_at", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    where = sa.text("state = 'sending'")
    op.create_index("ix_amendments_sending", "amendments", ["claimed_by"], sqlite_where=where, postgresql_where=where)


def _books() -> None:
    op.create_table(
        "books",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("undeliverable", sa.BigInteger(), nullable=False),
        sa.Column("unknown", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sender", name="pk_books"),
        sa.CheckConstraint("accepted >= 0", name=op.f("ck_books_accepted")),
        sa.CheckConstraint("sent >= 0", name=op.f("ck_books_sent")),
        sa.CheckConstraint("undeliverable >= 0", name=op.f("ck_books_undeliverable")),
        sa.CheckConstraint("unknown >= 0", name=op.f("ck_books_unknown")),
        sa.CheckConstraint("cancelled >= 0", name=op.f("ck_books_cancelled")),
        sa.CheckConstraint("expired >= 0", name=op.f("ck_books_expired")),
        sa.CheckConstraint(
            "accepted >= sent + undeliverable + unknown + cancelled + expired", name=op.f("ck_books_open")
        ),
    )


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("paused_until", TIME, nullable=True),
        sa.Column("halted_reason", TEXT, nullable=True),
        sa.Column("halted_at", TIME, nullable=True),
        sa.Column("owner", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "sender", name="pk_lanes"),
        sa.CheckConstraint("(halted_reason IS NULL) = (halted_at IS NULL)", name=op.f("ck_lanes_halted")),
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("body_hash", TEXT, nullable=False),
        sa.Column("delivery_id", TEXT, nullable=False),
        sa.Column("answer", TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_idempotency_keys_lifetime")),
    )
    op.create_index("ix_idempotency_keys_expires", "idempotency_keys", ["expires_at"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("prefix", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_api_keys_hash")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("process", TEXT, nullable=True),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("heartbeat_at", TIME, nullable=False),
        sa.Column("stopped_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
