"""Tells receivers what they asked to be told, each by itself, so that none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from traceback import extract_tb
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.callbacks.post import Post, Receipt, letter
from bellwire.errors import StoreUnavailable
from bellwire.model import callback as model
from bellwire.model.callback import CallbackPolicy, Reply
from bellwire.store import callbacks, outbox
from bellwire.store.bites import AT_ONCE
from bellwire.store.callbacks import Callback, Setback
from bellwire.store.database import Database
from bellwire.store.outbox import Told, Untold

log = structlog.get_logger(__name__)

POLL: Final = 0.5
PATIENCE: Final = 5.0
SWEEP_EVERY: Final = 600
KEPT_FOR: Final = timedelta(days=7)
DEFECT: Final = "defect"
"""What is said of a try that failed in Bellwire itself."""

Observer = Callable[[Reply], None]


class Dispatcher:
    """Works in the background from ``start`` to ``stop``. ``told`` hears what each request came to,
    once that is written down.

    Any number of processes may do this on one database: an event is claimed by one of them at a time.
    """

    def __init__(
        self,
        database: Database,
        post: Post,
        *,
        clock: Callable[[], datetime],
        told: Observer,
        poll: float = POLL,
        random: Random | None = None,
    ) -> None:
        self._database = database
        self._post = post
        self._clock = clock
        self._told = told
        self._poll = poll
        self._random = random or Random()  # noqa: S311 - for waits, not for secrets
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._watch = asyncio.create_task(self._run(), name="bellwire-callbacks")

    async def stop(self) -> None:
        """Begin nothing more, and end when what is under way is done; what takes too long is told again later."""
        self._stopping.set()
        tasks = [*self._serving.values(), *([self._watch] if self._watch is not None else [])]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            try:
                if rounds % SWEEP_EVERY == 0:
                    await self._forget()
                for callback_id in await self._database.read(partial(callbacks.due, now=self._clock())):
                    self._serve(callback_id)
                for callback_id in await self._database.read(callbacks.over):
                    await self._database.write(partial(callbacks.sweep, callback_id=callback_id))
            except StoreUnavailable as error:
                log.warning("callbacks_wait", code=error.code)
            except Exception:  # a defect here must neither end the callbacks for good nor stop the sending of messages
                log.exception("callbacks_broken")
            rounds += 1
            await self._rest()

    async def _forget(self) -> None:
        before = self._clock() - KEPT_FOR
        while await self._database.write(partial(outbox.prune, before=before)) == AT_ONCE:
            pass

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _serve(self, callback_id: str) -> None:
        if callback_id in self._serving:
            return
        task = asyncio.create_task(self._tell_all(callback_id), name=f"bellwire-callback-{callback_id}")
        self._serving[callback_id] = task
        task.add_done_callback(partial(self._served, callback_id))

    def _served(self, callback_id: str, task: asyncio.Task[None]) -> None:
        del self._serving[callback_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback_broken", callback=callback_id, error=type(error).__name__, exc_info=error)

    async def _tell_all(self, callback_id: str) -> None:
        """Tell a receiver all that is due, some at a time."""
        try:
            while not self._stopping.is_set():
                found = await self._database.write(partial(self._claim, callback_id))
                if found is None:
                    return
                await self._round(*found)
        except StoreUnavailable as error:
            log.warning("callbacks_wait", callback=callback_id, code=error.code)

    def _claim(self, callback_id: str, conn: Connection) -> tuple[Callback, list[Told]] | None:
        now, policy = self._clock(), self._post.policy
        found = callbacks.get(conn, callback_id)
        if found is None or found.disabled_at is not None or (found.paused_until or now) > now:
            return None
        events = outbox.claim(conn, found.id, policy.share(found.failures), now, timedelta(seconds=policy.lease))
        return (found, events) if events else None

    async def _round(self, found: Callback, events: list[Told]) -> None:
        receipts = await asyncio.gather(*(self._carry(found, each) for each in events))
        chances = [self._random.random() for _ in range(len(events) + 1)]
        outcome = list(zip(events, receipts, chances[1:], strict=True))
        op = partial(settle, found, outcome, chances[0], self._clock(), self._post.policy)
        setback = await self._database.write(op)
        for receipt in receipts:
            self._told(receipt.reply)
        if setback is not None:
            log.warning(
                "callback_failed",
                callback=found.id,
                reason=setback.failed_with,
                no_more=setback.disabled or setback.gone,
            )

    async def _carry(self, found: Callback, event: Told) -> Receipt:
        """Tell one event. A defect counts as a failure, so that it ends as every other failure does."""
        try:
            return await self._post.carry(found, letter(event))
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]  # no more of it, since it may show the address
            where = f"{place.name}:{place.lineno}"
            log.error("callback_broken", callback=found.id, error=type(error).__name__, at=where)  # noqa: TRY400
            return Receipt(Reply.FAILED, DEFECT)


Outcome = Sequence[tuple[Told, Receipt, float]]


def settle(
    found: Callback, outcome: Outcome, chance: float, now: datetime, policy: CallbackPolicy, conn: Connection
) -> Setback | None:
    """Write down what a round came to; what was wrong, if nothing was taken or the receiver is gone.

    The numbers from 0 up to 1 decide how long is waited.
    """
    taken = [event for event, receipt, _ in outcome if receipt.reply is Reply.TAKEN]
    missed = [each for each in outcome if each[1].reply is not Reply.TAKEN]
    failures = 0 if taken else found.failures + 1
    setback = _setback(found, failures, [receipt for _, receipt, _ in missed], chance, now, policy) if missed else None
    if setback is not None and setback.gone:
        callbacks.remove(conn, found.id, now)
        return setback
    outbox.settle(conn, found.id, taken, [_untold(*each, now, policy) for each in missed], now)
    if setback is None or taken:
        callbacks.succeeded(conn, found.id, now, setback.paused_until if setback is not None else None)
        return None
    callbacks.failed(conn, found.id, setback, now)
    return setback


def _untold(event: Told, receipt: Receipt, chance: float, now: datetime, policy: CallbackPolicy) -> Untold:
    again = model.next_try(event.made_at, event.tries, receipt.after, chance, now, policy)
    return Untold(event.id, event.tries, again)


def _setback(
    found: Callback, failures: int, receipts: Sequence[Receipt], chance: float, now: datetime, policy: CallbackPolicy
) -> Setback:
    after = max((each.after for each in receipts if each.after is not None), default=None)
    rest = model.pause(failures, after, chance, policy)
    return Setback(
        failed_with=receipts[-1].word,
        paused_until=None if rest is None else now + rest,
        disabled=found.failing_since is not None and model.worn_out(found.failing_since, now, policy),
        gone=any(each.reply is Reply.GONE for each in receipts),
    )
