"""Callbacks: callers ask to be told what happens, look how that goes, and end it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import randbits, token_bytes
from typing import Final

from sqlalchemy import Connection
from yarl import URL

from bellwire.callbacks.post import Post, Receipt, trial
from bellwire.errors import Conflict, InvalidInput, NotFound
from bellwire.model.address import check_callback_url
from bellwire.model.callback import Event
from bellwire.model.ids import RANDOM_BITS, uuid7
from bellwire.model.text import MOST_REFERENCE, check_text
from bellwire.service.keys import Caller
from bellwire.service.senders import Senders
from bellwire.store import callbacks
from bellwire.store.callbacks import Backlog, Callback
from bellwire.store.database import Database

MOST_CALLBACKS: Final = 500
FORMER_FOR: Final = timedelta(days=1)
"""How long both secrets sign after a change, so that a receiver can change over in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Of what a caller wants to be told, and where; ``mine`` leaves out what other callers sent."""

    url: str
    events: Sequence[Event]
    sender: str | None = None
    reference: str | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A callback, and what it was not told yet."""

    callback: Callback
    backlog: Backlog


class Callbacks:
    """All callbacks: every caller sees and ends every one of them, as they see every delivery."""

    def __init__(self, database: Database, senders: Senders, post: Post, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._senders = senders
        self._post = post
        self._clock = clock

    async def add(self, wanted: Wanted, caller: Caller) -> Known:
        """Tell of every such event from now on. The secret in the answer is shown this once.

        For what the caller has asked for before it is the same callback as then, with a new secret: asking twice does
        not have it told twice.

        Raises:
            InvalidInput: the address may not be told anything, or the reference is none.
            NotFound: there is no such sender.
            Conflict: there are too many callbacks already.
        """
        _check(wanted.url, self._post.allowed_hosts)
        if wanted.reference is not None:
            check_text(wanted.reference, field="reference", most=MOST_REFERENCE)
        now = self._clock()
        callback = Callback(
            id=uuid7(now, randbits(RANDOM_BITS)),
            key_id=caller.id,
            url=wanted.url,
            events=tuple(dict.fromkeys(wanted.events)),
            secret=_new_secret(),
            created_at=now,
            only_key_id=caller.id if wanted.mine else None,
            only_sender=None if wanted.sender is None else self._senders.known(wanted.sender),
            only_reference=wanted.reference,
        )
        return await self._database.write(partial(_add, callback=callback))

    async def every(self) -> list[Known]:
        """All callbacks, the oldest first."""
        return await self._database.read(_every)

    async def get(self, callback_id: str) -> Known:
        """One callback, and how it fares.

        Raises:
            NotFound: there is no such callback.
        """
        found = await self._database.read(partial(_get, callback_id=callback_id))
        if found is None:
            raise _unknown()
        return found

    async def remove(self, callback_id: str) -> None:
        """Tell it nothing any more.

        Raises:
            NotFound: there is no such callback.
        """
        if not await self._database.write(partial(callbacks.remove, callback_id=callback_id, now=self._clock())):
            raise _unknown()

    async def rotate(self, callback_id: str) -> Known:
        """Sign with a new secret; for a day the old one signs too.

        Raises:
            NotFound: there is no such callback.
        """
        until = self._clock() + FORMER_FOR
        op = partial(callbacks.renew, callback_id=callback_id, secret=_new_secret(), former_until=until)
        if not await self._database.write(op):
            raise _unknown()
        return await self.get(callback_id)

    async def test(self, callback_id: str) -> Receipt:
        """Send one event for trial to the receiver now, and say what came of it.

        Raises:
            NotFound: there is no such callback.
        """
        known = await self.get(callback_id)
        return await self._post.carry(known.callback, trial(callback_id, self._clock()))


def _add(conn: Connection, callback: Callback) -> Known:
    before = callbacks.same(conn, callback)
    if before is not None:
        callbacks.renew(conn, before, callback.secret, callback.created_at + FORMER_FOR)
        callbacks.enable(conn, before)
        known = _get(conn, before)
        assert known is not None
        return known
    if not callbacks.add(conn, callback, MOST_CALLBACKS):
        raise Conflict(
            f"There are {MOST_CALLBACKS} callbacks already.", remedy="Remove those that are not needed any more."
        )
    return Known(callback, Backlog())


def _check(url: str, allowed_hosts: Collection[str]) -> None:
    check_callback_url(url, allowed_hosts)
    try:
        URL(url, encoded=True)
    except ValueError:
        raise InvalidInput("It is no address.", field="url", remedy="Check how it is written.") from None


def _new_secret() -> str:
    """24 random bytes, in the form of Standard Webhooks."""
    return f"whsec_{base64.b64encode(token_bytes(24)).decode()}"


def _every(conn: Connection) -> list[Known]:
    backlogs = callbacks.backlogs(conn)
    return [Known(each, backlogs.get(each.id, Backlog())) for each in callbacks.every(conn)]


def _get(conn: Connection, callback_id: str) -> Known | None:
    found = callbacks.get(conn, callback_id)
    return None if found is None else Known(found, callbacks.backlogs(conn).get(callback_id, Backlog()))


def _unknown() -> NotFound:
    return NotFound("There is no such callback.", field="id", remedy="See 'bellwire callbacks list'.")
