"""A lost answer is asked for again, with the same key, so that nothing is done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bellwire.client import AsyncClient
from bellwire.client.wire import MOST_TRIES
from bellwire.errors import BellwireError, InvalidInput, StoreUnavailable, Unavailable

DELIVERY = {
    "id": "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77",
    "state": "queued",
    "final": False,
    "sender": "alerts",
    "person": {"tenant_id": "t", "aad_object_id": "a"},
    "message_id": "m",
    "priority": "normal",
    "accepted_at": "2026-11-22T09:00:00Z",
    "attempt_count": 0,
    "of_a_later_version": {"more": 1},
}
Answer = Callable[[web.Request], web.Response | None]


class Moody:
    """A service that answers as told, one answer after the other; None breaks the connection off."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.answers = list(answers)
        self.keys: list[str | None] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.keys.append(request.headers.get("Idempotency-Key"))
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return answer


@asynccontextmanager
async def talking_to(*answers: web.Response | None) -> AsyncIterator[tuple[Moody, AsyncClient]]:
    moody = Moody(*answers)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", moody.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with AsyncClient(f"http://127.0.0.1:{runner.addresses[0][1]}", key="k") as client:
        yield moody, client
    await runner.cleanup()


def accepted() -> web.Response:
    return web.json_response(DELIVERY, status=202)


def unavailable() -> web.Response:
    body = {"code": "store_unavailable", "detail": "It does not answer.", "remedy": "Wait.", "status": 503}
    return web.json_response(body, status=503, headers={"Retry-After": "0"})


async def test_a_broken_connection_is_tried_again_with_the_same_key() -> None:
    async with talking_to(None, unavailable(), accepted()) as (moody, client):
        assert (await client.send(to="a", text="Hello")).id == DELIVERY["id"]
    assert len(moody.keys) == 3
    assert len(set(moody.keys)) == 1
    assert moody.keys[0]


async def test_two_sends_have_two_keys() -> None:
    async with talking_to(accepted(), accepted()) as (moody, client):
        await client.send(to="a", text="Hello")
        await client.send(to="a", text="Hello")
    assert len(set(moody.keys)) == 2


async def test_after_the_last_try_the_error_is_the_services() -> None:
    async with talking_to(*[unavailable() for _ in range(MOST_TRIES)]) as (moody, client):
        with pytest.raises(StoreUnavailable) as refused:
            await client.books()
    assert len(moody.keys) == MOST_TRIES
    assert refused.value.remedy == "Wait."


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (web.Response(status=422, text="no JSON"), InvalidInput),
        (web.Response(status=400, body=b"\xff"), InvalidInput),
        (web.json_response([], status=500), BellwireError),
        (web.json_response({"code": 1, "detail": None}, status=504), Unavailable),
        (web.Response(text="<html>"), BellwireError),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), BellwireError),
    ],
)
async def test_an_answer_that_is_no_problem_is_an_error_all_the_same(
    answer: web.Response, kind: type[BellwireError]
) -> None:
    async with talking_to(answer) as (moody, client):
        with pytest.raises(kind):
            await client.books()
    assert len(moody.keys) == 1
