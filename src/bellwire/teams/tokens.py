"""The bot's own token: kept, renewed ahead of time and in one flight, so that no sender ever waits for a renewal.

A token that still holds is handed out at once while its successor is fetched. Only who finds none at all waits, and
all of them for the same request. After a failure the next request waits a few seconds, whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from bellwire.errors import Unavailable
from bellwire.model.outcome import Halt, Outcome, Retry, Scope
from bellwire.model.reason import Reason

AHEAD: Final = timedelta(minutes=5)
"""How long before its end a token is renewed; a short one after two thirds of its life."""

LAST_SECONDS: Final = timedelta(seconds=10)
"""With less than this left a token is not sent any more, since it could end on the way; with a short one, a sixth."""

FETCH_SECONDS: Final = 30.0
PAUSE: Final = timedelta(seconds=5)
PAUSE_WHEN_REFUSED: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Token:
    """A bearer token and its life, in UTC."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime

    @cached_property
    def renew_at(self) -> datetime:
        """From when on a successor is fetched."""
        return self.expires_at - min(AHEAD, (self.expires_at - self.issued_at) / 3)

    @cached_property
    def good_until(self) -> datetime:
        """Until when it may be sent."""
        return self.expires_at - min(LAST_SECONDS, (self.expires_at - self.issued_at) / 6)


class TokenFailure(Unavailable):
    """No token can be had. ``refused`` says that the credentials are to blame, so that trying again cannot help.

    ``retry_after`` is the seconds until it is worth asking again; ``said`` is the login service's own code.
    """

    code = "token_unavailable"
    title = "No token for the bot can be had."
    remedy = "Try again in a moment; check that this machine reaches the login service (through HTTPS_PROXY?)."

    def __init__(
        self, said: str, *, refused: bool, status: int | None = None, retry_after: float | None = None
    ) -> None:
        remedy = "Check the sender's tenant, app id and secret or certificate." if refused else None
        super().__init__(f"The login service gave no token: {said}.", remedy=remedy)
        self.said = said
        self.refused = refused
        self.answer_status = status
        self.retry_after = retry_after


class TokenSource:
    """One sender's token. ``fetch`` asks for a new one; ``clock`` tells the time in UTC."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token: Token | None = None
        self._pausing: tuple[TokenFailure, datetime] | None = None
        self._fetching: asyncio.Task[Token] | None = None

    async def token(self) -> str:
        """A token that holds.

        Raises:
            TokenFailure: there is none, and none can be had at present.
        """
        now = self._clock()
        token = self._token
        pause = self._pause_left(now)
        if token is not None and now < token.good_until:
            if now >= token.renew_at and pause is None:
                self._begin()
            return token.value
        if pause is not None and self._fetching is None:
            raise pause
        return (await asyncio.shield(self._begin())).value

    def refused(self, token: str) -> None:
        """Teams answered 401 to this token: forget it, unless it was replaced meanwhile."""
        if self._token is not None and self._token.value == token:
            self._token = None

    async def close(self) -> None:
        """Give up a request that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _pause_left(self, now: datetime) -> TokenFailure | None:
        """The last failure once more, as long as it is too early to ask again."""
        if self._pausing is None or now >= self._pausing[1]:
            return None
        failure, until = self._pausing
        left = (until - now).total_seconds()
        return TokenFailure(failure.said, refused=failure.refused, status=failure.answer_status, retry_after=left)

    def _begin(self) -> asyncio.Task[Token]:
        """The one request that runs, begun now if there is none."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew())
            self._fetching.add_done_callback(self._ended)
        return self._fetching

    async def _renew(self) -> Token:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await self._fetch()
        except TimeoutError:
            raise TokenFailure("no answer in time", refused=False) from None

    def _ended(self, fetching: asyncio.Task[Token]) -> None:
        self._fetching = None
        if fetching.cancelled():
            return
        failure = fetching.exception()
        if failure is None:
            self._token, self._pausing = fetching.result(), None
        elif isinstance(failure, TokenFailure):
            self._pausing = failure, self._clock() + _pause(failure)


def without_token(failure: TokenFailure) -> Outcome:
    """What comes of it: nothing was written, and since all of the sender is concerned, its lane pauses."""
    if failure.refused:
        return Halt(Reason.TOKEN_REFUSED, failure.answer_status, failure.said)
    return Retry(failure.answer_status, failure.said, failure.retry_after, Scope.TENANT)


def _pause(failure: TokenFailure) -> timedelta:
    if failure.refused:
        return PAUSE_WHEN_REFUSED
    return PAUSE if failure.retry_after is None else timedelta(seconds=failure.retry_after)
