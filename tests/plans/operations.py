"""What the service asks its database for, again and again, and what each of it may cost at most.

The bounds are pages for each row that is asked for: a row that is written touches each of its table's indexes, three to
four pages deep. None of them grows with the table, whose million rows are 80,000 pages with their indexes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from bellwire.delivery.upkeep import rescue
from bellwire.model.delivery import Delivery, Priority, State
from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.store import (
    agent_chats,
    amendment_queue,
    books,
    callbacks,
    deliveries,
    expiry,
    gauges,
    idempotency,
    journal,
    lane_history,
    lanes,
    names,
    outbox,
    people,
    pruning,
    queue,
    references,
    repair_queue,
    repairs,
    roster,
    sightings,
    supply,
    workers,
)
from bellwire.store.bites import AT_ONCE
from bellwire.store.deliveries import NewDelivery
from bellwire.store.journal import Begun, Result
from bellwire.store.lanes import LaneKey
from bellwire.store.queue import Want
from tests.plans.million import (
    CALLBACKS,
    DELIVERIES,
    NOW,
    SENDER,
    TENANTS,
    WAITING_PEOPLE,
    WORKER,
    delivery,
    person,
    tenant,
)

MANY: Final = 200
EACH_ROW: Final = 100
AT_LEAST: Final = 300
LONG_AFTER: Final = NOW + timedelta(days=3_650)
LANE: Final = LaneKey(SENDER, tenant(1))


@dataclass(frozen=True)
class Operation:
    """``rows`` are asked for or written; ``uses`` are indexes that must be among those that were used."""

    name: str
    run: Callable[[Connection], Any]
    rows: int = 1
    uses: tuple[str, ...] = ()
    writes: bool = False
    pages: int | None = None

    @property
    def bound(self) -> int:
        """How many pages a statement of it may look at."""
        return self.pages or AT_LEAST + EACH_ROW * self.rows


def _claim(conn: Connection) -> None:
    wants = [Want(tenant(number), SENDER, Priority.NORMAL, MANY) for number in (1, 2, 30)]
    found = supply.fetch(conn, WORKER, wants, NOW)
    assert [len(claimed) for _, claimed in found.claimed] == [MANY, MANY, 0]


def _next_due(conn: Connection) -> None:
    wants = [Want(tenant(number), SENDER, priority, MANY) for number in (1, 2) for priority in Priority]
    assert len(queue.next_due(conn, wants)) > 0


def _held(count: int) -> list[str]:
    first = DELIVERIES - 10_000 + (7 - (DELIVERIES - 10_000) % TENANTS) % TENANTS
    return [delivery(number) for number in range(first + TENANTS, first + TENANTS * (count + 1), TENANTS)]


def _begin(conn: Connection) -> None:
    starting = [Begun(each, NOW, 2, Step.POST, NOW) for each in _held(MANY // 2)]
    assert len(journal.begin(conn, WORKER, starting, NOW)) >= MANY // 2 - 10


def _record(conn: Connection) -> None:
    results = [
        Result(
            *(each, NOW, LaneKey(SENDER, tenant(7)), 2, State.SENT, NOW),
            outcome="sent",
            status=201,
            activity_id="1:x",
        )
        for each in _held(MANY // 2)
    ]
    assert len(journal.record(conn, WORKER, results)) >= MANY // 2 - 10


def _accept(conn: Connection) -> None:
    new = [
        NewDelivery(
            delivery=Delivery(
                id=delivery(DELIVERIES + number),
                message_id=delivery(DELIVERIES + number),
                person=Person(SENDER, tenant(number % TENANTS), person(number)),
                recipient=Recipient(RecipientKind.AAD_OBJECT_ID, person(number)),
                state=State.QUEUED,
                priority=Priority.NORMAL,
                run_at=NOW + timedelta(hours=1),
                accepted_at=NOW,
            ),
            message=Message(id=delivery(DELIVERIES + number), text="Hello"),
        )
        for number in range(1, MANY + 1)
    ]
    deliveries.accept(conn, new)


def _page(**wanted: Any) -> Callable[[Connection], Any]:
    return lambda conn: deliveries.page(conn, limit=50, **wanted)


def _amend(conn: Connection) -> None:
    assert len(supply.amend(conn, WORKER, NOW, most=MANY).claimed) == MANY


def _repairs_due(conn: Connection) -> None:
    keys = [LaneKey(SENDER, tenant(number)) for number in range(TENANTS)]
    assert len(repair_queue.due_in(conn, WORKER, keys, NOW, TENANTS)) == TENANTS


def _claim_repairs(conn: Connection) -> None:
    assert len(repair_queue.claim(conn, WORKER, LANE, NOW, MANY)) == MANY


def _claim_events(conn: Connection) -> None:
    assert len(outbox.claim(conn, "callback-1", MANY, NOW, timedelta(minutes=1))) > 0


EVERYBODY: Final = [Person(SENDER, tenant(1), person(number)) for number in range(MANY)]
KEYS: Final = [(who.tenant_id, who.aad_object_id) for who in EVERYBODY]
QUEUED: Final = "ix_deliveries_queued"
SENDING: Final = "ix_deliveries_sending"
WAITING: Final = "ix_deliveries_waiting"
REPAIRS: Final = "ix_repairs_queued"
AMENDMENTS: Final = "ix_amendments_queued"
EVENTS: Final = "ix_callback_events_due"
PERSON: Final = "ix_deliveries_person"

OPERATIONS: Final = (
    Operation("accepting many", _accept, MANY, writes=True),
    Operation(
        "an idempotency key",
        lambda conn: idempotency.claim(conn, "caller-1", "key-950001", "hash", NOW, delivery_id="one"),
        writes=True,
    ),
    Operation("claiming, with all that sending takes", _claim, 2 * MANY, (QUEUED, "pk_deliveries"), writes=True),
    Operation("the next ones due", _next_due, 2 * len(Priority), (QUEUED,)),
    Operation("which lanes have work", lanes.busy, pages=50),
    Operation("letting go of a lane", lambda conn: lanes.release(conn, WORKER, [LANE]), pages=2_000, writes=True),
    Operation("taking it again", lambda conn: lanes.own(conn, WORKER, [LANE]), writes=True),
    Operation("beginning attempts", _begin, MANY, writes=True),
    Operation("recording attempts", _record, MANY, ("pk_attempts",), writes=True),
    Operation("when amendments are due", lambda conn: amendment_queue.next_due(conn, WORKER), pages=50),
    Operation("claiming amendments", _amend, MANY, (AMENDMENTS,), writes=True),
    Operation(
        "what a lane sent in the last minutes",
        lambda conn: lane_history.requests(
            conn, LANE, started=NOW - timedelta(minutes=5), ended=NOW - timedelta(seconds=30)
        ),
        MANY,
        ("ix_attempts_started",),
    ),
    Operation(
        "what these people were sent in the last hour",
        lambda conn: lane_history.requests_to(conn, LANE, [person(5), person(6)], started=NOW - timedelta(hours=1)),
        MANY,
        ("ix_attempts_started",),
    ),
    Operation(
        "who got much in the last hour",
        lambda conn: lane_history.busy(conn, LANE, started=NOW - timedelta(hours=1), many=2),
        MANY,
        ("ix_attempts_started",),
    ),
    Operation(
        "who is to be let alone",
        lambda conn: lane_history.paused(conn, LANE, now=NOW),
        uses=("ix_attempts_throttled",),
    ),
    Operation(
        "waking a person",
        lambda conn: queue.wake(conn, Person(SENDER, tenant(0), person(97 * 3)), NOW),
        MANY,
        (WAITING,),
        writes=True,
    ),
    Operation(
        "waking many",
        lambda conn: queue.wake_all(conn, [Person(SENDER, tenant(1), person(n)) for n in range(MANY)], NOW),
        2 * MANY,
        (WAITING,),
        writes=True,
    ),
    Operation("which lanes have repairs", repair_queue.due, TENANTS, (REPAIRS,)),
    Operation("in which lanes repairs are due", _repairs_due, TENANTS, (REPAIRS,)),
    Operation("claiming repairs", _claim_repairs, MANY, (REPAIRS,), writes=True),
    Operation("for which callbacks something is due", partial(callbacks.due, now=NOW), CALLBACKS, (EVENTS,)),
    Operation("claiming events", _claim_events, MANY, (EVENTS,), writes=True),
    Operation(
        "expiring, with an event for each",
        partial(expiry.expire, now=NOW, most=MANY),
        MANY,
        ("ix_deliveries_expiring",),
        writes=True,
        pages=60 * MANY,
    ),
    Operation("who holds something and is gone", workers.orphans, MANY, (SENDING,)),
    Operation("the rescue of what a worker held", partial(rescue, worker=WORKER, now=NOW), 1_000, (SENDING,), True),
    Operation("the newest deliveries", _page(), 50),
    Operation("the newest of a tenant", _page(tenants=[tenant(3)]), 50),
    Operation("the newest to a person", _page(tenants=[tenant(3)], aad_object_id=person(5)), 50, (PERSON,)),
    Operation("the newest to a person of any tenant", _page(aad_object_id=person(5)), 50, (PERSON,)),
    *(Operation(f"the newest {state}", _page(state=state), 50) for state in State),
    *(Operation(f"the newest {state} of a tenant", _page(state=state, tenants=[tenant(3)]), 50) for state in State),
    Operation("those of a message", _page(message_id=delivery(1001)), 50),
    Operation("a delivery with its story", lambda conn: deliveries.get_with_attempts(conn, delivery(500)), 4),
    Operation("cancelling", partial(deliveries.cancel, delivery_id=delivery(97 * 7), now=NOW), writes=True),
    Operation("how many are in each state", gauges.read, pages=2 * WAITING_PEOPLE),
    Operation("the books", books.read, TENANTS),
    Operation("what stands still", partial(lanes.standstills, now=NOW), TENANTS),
    Operation("what is known of a person", lambda conn: people.get(conn, tenant(1), person(7)), 4),
    Operation("a page of people", lambda conn: people.page(conn, tenants=[tenant(1)], limit=50), 50),
    Operation("whether many can be reached", lambda conn: references.states(conn, EVERYBODY), MANY),
    Operation("which surfaces they were seen on", lambda conn: sightings.surfaces(conn, EVERYBODY, NOW), MANY),
    Operation("in which teams they are", lambda conn: roster.members(conn, EVERYBODY), MANY),
    Operation("what a roster says of people", lambda conn: roster.of(conn, KEYS), MANY),
    Operation("what flows told of them", lambda conn: agent_chats.get_many(conn, EVERYBODY), MANY),
    Operation(
        "forgetting what ended",
        lambda conn: pruning.prune(conn, NOW - timedelta(days=20), tenant(3), most=MANY),
        MANY,
        ("ix_deliveries_finished", "pk_attempts", "pk_deliveries", "pk_messages"),
        writes=True,
    ),
    *(
        Operation(f"forgetting {what}", prune, AT_ONCE, (index,), writes=True, pages=8 * AT_ONCE)
        for what, prune, index in (
            ("repairs", partial(repairs.prune, before=LONG_AFTER), "ix_repairs_finished"),
            ("events", partial(outbox.prune, before=LONG_AFTER), "ix_callback_events_given_up"),
            ("idempotency keys", partial(idempotency.prune, now=LONG_AFTER), "ix_idempotency_keys_expires"),
            ("names", partial(names.prune, now=LONG_AFTER), "ix_names_found"),
        )
    ),
    Operation(
        "whom a name means",
        lambda conn: names.known(
            conn, tenant_id=tenant(1), wanted=[Recipient(RecipientKind.UPN, "somebody51@contoso.example")], since=NOW
        ),
    ),
)
