"""What a lane's attempts tell its next owner: requests that count in Teams' windows, and who is to be let alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Text, bindparam, func, literal_column, or_, select

from bellwire.model.reason import Reason
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import attempts, repairs


class Asked(NamedTuple):
    """A request to somebody. One that was not ``answered`` may still have been on its way at ``finished_at``."""

    aad_object_id: str
    finished_at: datetime | None
    answered: bool


class Busy(NamedTuple):
    """Somebody who got many requests, or who is to get none for a while: Teams, or for installs Graph, said so."""

    aad_object_id: str
    requests: int
    paused_until: datetime | None
    installs_paused_until: datetime | None


def requests(conn: Connection, key: LaneKey, *, started: datetime, ended: datetime) -> list[Asked]:
    """The requests of this lane that started, and have not ended before, then."""
    of_lane = {**_of(key), "since": started, "ended": ended}
    return [Asked(*row) for requests in (_REQUESTS, _REPAIRS) for row in conn.execute(requests, of_lane)]


def requests_to(conn: Connection, key: LaneKey, people: Collection[str], *, started: datetime) -> list[Asked]:
    """All requests to these people that started since then."""
    if not people:
        return []
    parameters = {**_of(key), "since": started, **listed([each] for each in people)}
    return [Asked(*row) for row in conn.execute(_requests_to(conn.dialect.name), parameters)]


def busy(conn: Connection, key: LaneKey, *, started: datetime, now: datetime, many: int) -> list[Busy]:
    """Who got ``many`` requests or more since ``started``, or is to be let alone after ``now``.

    The latter is told by the attempts that were refused for it. If it was the tenant that was to pause, the lane itself
    is shut as long, so whose limit it was makes no difference here.
    """
    found = conn.execute(_BUSY, {**_of(key), "since": started, "now": now, "many": many})
    return [Busy(*row) for row in found]


def _of(key: LaneKey) -> dict[str, str]:
    return {"tenant": key.tenant_id, "lane_sender": key.sender}


_SINCE: Final = (
    attempts.c.tenant_id == bindparam("tenant"),
    attempts.c.sender == bindparam("lane_sender"),
    attempts.c.started_at >= bindparam("since", type_=UtcTime),
)
_ASKED: Final = (
    attempts.c.aad_object_id,
    attempts.c.finished_at,
    func.coalesce(attempts.c.code, "") != Reason.WORKER_LOST.value,
)
_REQUESTS: Final = select(*_ASKED).where(
    *_SINCE, or_(attempts.c.finished_at.is_(None), attempts.c.finished_at >= bindparam("ended", type_=UtcTime))
)
_REPAIRS: Final = select(
    repairs.c.aad_object_id, repairs.c.answered_at, func.coalesce(repairs.c.code, "") != Reason.WORKER_LOST.value
).where(
    repairs.c.tenant_id == bindparam("tenant"),
    repairs.c.sender == bindparam("lane_sender"),
    repairs.c.started_at >= bindparam("since", type_=UtcTime),
    or_(repairs.c.answered_at.is_(None), repairs.c.answered_at >= bindparam("ended", type_=UtcTime)),
)
_REFUSED: Final = (attempts.c.status.in_((412, 429)), attempts.c.retry_at > bindparam("now", type_=UtcTime))
_INSTALL: Final = attempts.c.step == literal_column("'install'")
_PAUSED_UNTIL: Final = func.max(attempts.c.retry_at).filter(*_REFUSED)
_BUSY: Final = (
    select(
        attempts.c.aad_object_id,
        func.count(),
        _PAUSED_UNTIL,
        func.max(attempts.c.retry_at).filter(*_REFUSED, _INSTALL),
    )
    .where(*_SINCE)
    .group_by(attempts.c.aad_object_id)
    .having(or_(func.count() >= bindparam("many"), _PAUSED_UNTIL.is_not(None)))
)


@cache
def _requests_to(dialect: str) -> Any:
    people = given(dialect, aad_object_id=Text)
    return select(*_ASKED).where(*_SINCE, attempts.c.aad_object_id.in_(select(people.c.aad_object_id)))
