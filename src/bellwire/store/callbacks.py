"""Callbacks: who wants to be told of what, where, and how well that goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Connection,
    Delete,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from bellwire.model.callback import Event, Health
from bellwire.store.bites import AT_ONCE, bite
from bellwire.store.columns import UtcTime
from bellwire.store.tables import callback_events, callbacks

REPEATED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One wish to be told. ``url`` and the secrets are shown to nobody.

    ``only_sender``, ``only_reference`` and ``only_key_id`` leave out what does not agree with them; ``key_id`` is the
    caller who asked. ``failures`` are the rounds since the last success in which nothing was taken, ``failed_with`` is
    what the last one met. Until ``paused_until`` nothing is told; after ``disabled_at`` nothing ever again.
    """

    id: str
    key_id: str
    url: str = field(repr=False)
    events: tuple[Event, ...]
    secret: str = field(repr=False)
    created_at: datetime
    former_secret: str | None = field(default=None, repr=False)
    former_until: datetime | None = None
    only_key_id: str | None = None
    only_sender: str | None = None
    only_reference: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    failed_with: str | None = None
    paused_until: datetime | None = None
    succeeded_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def health(self) -> Health:
        """How it fares."""
        if self.disabled_at is not None:
            return Health.DISABLED
        return Health.FAILING if self.failing_since is not None else Health.WORKING


class Backlog(NamedTuple):
    """How many events of a callback wait to be told, and how many were given up lately."""

    waiting: int = 0
    given_up: int = 0


class Setback(NamedTuple):
    """What a round came to in which not everything was taken; ``gone`` if the receiver wants nothing any more."""

    failed_with: str
    paused_until: datetime | None
    disabled: bool
    gone: bool


def add(conn: Connection, callback: Callback, most: int) -> bool:
    """Tell of every such event from now on; False, and nothing done, if there are ``most`` callbacks already."""
    if conn.execute(_HOW_MANY).scalar_one() >= most:
        return False
    values = {name: getattr(callback, name) for name in _NAMES}
    conn.execute(insert(callbacks), {**values, "events": " ".join(callback.events)})
    return True


def get(conn: Connection, callback_id: str) -> Callback | None:
    """The callback with this id."""
    row = conn.execute(_GET, {"callback": callback_id}).one_or_none()
    return None if row is None else _callback_of(row)


def every(conn: Connection) -> list[Callback]:
    """All callbacks, the oldest first."""
    return [_callback_of(row) for row in conn.execute(_EVERY)]


def backlogs(conn: Connection) -> dict[str, Backlog]:
    """What each callback that has events has of them."""
    waiting, given_up = ({row[0]: row[1] for row in conn.execute(which)} for which in (_WAITING, _GIVEN_UP))
    return {each: Backlog(waiting.get(each, 0), given_up.get(each, 0)) for each in waiting.keys() | given_up.keys()}


def remove(conn: Connection, callback_id: str, now: datetime) -> bool:
    """Tell nothing any more; whether there was such a callback. ``sweep`` forgets it, and what it was not told yet."""
    return conn.execute(_REMOVE, {"callback": callback_id, "now": now}).rowcount == 1


def over(conn: Connection) -> list[str]:
    """The callbacks that are told nothing any more, and of which there is something to sweep."""
    return list(conn.scalars(_OVER))


def sweep(conn: Connection, callback_id: str, most: int = AT_ONCE) -> None:
    """Forget some of what one that is over was not told, at most ``most``; with the last of it a removed one itself.

    A few at a time, since everybody else's writing waits meanwhile.
    """
    conn.execute(_sweep(conn.dialect.name), {"callback": callback_id, "most": most})
    conn.execute(_FORGET, {"callback": callback_id})


def same(conn: Connection, callback: Callback) -> str | None:
    """The id of a callback by which the same caller wants to be told the same at the same address."""
    found = select(callbacks.c.id).where(
        callbacks.c.removed_at.is_(None),
        callbacks.c.events == " ".join(callback.events),
        *(callbacks.c[name].is_not_distinct_from(getattr(callback, name)) for name in _WISH),
    )
    return conn.scalars(found.order_by(callbacks.c.id).limit(1)).first()


def renew(conn: Connection, callback_id: str, secret: str, former_until: datetime) -> bool:
    """Sign with a new secret, and until then with the present one too; whether there is such a callback.

    A repetition, as after a lost answer, leaves alone the secret that was good before both.
    """
    parameters = {"callback": callback_id, "new": secret, "until": former_until, "recent": former_until - REPEATED}
    return conn.execute(_RENEW, parameters).rowcount == 1


def enable(conn: Connection, callback_id: str) -> None:
    """Tell it again what happens from now on, as if it had never failed."""
    conn.execute(_ENABLE, {"callback": callback_id})


