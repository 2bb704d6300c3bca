"""What the database can tell about the queue in few reads, however much is queued: nothing here counts queued rows."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, ScalarSelect, func, literal_column, select

from bellwire.model.delivery import FINAL, Priority, State
from bellwire.store import books, workers
from bellwire.store.tables import books as kept
from bellwire.store.tables import deliveries, in_state


class Gauges(NamedTuple):
    """Deliveries by sender and state; by sender, since when the oldest queued one is due; each worker's last sign."""

    deliveries: Counter[tuple[str, State]]
    due_since: dict[str, datetime]
    heartbeats: list[datetime]


def read(conn: Connection) -> Gauges:
    """The numbers of all processes together.

    The books have the final states and the sum of the open ones; what waits and what is being sent is counted in
    partial indexes; the rest is queued. The oldest of a lane is the first entry of its index, for each priority.
    """
    counts: Counter[tuple[str, State]] = Counter()
    for book in books.read(conn):
        counts.update({(book.sender, state): getattr(book, state) for state in sorted(FINAL)})
        counts[book.sender, State.QUEUED] += book.open
    for state in (State.WAITING, State.SENDING):
        for sender, number in conn.execute(_OPEN[state]):
            counts[sender, state] += number
            counts[sender, State.QUEUED] -= number
    due: dict[str, datetime] = {}
    for sender, *oldest in conn.execute(_OLDEST):
        for moment in filter(None, oldest):
            due[sender] = min(moment, due.get(sender, moment))
    return Gauges(counts, due, [peer.heartbeat_at for peer in workers.peers(conn)])


def _oldest(priority: Priority) -> ScalarSelect[Any]:
    return (
        select(func.min(deliveries.c.run_at))
        .where(
            deliveries.c.tenant_id == kept.c.tenant_id,
            deliveries.c.sender == kept.c.sender,
            deliveries.c.priority == literal_column(str(int(priority))),
            in_state(State.QUEUED),
        )
        .scalar_subquery()
    )


_OPEN: Final = {
    state: select(deliveries.c.sender, func.count()).where(in_state(state)).group_by(deliveries.c.sender)
    for state in (State.WAITING, State.SENDING)
}
_OLDEST: Final = select(kept.c.sender, *map(_oldest, Priority)).where(
    kept.c.accepted > sum((kept.c[state] for state in sorted(FINAL)[1:]), kept.c[sorted(FINAL)[0]])
)
