"""Bellwire attached to a bot: takes what the bot tells without ever keeping it waiting, and sends what it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from bellwire.embed.feed import FIRST_PAUSE, LONGEST_PAUSE, ROOM, Counts, Feed, note
from bellwire.embed.home import Home, TeamsChat
from bellwire.embed.opening import Opening
from bellwire.embed.side import Side
from bellwire.embed.told import Told
from bellwire.errors import InvalidInput, Unavailable
from bellwire.logs import lead_logs
from bellwire.model.delivery import IfUnreachable, OnUnknown, Priority
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.service.command import Content, SendCommand, Terms

OPENING_TIMEOUT: Final = 30.0
CLOSING_TIMEOUT: Final = 5.0

T = TypeVar("T")


class Attached:
    """Made by ``attach`` of one of the SDKs' modules. Its methods may be called from any event loop and thread."""

    def __init__(self, opening: Opening, *, room: int = ROOM) -> None:
        lead_logs()
        self._opening = opening
        self._feed = Feed[Told](room)
        self._open = asyncio.Event()
        self._home: Home | None = None
        self._side = Side(self._live)

    @property
    def counts(self) -> Counts:
        """What became of the activities so far."""
        return self._feed.counts

    def offer(self, tell: Callable[[], Told]) -> None:
        """Hand one activity to capture; never waits and never raises. ``tell`` makes it of the turn; it may raise."""
        self._feed.offer(tell, self._ring)

    async def send(
        self,
        *,
        to: str,
        text: str | None = None,
        card: Mapping[str, Any] | None = None,
        summary: str | None = None,
        tenant_id: str | None = None,
        sender: str | None = None,
        priority: str = "normal",
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        if_unreachable: IfUnreachable | str = IfUnreachable.FAIL,
        on_unknown: OnUnknown | str = OnUnknown.HOLD,
        reference: str | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """Have one message sent to one person, in their Teams chat; returns the delivery's id once it is written down.

        ``to`` is the person's Entra object id, e-mail address or UPN. ``priority`` is urgent, normal or bulk. Times
        have a time zone; what has not gone out by ``expires_at`` is not sent. ``reference`` is a word of the caller's
        own, kept with the delivery. The same ``idempotency_key`` within 24 hours is answered as the first time, so that
        a bot that asks again sends once. All mean what they mean in ``POST /v1/messages``.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: a field is wrong; it is named.
            Unreachable: the person cannot be reached, and why.
            Unavailable: Bellwire does not answer, or could not be opened so far.
        """
        kind = RecipientKind.EMAIL if "@" in to else RecipientKind.AAD_OBJECT_ID
        command = SendCommand(
            to=Recipient(kind, to, tenant_id),
            content=Content(text=text, card=None if card is None else dict(card), summary=summary),
            terms=Terms(
                sender=sender,
                priority=_chosen({each.name.lower(): each for each in Priority}, priority, "priority"),
                send_at=send_at,
                expires_at=expires_at,
                if_unreachable=_chosen({each.value: each for each in IfUnreachable}, if_unreachable, "if_unreachable"),
                on_unknown=_chosen({each.value: each for each in OnUnknown}, on_unknown, "on_unknown"),
                reference=reference,
            ),
        )
        return await self._ask(lambda home: home.send(command, idempotency_key))

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
            await self._feed.caught_up()
            if self._home is None:
                raise Unavailable("Bellwire is just being opened again.")
            return await work(self._home)

        return await self._side.ask(there())

    async def _live(self, stop: asyncio.Event) -> None:
        """Open Bellwire and feed it; if that fails, try again, for as long as the bot runs."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                async with self._opening() as home:
                    pause = FIRST_PAUSE
                    await self._serve(home, stop)
            except Exception as error:
                note("bellwire_not_open", error)
            finally:
                self._home = None
                self._open.clear()
            pause = await _rested(stop, pause)

    async def _serve(self, home: Home, stop: asyncio.Event) -> None:
        """Feed it until the bot ends or it does; what it died of is raised."""
        self._home = home
        self._open.set()
        ways = [asyncio.ensure_future(way) for way in (self._feed.run(home.take), home.ended(), stop.wait())]
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
                await self._feed.hand_over(home.take)

    def _ring(self) -> None:
        self._side.call(self._feed.arrived.set)


async def _rested(stop: asyncio.Event, pause: float) -> float:
    """Wait until it is time for another try, or to stop; returns the next pause."""
    try:
        async with asyncio.timeout(pause):
            await stop.wait()
    except TimeoutError:
        return min(LONGEST_PAUSE, pause * 2)
    return pause


def _chosen(choices: Mapping[str, T], value: str, field: str) -> T:
    if value not in choices:
        raise InvalidInput("There is no such choice.", field=field, remedy=f"Use one of {', '.join(choices)}.")
    return choices[value]
