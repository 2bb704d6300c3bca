"""What is told goes into a bounded queue beside the bot: whatever capture does, telling returns at once."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bellwire.embed.attached import Attached
from bellwire.embed.home import TeamsChat, no_chat
from bellwire.embed.told import Told, told
from bellwire.errors import BellwireError, StoreUnavailable, TenantNotAllowed
from bellwire.service.command import SendCommand
from tests.support.activities import SERVICE_URL, message

CLAIMS = {"aud": "app", "serviceurl": SERVICE_URL}
Take = Callable[[Sequence[Told]], Any]


class Scene:
    """A Bellwire beside a bot that takes as the test says; ``taken`` is rung after everything that was told."""

    def __init__(self, take: Take) -> None:
        self.take_as = take
        self.seen: list[Told] = []
        self.opened = 0
        self.moved = threading.Semaphore(0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Scene]:
        self.opened += 1
        yield self

    async def take(self, several: Sequence[Told]) -> Sequence[BellwireError | None]:
        try:
            answers = self.take_as(several)
            if asyncio.iscoroutine(answers):
                answers = await answers
        finally:
            self.moved.release()
        self.seen += several
        return answers if answers is not None else [None] * len(several)

    async def send(self, command: SendCommand, idempotency_key: str | None) -> str:
        return "delivery"

    async def chat(self, tenant_id: str, aad_object_id: str, sender: str | None) -> TeamsChat:
        raise no_chat()

    async def ended(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def attached_to() -> Iterator[Callable[..., Attached]]:
    opened: list[Attached] = []

    def attach(scene: Scene, **options: Any) -> Attached:
        opened.append(Attached(scene.open, **options))
        return opened[-1]

    yield attach
    for each in opened:
        each.close()


def tell(text: str = "secret words") -> Told:
    return told(CLAIMS, message(text=text))


def test_what_is_told_is_taken_without_what_people_said(attached_to: Callable[..., Attached]) -> None:
    scene = Scene(lambda several: None)
    attached = attached_to(scene)
    attached.offer(tell)
    attached.close()
    (one,) = scene.seen
    assert one.read()["from"] == message()["from"]
    assert b"secret" not in one.activity
    assert "29:" not in repr(one)
    assert (attached.counts.offered, attached.counts.taken) == (1, 1)


def test_a_queue_that_is_full_drops_and_counts(attached_to: Callable[..., Attached]) -> None:
    gate = threading.Event()
    scene = Scene(lambda several: gate.wait(10) and None)  # blocks the side's whole event loop
    attached = attached_to(scene, room=5)
    began = time.monotonic()
    for _ in range(100):
        attached.offer(tell)
    assert time.monotonic() - began < 1.0
    gate.set()
    attached.close()
    assert attached.counts.dropped >= 90
    assert attached.counts.taken + attached.counts.dropped == attached.counts.offered == 100


def test_what_could_not_be_kept_is_told_again(attached_to: Callable[..., Attached]) -> None:
    refusals = iter([StoreUnavailable("There is no room left."), StoreUnavailable("There is no room left.")])

    def take(several: Sequence[Told]) -> None:
        if (refusal := next(refusals, None)) is not None:
            raise refusal

    scene = Scene(take)
    attached = attached_to(scene)
    attached.offer(tell)
    for _ in range(3):
        assert scene.moved.acquire(timeout=10)
    attached.close()
    assert (len(scene.seen), attached.counts.taken, attached.counts.failed) == (1, 1, 0)


def test_one_that_capture_stumbles_over_costs_no_other(attached_to: Callable[..., Attached]) -> None:
    gate = threading.Event()
    poison = told(CLAIMS, message(id="poison"))

    def take(several: Sequence[Told]) -> None:
        gate.wait(10)
        if poison in several:
            raise RuntimeError("secret words")

    scene = Scene(take)
    attached = attached_to(scene)
    for each in (tell(), poison, tell(), tell()):
        attached.offer(lambda each=each: each)  # type: ignore[misc]
    gate.set()
    attached.close()
    assert (len(scene.seen), attached.counts.taken, attached.counts.failed) == (3, 3, 1)


def test_a_refusal_is_counted_and_named(attached_to: Callable[..., Attached], caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(lambda several: [TenantNotAllowed("Not on the list.") for _ in several])
    attached = attached_to(scene)
    with caplog.at_level(logging.WARNING):
        attached.offer(tell)
        attached.close()
    assert (attached.counts.refused, attached.counts.taken) == (1, 0)
    assert "tenant_not_allowed" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": "app"},
        {"aud": ["app"], "serviceurl": SERVICE_URL},
        {"aud": "app", "serviceurl": "https://elsewhere.example/"},
    ],
    ids=["no token", "no service url", "two audiences", "another service url"],
)
def test_a_turn_that_nobody_vouches_for_teaches_nothing(
    attached_to: Callable[..., Attached], claims: dict[str, Any]
) -> None:
    scene = Scene(lambda several: None)
    attached = attached_to(scene)
    attached.offer(lambda: told(claims, message()))
    attached.close()
    assert (scene.seen, attached.counts.unproven) == ([], 1)


def test_a_turn_that_cannot_be_read_is_counted_and_goes_on(attached_to: Callable[..., Attached]) -> None:
    def broken() -> Told:
        raise KeyError("secret words")

    attached = attached_to(Scene(lambda several: None))
    attached.offer(broken)
    attached.close()
    assert attached.counts.failed == 1


async def test_whoever_just_wrote_is_known_before_a_message_goes_out(attached_to: Callable[..., Attached]) -> None:
    scene = Scene(lambda several: asyncio.sleep(0))
    attached = attached_to(scene)
    attached.offer(tell)
    assert await attached.send(to="5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f", text="Hello") == "delivery"
    assert len(scene.seen) == 1


def test_if_it_cannot_be_opened_it_is_tried_again(attached_to: Callable[..., Attached]) -> None:
    class Closed(Scene):
        @asynccontextmanager
        async def open(self) -> AsyncIterator[Scene]:
            self.opened += 1
            if self.opened < 3:
                raise StoreUnavailable("No database.")
            yield self

    scene = Closed(lambda several: None)
    attached = attached_to(scene)
    attached.offer(tell)
    assert scene.moved.acquire(timeout=10)
    attached.close()
    assert (scene.opened, attached.counts.taken) == (3, 1)
