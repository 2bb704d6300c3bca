"""The database refuses nonsense by itself, whatever the program may try."""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import CheckConstraint, Connection, Table, insert
from sqlalchemy.exc import IntegrityError, StatementError

from bellwire.model.delivery import FINAL, State
from bellwire.store import tables
from bellwire.store.database import Database
from tests.store.examples import ANNA, LATER, NOW, TENANT

PERSON: Final = {"tenant_id": TENANT, "sender": "alerts", "aad_object_id": ANNA.aad_object_id}
LANE: Final = {"tenant_id": TENANT, "sender": "alerts"}
CLAIMED: Final = {"claimed_by": "w", "claimed_at": NOW}
ENDED: Final = {"finished_at": LATER}

GOOD: Final[dict[str, dict[str, Any]]] = {
    "messages": {"id": "message", "text": "Hello", "created_at": NOW},
    "deliveries": {
        **PERSON,
        "id": "delivery",
        "message_id": "message",
        "recipient_kind": "aad_object_id",
        "recipient_value": ANNA.aad_object_id,
        "state": "queued",
        "priority": 1,
        "run_at": NOW,
        "accepted_at": NOW,
        "if_unreachable": "fail",
        "on_unknown": "hold",
        "attempts": 0,
    },
    "attempts": {
        **PERSON,
        "delivery_id": "delivery",
        "number": 1,
        "step": "post",
        "worker": "w",
        "started_at": NOW,
    },
    "amendments": {
        **PERSON,
        "id": "amendment",
        "delivery_id": "delivery",
        "step": "take_back",
        "state": "queued",
        "run_at": NOW,
        "accepted_at": NOW,
    },
    "conversation_references": {
        **PERSON,
        "conversation_id": "a:1",
        "service_url": "https://x/",
        "source": "install",
        "created_at": NOW,
        "seen_at": NOW,
        "surface": "teams_personal",
        "older": {},
        "state": "reachable",
    },
    "sightings": {**PERSON, "surface": "copilot", "seen": 1, "first_at": NOW, "last_at": NOW},
    "names": {
        "tenant_id": TENANT,
        "kind": "upn",
        "name": "anna@x",
        "aad_object_id": ANNA.aad_object_id,
        "found_at": NOW,
    },
    "agent_chats": {**PERSON, "delivered_at": NOW},
    "teams": {**LANE, "team_id": "19:ops@thread.tacv2", "service_url": "https://x/"},
    "roster": {**PERSON, "team_id": "19:ops@thread.tacv2", "user_id": "29:1", "guest": False, "listed_at": NOW},
    "books": {**LANE, **dict.fromkeys(map(str, tables.COUNTERS), 0)},
    "pruned": {**LANE, **dict.fromkeys(map(str, tables.COUNTERS[1:]), 0)},
    "lanes": {**LANE},
    "idempotency_keys": {
        "caller": "c",
        "key": "k",
        "body_hash": "h",
        "delivery_id": "delivery",
        "created_at": NOW,
        "expires_at": LATER,
    },
    "api_keys": {"id": "1", "name": "crm", "hash": "0" * 64, "prefix": "bw_", "created_at": NOW},
    "workers": {"id": "w", "started_at": NOW, "heartbeat_at": NOW},
    "repairs": {**PERSON, "id": "repair", "state": "queued", "asked_at": NOW, "run_at": NOW, "attempts": 0},
    "callbacks": {
        "id": "callback",
        "key_id": "c",
        "url": "https://x/",
        "events": "delivery.ended",
        "secret": "whsec_x",
        "created_at": NOW,
        "failures": 0,
    },
    "callback_events": {
        "callback_id": "callback",
        "id": "ended_1",
        "event": "delivery.ended",
        "content": "{}",
        "made_at": NOW,
        "tries": 0,
        "run_at": NOW,
    },
}

