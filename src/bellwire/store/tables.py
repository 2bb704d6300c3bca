"""All tables. The database refuses nonsense by itself: the CHECK constraints repeat what the model says.

The hot indexes are partial, on the state, and lead with the tenant. Neither database can use a partial index for a
state that comes as a parameter, so conditions on the state are written with ``in_state``. What is still open and may
expire is found by ``finished_at IS NULL AND expires_at <= :now``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    literal_column,
    text,
)

from bellwire.model.delivery import FINAL, IfChatActive, IfUnreachable, OnUnknown, Priority, State
from bellwire.model.outcome import Remedy, Step
from bellwire.model.recipient import RecipientKind
from bellwire.model.reference import ReachState, Source
from bellwire.model.surface import Surface
from bellwire.store.callback_tables import callback_events as callback_events
from bellwire.store.callback_tables import callbacks as callbacks
from bellwire.store.columns import TEXT, UtcTime, is_one_of, lower_case, moment, one_of, optional, required
from bellwire.store.columns import metadata as metadata
from bellwire.store.repair_tables import repairs as repairs

OUTCOMES: Final = ("sent", "opened", "retry", "heal", "undeliverable", "unknown", "halt", "installed")
AMENDING: Final = (Step.CHANGE, Step.TAKE_BACK)
AMENDMENT_STATES: Final = ("queued", "sending", "done", "superseded", "failed")
COUNTERS: Final = ("accepted", State.SENT, State.UNDELIVERABLE, State.UNKNOWN, State.CANCELLED, State.EXPIRED)

# Every delivery is updated a few times on its way: the dead rows go early, so that the partial indexes stay short.
_VACUUM: Final = {"autovacuum_vacuum_scale_factor": "0.02", "autovacuum_vacuum_cost_delay": "0"}


def _partial(name: str, table: Table, *columns: str, where: str, unique: bool = False) -> None:
    """An index of the rows alone for which the condition holds."""
    rows = text(where)
    Index(name, *(table.c[each] for each in columns), unique=unique, sqlite_where=rows, postgresql_where=rows)


conversation_references = Table(
    "conversation_references",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    required("aad_object_id", primary_key=True),
    required("conversation_id"),
    required("service_url"),
    required("source"),
    moment("created_at", nullable=False),
    moment("seen_at", nullable=False),
    required("surface"),
    optional("user_id"),
    optional("bot_id"),
    optional("name"),
    optional("locale"),
    optional("timezone"),
    optional("app_version"),
    moment("installed_at"),
    moment("removed_at"),
    moment("person_at"),
    moment("blocked_at"),
    moment("disabled_at"),
    moment("absent_at"),
    moment("team_at"),
    Column("older", JSON, nullable=False),
    required("state"),
    optional("trace"),
    one_of("source", Source),
    one_of("surface", [Surface.TEAMS_PERSONAL]),
    one_of("state", ReachState),
    CheckConstraint("conversation_id <> '' AND service_url <> ''", name="addresses"),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_conversation_references_person", "tenant_id", "aad_object_id"),
)

sightings = Table(
    "sightings",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    required("aad_object_id", primary_key=True),
    required("surface", primary_key=True),
    Column("seen", BigInteger, nullable=False),
    moment("first_at", nullable=False),
    moment("last_at", nullable=False),
    optional("last_activity_id"),
    optional("user_id"),
    optional("service_url"),
    optional("name"),
    optional("refused"),
    Column("refused_at", UtcTime, CheckConstraint("(refused IS NULL) = (refused_at IS NULL)", name="refused")),
    one_of("surface", Surface),
    CheckConstraint("seen >= 1", name="seen"),
    CheckConstraint("first_at <= last_at", name="order"),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_sightings_person", "tenant_id", "aad_object_id"),
)

names = Table(
    "names",
    metadata,
    required("tenant_id", primary_key=True),
    required("kind", primary_key=True),
    required("name", primary_key=True),
    required("aad_object_id"),
    moment("found_at", nullable=False),
    one_of("kind", [RecipientKind.UPN, RecipientKind.EMAIL]),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_names_found", "found_at"),
)

agent_chats = Table(
    "agent_chats",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    required("aad_object_id", primary_key=True),
    moment("delivered_at"),
    moment("absent_at"),
    CheckConstraint("delivered_at IS NOT NULL OR absent_at IS NOT NULL", name="known"),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_agent_chats_person", "tenant_id", "aad_object_id"),
)

teams = Table(
    "teams",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    required("team_id", primary_key=True),
    required("service_url"),
    optional("name"),
    moment("installed_at"),
    moment("removed_at"),
    moment("read_at"),
    moment("due_at"),
    CheckConstraint("team_id <> '' AND service_url <> ''", name="addresses"),
    *lower_case("tenant_id"),
    Index("ix_teams_due", "due_at"),
)

roster = Table(
    "roster",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    required("aad_object_id", primary_key=True),
    required("team_id", primary_key=True),
    required("user_id"),
    optional("name"),
    Column("guest", Boolean, nullable=False),
    moment("listed_at", nullable=False),
    optional("refused"),
    moment("refused_at"),
    ForeignKeyConstraint(
        ["tenant_id", "sender", "team_id"], ["teams.tenant_id", "teams.sender", "teams.team_id"], ondelete="CASCADE"
    ),
    CheckConstraint("user_id <> ''", name="addresses"),
    CheckConstraint("(refused IS NULL) = (refused_at IS NULL)", name="refused"),
    *lower_case("tenant_id", "aad_object_id"),
    Index("ix_roster_team", "tenant_id", "sender", "team_id"),
)

messages = Table(
    "messages",
    metadata,
    required("id", primary_key=True),
    optional("text"),
    Column("card", JSON(none_as_null=True)),
    optional("summary"),
    moment("created_at", nullable=False),
    optional("trace"),
    CheckConstraint("text IS NOT NULL OR card IS NOT NULL", name="content"),
)

deliveries = Table(
    "deliveries",
    metadata,
    required("id", primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    required("tenant_id"),
    required("sender"),
    required("aad_object_id"),
    required("recipient_kind"),
    required("recipient_value"),
    optional("recipient_tenant_id"),
    required("state"),
    Column("priority", SmallInteger, nullable=False),
    moment("run_at", nullable=False),
    moment("accepted_at", nullable=False),
    moment("expires_at"),
    required("if_unreachable"),
    required("on_unknown"),
    optional("caller_reference"),
    Column("attempts", Integer, nullable=False),
    optional("reason"),
    optional("conversation_id"),
    optional("service_url"),
    optional("activity_id"),
    moment("finished_at"),
    optional("resend_of"),
    moment("changed_at"),
    moment("taken_back_at"),
    optional("claimed_by"),
    moment("claimed_at"),
    optional("key_id"),
    Column("if_chat_active", TEXT, one_of("if_chat_active", IfChatActive), nullable=False, server_default="wait"),
    one_of("state", State),
    one_of("recipient_kind", RecipientKind),
    one_of("if_unreachable", IfUnreachable),
    one_of("on_unknown", OnUnknown),
    one_of("priority", [int(priority) for priority in Priority]),
    CheckConstraint("attempts >= 0", name="attempts"),
    CheckConstraint(f"(finished_at IS NOT NULL) = {is_one_of('state', sorted(FINAL))}", name="finished"),
    CheckConstraint("state <> 'sent' OR (activity_id IS NOT NULL AND reason IS NULL)", name="sent"),
    CheckConstraint("(state <> 'undeliverable' AND state <> 'unknown') OR reason IS NOT NULL", name="explained"),
    CheckConstraint("state <> 'sending' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)", name="claimed"),
    CheckConstraint("reason = lower(reason) AND length(reason) BETWEEN 1 AND 40", name="reason"),
    CheckConstraint("resend_of <> id", name="resend_of"),
    *lower_case("tenant_id", "aad_object_id"),
    postgresql_with=_VACUUM,
)
_partial(
    "ix_deliveries_queued", deliveries, "tenant_id", "sender", "priority", "run_at", "id", where="state = 'queued'"
)
_partial("ix_deliveries_sending", deliveries, "claimed_by", where="state = 'sending'")
_partial("ix_deliveries_waiting", deliveries, "tenant_id", "sender", "aad_object_id", where="state = 'waiting'")
_partial("ix_deliveries_expiring", deliveries, "expires_at", where="finished_at IS NULL AND expires_at IS NOT NULL")
_partial("ix_deliveries_resend_of", deliveries, "resend_of", where="resend_of IS NOT NULL", unique=True)
Index("ix_deliveries_listing", deliveries.c.tenant_id, deliveries.c.id)
Index("ix_deliveries_person", deliveries.c.aad_object_id, deliveries.c.tenant_id, deliveries.c.id)
Index("ix_deliveries_message", deliveries.c.message_id)
_partial("ix_deliveries_finished", deliveries, "tenant_id", "state", "id", where="finished_at IS NOT NULL")

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    required("tenant_id"),
    required("sender"),
    required("aad_object_id"),
    required("step"),
    required("worker"),
    moment("started_at", nullable=False),
    moment("finished_at"),
    optional("outcome"),
    Column("status", Integer),
    optional("code"),
    optional("remedy"),
    moment("retry_at"),
    optional("amendment_id"),
    one_of("step", Step),
    one_of("outcome", OUTCOMES),
    one_of("remedy", Remedy),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name="finished"),
    Index("ix_attempts_started", "tenant_id", "sender", "started_at"),
)
THROTTLED: Final = "status IN (412, 429)"
Index(
    "ix_attempts_throttled",
    *(attempts.c[name] for name in ("tenant_id", "sender", "retry_at")),
    sqlite_where=text(THROTTLED),
    postgresql_where=text(THROTTLED),
)

amendments = Table(
    "amendments",
    metadata,
    required("id", primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    required("tenant_id"),
    required("sender"),
    required("aad_object_id"),
    required("step"),
    Column("message_id", ForeignKey("messages.id")),
    required("state"),
    moment("run_at", nullable=False),
    moment("accepted_at", nullable=False),
    moment("finished_at"),
    optional("reason"),
    optional("claimed_by"),
    moment("claimed_at"),
    one_of("step", AMENDING),
    one_of("state", AMENDMENT_STATES),
    CheckConstraint("(step = 'change') = (message_id IS NOT NULL)", name="message"),
    CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'sending'))", name="finished"),
    CheckConstraint("(reason IS NOT NULL) = (state = 'failed')", name="explained"),
    CheckConstraint("state <> 'sending' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)", name="claimed"),
    Index("ix_amendments_delivery_id", "delivery_id"),
    Index("ix_amendments_message_id", "message_id"),
)
_partial("ix_amendments_queued", amendments, "tenant_id", "sender", "run_at", "id", where="state = 'queued'")
_partial("ix_amendments_sending", amendments, "claimed_by", where="state = 'sending'")

books = Table(
    "books",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    *(Column(counter, BigInteger, nullable=False) for counter in COUNTERS),
    *(CheckConstraint(f"{counter} >= 0", name=counter) for counter in COUNTERS),
    CheckConstraint(f"accepted >= {' + '.join(COUNTERS[1:])}", name="open"),
)

pruned = Table(
    "pruned",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    *(Column(counter, BigInteger, nullable=False) for counter in COUNTERS[1:]),
    *(CheckConstraint(f"{counter} >= 0", name=counter) for counter in COUNTERS[1:]),
)

lanes = Table(
    "lanes",
    metadata,
    required("tenant_id", primary_key=True),
    required("sender", primary_key=True),
    moment("paused_until"),
    optional("halted_reason"),
    moment("halted_at"),
    optional("owner"),
    CheckConstraint("(halted_reason IS NULL) = (halted_at IS NULL)", name="halted"),
)
EVERY_TENANT: Final = "*"

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    required("caller", primary_key=True),
    required("key", primary_key=True),
    required("body_hash"),
    required("delivery_id"),
    optional("answer"),
    moment("created_at", nullable=False),
    moment("expires_at", nullable=False),
    CheckConstraint("expires_at > created_at", name="lifetime"),
    Index("ix_idempotency_keys_expires", "expires_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    required("id", primary_key=True),
    required("name"),
    required("hash", unique=True),
    required("prefix"),
    moment("created_at", nullable=False),
    moment("revoked_at"),
    moment("last_used_at"),
    CheckConstraint("length(hash) = 64", name="hash"),
)

oldest_code = Table("oldest_code", metadata, required("revision", primary_key=True))

workers = Table(
    "workers",
    metadata,
    required("id", primary_key=True),
    optional("process"),
    moment("started_at", nullable=False),
    moment("heartbeat_at", nullable=False),
    moment("stopped_at"),
)


def in_state(*states: State) -> ColumnElement[bool]:
    """That a delivery is in one of these states, written as literals so that the partial indexes serve."""
    literals: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in states]
    return deliveries.c.state == literals[0] if len(literals) == 1 else deliveries.c.state.in_(literals)
