"""Attempts: read in the order in which they were made."""

from __future__ import annotations

from functools import partial

from sqlalchemy import insert

from bellwire.model.outcome import Step
from bellwire.store import deliveries, tables
from bellwire.store.attempts import Attempt
from bellwire.store.database import Database
from tests.store.examples import ANNA, LATER, NOW, a_delivery, accepted


async def test_a_delivery_is_read_with_its_attempts_in_order(database: Database) -> None:
    (delivery,) = await accepted(database, a_delivery())
    common = {
        "delivery_id": delivery.id,
        "tenant_id": ANNA.tenant_id,
        "sender": ANNA.sender,
        "aad_object_id": ANNA.aad_object_id,
        "worker": "w",
    }
    second = common | {"number": 2, "step": Step.POST, "started_at": LATER}
    first = common | {"number": 1, "step": Step.OPEN_CHAT, "started_at": NOW}
    ended = {"finished_at": LATER, "outcome": "retry", "status": 429, "code": "TooMany", "retry_at": LATER}
    await database.write(lambda conn: conn.execute(insert(tables.attempts).values(second)))
    await database.write(lambda conn: conn.execute(insert(tables.attempts).values(first | ended)))

    found = await database.read(lambda conn: deliveries.get_with_attempts(conn, delivery.id))

    attempt = partial(Attempt, delivery_id=delivery.id, worker="w")
    assert found == (
        delivery,
        [
            attempt(
                number=1,
                step=Step.OPEN_CHAT,
                started_at=NOW,
                finished_at=LATER,
                outcome="retry",
                status=429,
                code="TooMany",
                retry_at=LATER,
            ),
            attempt(number=2, step=Step.POST, started_at=LATER),
        ],
    )