NONSENSE: Final[dict[str, dict[str, Any]]] = {
    "ck_messages_content": {"text": None},
    "ck_deliveries_state": {"state": "delivered"},
    "ck_deliveries_recipient_kind": {"recipient_kind": "phone"},
    "ck_deliveries_if_unreachable": {"if_unreachable": "shout"},
    "ck_deliveries_on_unknown": {"on_unknown": "guess"},
    "ck_deliveries_if_chat_active": {"if_chat_active": "interrupt"},
    "ck_deliveries_priority": {"priority": 3},
    "ck_deliveries_attempts": {"attempts": -1},
    "ck_deliveries_finished": {"state": "cancelled"},
    "ck_deliveries_sent": {"state": "sent", **ENDED},
    "ck_deliveries_explained": {"state": "unknown", **ENDED},
    "ck_deliveries_claimed": {"state": "sending", "claimed_by": "w"},
    "ck_deliveries_reason": {"reason": "Because"},
    "ck_deliveries_resend_of": {"resend_of": "delivery"},
    "ck_deliveries_tenant_id_lower": {"tenant_id": TENANT.upper()},
    "ck_deliveries_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_attempts_number": {"number": 0},
    "ck_attempts_step": {"step": "dance"},
    "ck_attempts_outcome": {"outcome": "delivered", **ENDED},
    "ck_attempts_finished": {**ENDED},
    "ck_attempts_remedy": {"remedy": "prayer"},
    "ck_amendments_step": {"step": "post"},
    "ck_amendments_state": {"state": "sent", **ENDED},
    "ck_amendments_message": {"step": "change"},
    "ck_amendments_finished": {"state": "done"},
    "ck_amendments_explained": {"state": "done", "reason": "blocked", **ENDED},
    "ck_amendments_claimed": {"state": "sending", "claimed_at": NOW},
    "ck_conversation_references_source": {"source": "rumour"},
    "ck_conversation_references_surface": {"surface": "copilot"},
    "ck_conversation_references_state": {"state": "asleep"},
    "ck_conversation_references_addresses": {"conversation_id": ""},
    "ck_conversation_references_tenant_id_lower": {"tenant_id": "A"},
    "ck_conversation_references_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_sightings_surface": {"surface": "moon"},
    "ck_sightings_seen": {"seen": 0},
    "ck_sightings_order": {"first_at": LATER},
    "ck_sightings_refused": {"refused": "blocked"},
    "ck_sightings_tenant_id_lower": {"tenant_id": "A"},
    "ck_sightings_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_names_kind": {"kind": "phone"},
    "ck_names_tenant_id_lower": {"tenant_id": "A"},
    "ck_names_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_teams_addresses": {"service_url": ""},
    "ck_teams_tenant_id_lower": {"tenant_id": "A"},
    "ck_roster_addresses": {"user_id": ""},
    "ck_roster_refused": {"refused": "guest"},
    "ck_roster_tenant_id_lower": {"tenant_id": "A"},
    "ck_roster_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_agent_chats_known": {"delivered_at": None},
    "ck_agent_chats_tenant_id_lower": {"tenant_id": "A"},
    "ck_agent_chats_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_books_accepted": {"accepted": -1},
    "ck_books_sent": {"sent": -1},
    "ck_books_undeliverable": {"undeliverable": -1},
    "ck_books_unknown": {"unknown": -1},
    "ck_books_cancelled": {"cancelled": -1},
    "ck_books_expired": {"expired": -1},
    "ck_books_open": {"accepted": 1, "sent": 2},
    **{f"ck_pruned_{state}": {str(state): -1} for state in tables.COUNTERS[1:]},
    "ck_lanes_halted": {"halted_reason": "bot_not_registered"},
    "ck_idempotency_keys_lifetime": {"expires_at": NOW},
    "ck_api_keys_hash": {"hash": "plain"},
    "ck_repairs_state": {"state": "mended", **ENDED},
    "ck_repairs_finished": {"state": "opened"},
    "ck_repairs_explained": {"state": "refused", **ENDED},
    "ck_repairs_claimed": {"state": "sending"},
    "ck_repairs_attempts": {"attempts": -1},
    "ck_repairs_tenant_id_lower": {"tenant_id": "A"},
    "ck_repairs_aad_object_id_lower": {"aad_object_id": "A"},
    "ck_callbacks_addresses": {"url": ""},
    "ck_callbacks_former": {"former_secret": "whsec_y"},
    "ck_callbacks_failing": {"failures": 1},
    "ck_callbacks_disabled": {"disabled_at": NOW},
    "ck_callback_events_tries": {"tries": -1},
    "ck_callback_events_over": {"given_up_at": NOW},
}


