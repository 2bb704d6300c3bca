"""The bot's token is always there: renewed ahead of time, in one flight, and nobody waits for a renewal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bellwire.teams.tokens import Token, TokenFailure, TokenSource
from tests.support.wire import Clock


@dataclass
class Login:
    """A login service in person: each request waits until it may be answered."""

    clock: Clock
    life: timedelta = timedelta(hours=1)
    failure: TokenFailure | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def __call__(self) -> Token:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return Token(f"token-{number}", self.clock(), self.clock() + self.life)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def login(clock: Clock) -> Login:
    made = Login(clock)
    made.open.set()
    return made


@pytest.fixture
async def tokens(login: Login, clock: Clock) -> AsyncIterator[TokenSource]:
    source = TokenSource(login, clock=clock)
    yield source
    await source.close()


async def turn() -> None:
    """Let what was begun go on until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_token_is_asked_for_once_and_kept(tokens: TokenSource, login: Login) -> None:
    assert [await tokens.token() for _ in range(5)] == ["token-1"] * 5
    assert login.asked == 1


async def test_many_who_need_the_first_token_share_one_request(tokens: TokenSource, login: Login) -> None:
    login.open.clear()
    waiting = [asyncio.ensure_future(tokens.token()) for _ in range(100)]
    await turn()
    login.open.set()
    assert set(await asyncio.gather(*waiting)) == {"token-1"}
    assert login.asked == 1


async def test_a_renewal_five_minutes_ahead_keeps_nobody_waiting(
    tokens: TokenSource, login: Login, clock: Clock
) -> None:
    await tokens.token()
    clock.go(minutes=54)
    await tokens.token()
    assert login.asked == 1
    clock.go(minutes=1)
    login.open.clear()
    assert [await tokens.token() for _ in range(10)] == ["token-1"] * 10
    await turn()
    assert login.asked == 2
    login.open.set()
    await turn()
    assert await tokens.token() == "token-2"


async def test_a_short_token_is_renewed_after_two_thirds_of_its_life(
    tokens: TokenSource, login: Login, clock: Clock
) -> None:
    login.life = timedelta(seconds=60)
    await tokens.token()
    clock.go(seconds=39)
    await tokens.token()
    await turn()
    assert login.asked == 1
    clock.go(seconds=1)
    await tokens.token()
    await turn()
    assert login.asked == 2


async def test_a_token_about_to_end_is_not_sent_any_more(tokens: TokenSource, login: Login, clock: Clock) -> None:
    await tokens.token()
    clock.go(minutes=59, seconds=51)
    assert await tokens.token() == "token-2"


async def test_a_renewal_that_fails_leaves_the_old_token_and_pauses(
    tokens: TokenSource, login: Login, clock: Clock
) -> None:
    await tokens.token()
    login.failure = TokenFailure("status 503", refused=False, status=503)
    clock.go(minutes=56)
    for _ in range(20):
        assert await tokens.token() == "token-1"
        await turn()
    assert login.asked == 2
    clock.go(seconds=5)
    login.failure = None
    await tokens.token()
    await turn()
    assert await tokens.token() == "token-3"


async def test_without_a_token_everybody_is_told_until_when_to_wait(
    tokens: TokenSource, login: Login, clock: Clock
) -> None:
    login.failure = TokenFailure("status 503", refused=False, status=503, retry_after=20.0)
    with pytest.raises(TokenFailure):
        await tokens.token()
    clock.go(seconds=8)
    for _ in range(10):
        with pytest.raises(TokenFailure) as raised:
            await tokens.token()
        assert (raised.value.refused, raised.value.retry_after) == (False, 12.0)
    assert login.asked == 1
    clock.go(seconds=12)
    login.failure = None
    assert await tokens.token() == "token-2"


async def test_refused_credentials_are_not_tried_again_at_once(tokens: TokenSource, login: Login, clock: Clock) -> None:
    login.failure = TokenFailure("invalid_client", refused=True, status=401)
    for _ in range(10):
        with pytest.raises(TokenFailure) as raised:
            await tokens.token()
        assert raised.value.refused
    assert login.asked == 1
    clock.go(seconds=30)
    login.failure = None
    assert await tokens.token() == "token-2"


async def test_a_refused_token_is_dropped_once(tokens: TokenSource, login: Login) -> None:
    first = await tokens.token()
    tokens.refused(first)
    assert await tokens.token() == "token-2"
    for _ in range(10):
        tokens.refused(first)
    assert await tokens.token() == "token-2"
    assert login.asked == 2


async def test_a_hundred_refusals_of_one_token_cost_one_request(tokens: TokenSource, login: Login) -> None:
    first = await tokens.token()

    async def refused() -> str:
        tokens.refused(first)
        return await tokens.token()

    assert set(await asyncio.gather(*[refused() for _ in range(100)])) == {"token-2"}
    assert login.asked == 2


async def test_one_who_gives_up_does_not_end_the_request_for_the_others(tokens: TokenSource, login: Login) -> None:
    login.open.clear()
    impatient = asyncio.ensure_future(tokens.token())
    patient = asyncio.ensure_future(tokens.token())
    await turn()
    impatient.cancel()
    login.open.set()
    assert await patient == "token-1"


async def test_a_token_shows_in_no_text(tokens: TokenSource, login: Login) -> None:
    await tokens.token()
    assert "token-1" not in repr(await login())
    assert "token-1" not in repr(tokens)
