"""What a lane's attempts tell its next owner: requests that count in Teams' windows, and who is to be let alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Text, bindparam, func, literal_column, or_, select, text

from bellwire.model.reason import Reason
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import THROTTLED, attempts, repairs


class Asked(NamedTuple):
    """A request to somebody. One that was not ``answered`` may still have been on its way at ``finished_at``."""

    aad_object_id: str
    finished_at: datetime | None
    answered: bool


class Paused(NamedTuple):
    """Somebody who is to get nothing before ``until``, or for an install nobody is: Teams, or Graph, said so."""

    aad_object_id: str
    install: bool
    until: datetime


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


def busy(conn: Connection, key: LaneKey, *, started: datetime, many: int) -> list[str]:
    """Who got ``many`` requests or more since ``started``."""
    return list(conn.scalars(_BUSY, {**_of(key), "since": started, "many": many}))


def paused(conn: Connection, key: LaneKey, *, now: datetime) -> list[Paused]:
    """Who is to be let alone after ``now``, as the attempts tell that were refused for it, however long ago.

    If it was the tenant that was to pause, the lane itself is shut as long, so whose limit it was makes no difference.
    """
    return [Paused(*row) for row in conn.execute(_PAUSED, {**_of(key), "now": now})]


def _of(key: LaneKey) -> dict[str, str]:
    return {"tenant": key.tenant_id, "lane_sender": key.sender}


_LANE: Final = (attempts.c.tenant_id == bindparam("tenant"), attempts.c.sender == bindparam("lane_sender"))
_SINCE: Final = (*_LANE, attempts.c.started_at >= bindparam("since", type_=UtcTime))
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
_BUSY: Final = (
    select(attempts.c.aad_object_id)
    .where(*_SINCE)
    .group_by(attempts.c.aad_object_id)
    .having(func.count() >= bindparam("many"))
)
_INSTALL: Final = attempts.c.step == literal_column("'install'")
# The statuses are literals, or the partial index would not serve.
_PAUSED: Final = (
    select(attempts.c.aad_object_id, _INSTALL, func.max(attempts.c.retry_at))
    .where(*_LANE, attempts.c.retry_at > bindparam("now", type_=UtcTime), text(THROTTLED))
    .group_by(attempts.c.aad_object_id, _INSTALL)
)


@cache
def _requests_to(dialect: str) -> Any:
    people = given(dialect, aad_object_id=Text)
    return select(*_ASKED).where(*_SINCE, attempts.c.aad_object_id.in_(select(people.c.aad_object_id)))
