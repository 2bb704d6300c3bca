"""Bellwire attached to a bot: takes what the bot tells without ever keeping it waiting, and sends what it asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from bellwire.embed.home import Home, TeamsChat
from bellwire.embed.opening import Opening
from bellwire.embed.side import Side
from bellwire.embed.told import Told
from bellwire.errors import BellwireError, InvalidToken, Unavailable
from bellwire.logs import lead_logs
from bellwire.model.delivery import IfUnreachable
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.service.command import Content, SendCommand, Terms

ROOM: Final = 10_000
"""Activities that may wait for capture; about 10 MB at most in practice."""
AT_ONCE: Final = 100
CAPTURE_TIMEOUT: Final = 30.0
OPENING_TIMEOUT: Final = 30.0
CLOSING_TIMEOUT: Final = 5.0
CATCHING_UP_TIMEOUT: Final = 2.0
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 15.0

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What became of the bot's activities so far.

    ``unproven``: no token named their service URL, as in the turns that a bot starts itself. ``refused``: capture
    said no, for example because of the tenant. ``dropped``: too many were waiting. ``failed``: a defect.
    """

    offered: int = 0
    taken: int = 0
    unproven: int = 0
    refused: int = 0
    dropped: int = 0
    failed: int = 0


class Attached:
    """Made by ``attach`` of one of the SDKs' modules. Its methods may be called from any event loop and thread."""

    def __init__(self, opening: Opening, *, room: int = ROOM) -> None:
        lead_logs()
        self.counts = Counts()
        self._opening = opening
        self._room = room
        self._waiting: deque[Told] = deque()
        self._arrived = asyncio.Event()
        self._handed_over = 0
        self._moved = asyncio.Event()
        self._open = asyncio.Event()
        self._home: Home | None = None
        self._side = Side(self._live)

    def offer(self, tell: Callable[[], Told]) -> None:
        """Hand one activity to capture; never waits and never raises, whatever is wrong with it.

        ``tell`` makes it of the turn; it may raise.
        """
        counts = self.counts
        counts.offered += 1
        try:
            if len(self._waiting) >= self._room:
                counts.dropped += 1
                if counts.dropped % self._room == 1:
                    log.error("activities_dropped", dropped=counts.dropped, remedy="Look for what capture waits for.")
                return
            self._waiting.append(tell())
            self._side.call(self._arrived.set)
        except InvalidToken:
            counts.unproven += 1
        except BellwireError as error:
            counts.refused += 1
            log.warning("activity_refused", code=error.code, remedy=error.remedy)
        except Exception as error:  # the bot's turn goes on, whatever it is
            counts.failed += 1
            log.error("activity_not_captured", error=type(error).__name__)  # noqa: TRY400 - a message may quote it

    async def send(
        self,
        *,
        to: str,
        text: str | None = None,
        card: Mapping[str, Any] | None = None,
        summary: str | None = None,
        tenant_id: str | None = None,
        sender: str | None = None,
        if_unreachable: IfUnreachable | str = IfUnreachable.FAIL,
    ) -> str:
        """Have one message sent to one person, in their Teams chat; returns the delivery's id once it is written down.

        ``to`` is the person's Entra object id or UPN.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: a field is wrong; it is named.
            Unreachable: the person cannot be reached, and why.
            Unavailable: Bellwire does not answer, or could not be opened so far.
        """
        kind = RecipientKind.UPN if "@" in to else RecipientKind.AAD_OBJECT_ID
        command = SendCommand(
            to=Recipient(kind, to, tenant_id),
            content=Content(text=text, card=None if card is None else dict(card), summary=summary),
            terms=Terms(sender=sender, if_unreachable=IfUnreachable(if_unreachable)),
        )
        return await self._ask(lambda home: home.send(command))

    async def chat(self, aad_object_id: str, *, tenant_id: str, sender: str | None = None) -> TeamsChat:
        """The person's Teams chat with the bot, for code that continues conversations itself.

        Raises:
            NotFound: the person was never seen, or not in a Teams chat.
            Unreachable: the chat cannot be written to at present, and why.
            Unavailable: Bellwire does not answer, or could not be opened so far.
        """
        return await self._ask(lambda home: home.chat(tenant_id.lower(), aad_object_id.lower(), sender))

    def close(self) -> None:
        """Write down what waits, and end; the end of the process does the same."""
        self._side.close()

    async def _ask(self, work: Callable[[Home], Coroutine[Any, Any, T]]) -> T:
        async def there() -> T:
            try:
                async with asyncio.timeout(OPENING_TIMEOUT):
                    await self._open.wait()
            except TimeoutError:
                raise Unavailable("Bellwire could not be opened.", remedy="Look for 'bellwire' in the log.") from None
            await self._catch_up()
            if self._home is None:
                raise Unavailable("Bellwire is just being opened again.")
            return await work(self._home)

        return await self._side.ask(there())

    async def _catch_up(self) -> None:
        """Take what was told before, so that whoever just wrote to the bot is known; though not at any price."""
        goal = self._handed_over + len(self._waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCHING_UP_TIMEOUT):
                while self._handed_over < goal:
                    self._moved.clear()
                    await self._moved.wait()

    async def _live(self, stop: asyncio.Event) -> None:
        """Open Bellwire and feed it; if that fails, try again, for as long as the bot runs."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                async with self._opening() as home:
                    pause = FIRST_PAUSE
                    await self._serve(home, stop)
            except Exception as error:
                _tell("bellwire_not_open", error)
            finally:
                self._home = None
                self._open.clear()
            pause = await _rested(stop, pause)

    async def _serve(self, home: Home, stop: asyncio.Event) -> None:
        """Feed it until the bot ends or it does; what it died of is raised."""
        self._home = home
        self._open.set()
        ways = [asyncio.ensure_future(way) for way in (self._feed(home), home.ended(), stop.wait())]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            way.result()
        if stop.is_set():
            async with asyncio.timeout(CLOSING_TIMEOUT):
                await self._hand_over(home)

    async def _feed(self, home: Home) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._hand_over(home)

    async def _hand_over(self, home: Home) -> None:
        """All that waits. What is taken leaves the queue only afterwards, so that a new beginning finds it again."""
        pause, size = FIRST_PAUSE, AT_ONCE
        while several := [self._waiting[index] for index in range(min(size, len(self._waiting)))]:
            try:
                async with asyncio.timeout(CAPTURE_TIMEOUT):
                    answers = await home.take(several)
            except (Unavailable, TimeoutError) as error:
                _tell("capture_waits", error)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            except Exception as error:
                if len(several) > 1:
                    size = 1  # from here on one by one: whichever it stumbles over must not cost the others
                    continue
                self.counts.failed += 1
                _tell("activity_not_captured", error)
            else:
                self._count(answers)
            pause = FIRST_PAUSE
            for _ in several:
                self._waiting.popleft()
            self._handed_over += len(several)
            self._moved.set()

    def _count(self, answers: Sequence[BellwireError | None]) -> None:
        refused = [error for error in answers if error is not None]
        self.counts.taken += len(answers) - len(refused)
        self.counts.refused += len(refused)
        for code, remedy in {(error.code, error.remedy) for error in refused}:
            log.warning("activity_refused", code=code, remedy=remedy)


async def _rested(stop: asyncio.Event, pause: float) -> float:
    """Wait until it is time for another try, or to stop; returns the next pause."""
    try:
        async with asyncio.timeout(pause):
            await stop.wait()
    except TimeoutError:
        return min(LONGEST_PAUSE, pause * 2)
    return pause


def _tell(event: str, error: BaseException) -> None:
    """Only what is known to quote nobody: our own errors in words, others by their class."""
    if isinstance(error, BellwireError):
        log.error(event, code=error.code, detail=error.detail, remedy=error.remedy)
    else:
        log.error(event, error=type(error).__name__)
