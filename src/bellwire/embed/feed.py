"""What was heard and waits for capture: a bounded queue that never blocks whoever fills it, and loses nothing twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, NoReturn, TypeVar

import structlog

from bellwire.errors import BellwireError, InvalidToken, Unavailable

ROOM: Final = 10_000
"""Activities that may wait for capture; about 10 MB at most in practice."""
AT_ONCE: Final = 100
CAPTURE_TIMEOUT: Final = 30.0
CATCHING_UP_TIMEOUT: Final = 2.0
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 15.0

T = TypeVar("T")
Take = Callable[[Sequence[T]], Awaitable[Sequence[BellwireError | None]]]
"""Keeps what was heard; in the place of each, why it was refused. Raises Unavailable if it is to be told again."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What became of the bot's activities so far.

    ``unproven``: no good token vouches for them, as in the turns that a bot starts itself. ``refused``: capture said
    no, for example because of the tenant. ``dropped``: too many were waiting. ``failed``: a defect.
    """

    offered: int = 0
    taken: int = 0
    unproven: int = 0
    refused: int = 0
    dropped: int = 0
    failed: int = 0


class Feed(Generic[T]):
    """Filled by ``offer``, from any thread; emptied by ``run``, in one event loop."""

    def __init__(self, room: int = ROOM) -> None:
        self.counts = Counts()
        self.arrived = asyncio.Event()
        self._room = room
        self._waiting: deque[T] = deque()
        self._handed_over = 0
        self._moved = asyncio.Event()

    def offer(self, tell: Callable[[], T], ring: Callable[[], None]) -> None:
        """Take one in; never waits and never raises, whatever is wrong with it.

        ``tell`` makes it, and may raise; ``ring`` has ``arrived`` set in the event loop of ``run``.
        """
        counts = self.counts
        counts.offered += 1
        try:
            if len(self._waiting) >= self._room:
                self._drop()
                return
            self._waiting.append(tell())
            ring()
        except BellwireError as error:
            self._refuse([error])
        except Exception as error:  # the turn goes on, whatever it is
            counts.failed += 1
            note("activity_not_captured", error)

    async def run(self, take: Take[T]) -> NoReturn:
        """Hand over what comes, for ever."""
        while True:
            await self.hand_over(take)
            await self.arrived.wait()
            self.arrived.clear()

    async def hand_over(self, take: Take[T]) -> None:
        """All that waits. What is taken leaves the queue only afterwards, so that a new beginning finds it again."""
        pause, size = FIRST_PAUSE, AT_ONCE
        while several := [self._waiting[index] for index in range(min(size, len(self._waiting)))]:
            try:
                async with asyncio.timeout(CAPTURE_TIMEOUT):
                    answers = await take(several)
            except (Unavailable, TimeoutError) as error:
                note("capture_waits", error)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            except Exception as error:
                if len(several) > 1:
                    size = 1  # from here on one by one: whichever it stumbles over must not cost the others
                    continue
                self.counts.failed += 1
                note("activity_not_captured", error)
            else:
                refused = [error for error in answers if error is not None]
                self.counts.taken += len(answers) - len(refused)
                self._refuse(refused)
            pause = FIRST_PAUSE
            self._forget(len(several))

    async def caught_up(self) -> None:
        """Return when all that waits now was handed over; though it is not waited for at any price."""
        goal = self._handed_over + len(self._waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCHING_UP_TIMEOUT):
                while self._handed_over < goal:
                    self._moved.clear()
                    await self._moved.wait()

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        self._handed_over += count
        self._moved.set()

    def _drop(self) -> None:
        self.counts.dropped += 1
        if self.counts.dropped % self._room == 1:
            log.error("activities_dropped", dropped=self.counts.dropped, remedy="Look for what capture waits for.")

    def _refuse(self, errors: Sequence[BellwireError]) -> None:
        unproven = sum(isinstance(error, InvalidToken) for error in errors)
        self.counts.unproven += unproven
        self.counts.refused += len(errors) - unproven
        for code, remedy in {(error.code, error.remedy) for error in errors if not isinstance(error, InvalidToken)}:
            log.warning("activity_refused", code=code, remedy=remedy)


def note(event: str, error: BaseException) -> None:
    """Log only what is known to quote nobody: our own errors in words, others by their class."""
    if isinstance(error, BellwireError):
        log.error(event, code=error.code, detail=error.detail, remedy=error.remedy)
    else:
        log.error(event, error=type(error).__name__)