def due(conn: Connection, now: datetime) -> list[str]:
    """The callbacks for which something is to be told now."""
    return list(conn.scalars(_DUE, {"now": now}))


def succeeded(conn: Connection, callback_id: str, now: datetime, paused_until: datetime | None = None) -> None:
    """Something was taken; the receiver may have asked for time all the same."""
    conn.execute(_SUCCEEDED, {"callback": callback_id, "now": now, "until": paused_until})


def failed(conn: Connection, callback_id: str, setback: Setback, now: datetime) -> None:
    """Nothing was taken. What one that is disabled by it was not told yet is left to ``sweep``."""
    parameters = {"callback": callback_id, "now": now, "what": setback.failed_with, "until": setback.paused_until}
    conn.execute(_FAILED, parameters)
    if setback.disabled:
        conn.execute(_DISABLED, {"callback": callback_id, "now": now})


def _callback_of(row: Row[Any]) -> Callback:
    return Callback(**{**row._asdict(), "events": tuple(map(Event, row.events.split()))})


_WISH: Final = ("key_id", "url", "only_key_id", "only_sender", "only_reference")
_NAMES: Final = tuple(Callback.__dataclass_fields__)
_ALL: Final[Select[Any]] = select(*(callbacks.c[name] for name in _NAMES))
_KEPT: Final = callbacks.c.removed_at.is_(None)
_TELLING: Final = and_(_KEPT, callbacks.c.disabled_at.is_(None))
_THIS: Final = and_(callbacks.c.id == bindparam("callback"), _KEPT)
_ITS_EVENTS: Final = callback_events.c.callback_id == callbacks.c.id
_NOW: Final = bindparam("now", type_=UtcTime)
_HOW_MANY: Final = select(func.count()).select_from(callbacks).where(_KEPT)
_GET: Final = _ALL.where(_THIS)
_EVERY: Final = _ALL.where(_KEPT).order_by(callbacks.c.id)
_EVENTS_OF: Final = (
    select(callback_events.c.callback_id, func.count())
    .where(callback_events.c.callback_id.in_(select(callbacks.c.id).where(_TELLING)))
    .group_by(callback_events.c.callback_id)
)
_WAITING: Final = _EVENTS_OF.where(callback_events.c.run_at.is_not(None))  # each of them reads a partial index alone
_GIVEN_UP: Final = _EVENTS_OF.where(callback_events.c.given_up_at.is_not(None))
_REMOVE: Final = update(callbacks).where(_THIS).values(removed_at=_NOW)
_OVER: Final = select(callbacks.c.id).where(
    or_(~_KEPT, and_(callbacks.c.disabled_at.is_not(None), exists().where(_ITS_EVENTS)))
)
_FORGET: Final = delete(callbacks).where(
    callbacks.c.id == bindparam("callback"), ~_KEPT, ~exists().where(_ITS_EVENTS).correlate(callbacks)
)
_RENEW: Final = (
    update(callbacks)
    .where(_THIS)
    .values(
        secret=bindparam("new"),
        former_secret=case(
            (callbacks.c.former_until > bindparam("recent", type_=UtcTime), callbacks.c.former_secret),
            else_=callbacks.c.secret,
        ),
        former_until=bindparam("until", type_=UtcTime),
    )
)
_ENABLE: Final = (
    update(callbacks)
    .where(_THIS)
    .values(failures=0, failing_since=null(), failed_with=null(), paused_until=null(), disabled_at=null())
)
_DUE: Final = (
    select(callbacks.c.id)
    .where(
        _TELLING,
        or_(callbacks.c.paused_until.is_(None), callbacks.c.paused_until <= _NOW),
        exists().where(_ITS_EVENTS, callback_events.c.run_at <= _NOW),
    )
    .order_by(callbacks.c.id)
)
_SUCCEEDED: Final = (
    update(callbacks)
    .where(_THIS)
    .values(
        succeeded_at=_NOW,
        failures=0,
        failing_since=null(),
        failed_with=null(),
        paused_until=bindparam("until", type_=UtcTime),
    )
)
_FAILED: Final = (
    update(callbacks)
    .where(_THIS)
    .values(
        failures=callbacks.c.failures + 1,
        failing_since=func.coalesce(callbacks.c.failing_since, _NOW),
        failed_with=bindparam("what"),
        paused_until=bindparam("until", type_=UtcTime),
    )
)
_DISABLED: Final = update(callbacks).where(_THIS).values(disabled_at=_NOW)


@cache
def _sweep(dialect: str) -> Delete:
    own = callback_events.c.callback_id == bindparam("callback")
    # Only of one that is still over: it may have been enabled again.
    over = exists().where(callbacks.c.id == bindparam("callback"), ~_TELLING)
    return bite(dialect, callback_events.c.id, own, over, most=bindparam("most", type_=Integer))