def checks(table: Table) -> set[str]:
    every = (*table.constraints, *(each for column in table.columns for each in column.constraints))
    return {str(constraint.name) for constraint in every if isinstance(constraint, CheckConstraint)}


OWNER: Final = {name: table for table in tables.metadata.tables.values() for name in checks(table)}


def put(conn: Connection, table: str, **changes: Any) -> None:
    conn.execute(insert(tables.metadata.tables[table]).values(**(GOOD[table] | changes)))


async def stocked(database: Database, *names: str) -> None:
    for name in names:
        await database.write(lambda conn, name=name: put(conn, name))  # type: ignore[misc]  # a lambda with a default


def test_there_is_nonsense_for_every_constraint() -> None:
    assert set(NONSENSE) == set(OWNER)


async def test_every_good_row_is_taken(database: Database) -> None:
    await stocked(database, *GOOD)


async def test_every_constraint_refuses_its_nonsense(database: Database) -> None:
    await stocked(database, "messages", "deliveries")
    answers = {}
    for name, nonsense in NONSENSE.items():
        changed = nonsense if OWNER[name].name != "messages" else {"id": "other", **nonsense}
        with pytest.raises(IntegrityError) as refused:
            await database.write(lambda conn, name=name, changed=changed: put(conn, OWNER[name].name, **changed))  # type: ignore[misc]  # as above
        answers[name] = str(refused.value.orig)

    assert {name: answer for name, answer in answers.items() if name not in answer} == {}


@pytest.mark.parametrize("state", list(State))
async def test_finished_at_is_there_exactly_in_final_states(database: Database, state: State) -> None:
    await stocked(database, "messages")
    others = {"reason": None if state is State.SENT else "blocked", "activity_id": "1", **CLAIMED}
    wrong = None if state in FINAL else LATER
    with pytest.raises(IntegrityError, match="ck_deliveries_finished"):
        await database.write(lambda conn: put(conn, "deliveries", state=state, finished_at=wrong, **others))

    right = LATER if state in FINAL else None
    await database.write(lambda conn: put(conn, "deliveries", state=state, finished_at=right, **others))


@pytest.mark.parametrize(
    ("table", "stock", "changes"),
    [
        ("deliveries", (), {}),
        ("attempts", ("messages",), {}),
        ("amendments", ("messages", "deliveries"), {"step": "change", "message_id": "none"}),
        ("callback_events", (), {}),
    ],
)
async def test_what_is_referred_to_has_to_be_there(
    database: Database, table: str, stock: tuple[str, ...], changes: dict[str, Any]
) -> None:
    await stocked(database, *stock)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await database.write(lambda conn: put(conn, table, **changes))


async def test_a_delivery_is_sent_again_once_at_most(database: Database) -> None:
    await stocked(database, "messages", "deliveries")
    await database.write(lambda conn: put(conn, "deliveries", id="2", resend_of="delivery"))

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await database.write(lambda conn: put(conn, "deliveries", id="3", resend_of="delivery"))


async def test_a_time_without_a_time_zone_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, TypeError)):
        await database.write(lambda conn: put(conn, "workers", started_at=NOW.replace(tzinfo=None)))
