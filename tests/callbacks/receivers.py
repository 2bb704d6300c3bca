"""Receivers on real ports, and a dispatcher that tells them, without the rest of the service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import orjson
from aiohttp import web

from bellwire.callbacks.dispatcher import Dispatcher
from bellwire.callbacks.post import Post
from bellwire.model.callback import CallbackPolicy, Event, Reply
from bellwire.store import callbacks, deliveries
from bellwire.store.callbacks import Callback
from bellwire.store.database import Database
from tests.store.examples import NOW, a_delivery, new_id
from tests.support.wire import Asked, Server, serving

PATIENCE = 20.0
SECRET = "whsec_" + "c2VjcmV0IG9mIGEgcmVjZWl2ZXI="


class Receiver:
    """Takes what it is told, or answers what a test wants; ``told`` gives the next request that came."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.silent = False
        self.came: asyncio.Queue[Asked] = asyncio.Queue()
        self.server: Server | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"{self.server.url}/hook?sig=a-secret-of-the-receiver"

    async def answer(self, asked: Asked) -> web.StreamResponse:
        self.came.put_nowait(asked)
        if self.silent:
            await asyncio.Event().wait()
        return web.Response(status=self.status, headers=self.headers)

    async def asked(self) -> Asked:
        """The next request that came."""
        return await asyncio.wait_for(self.came.get(), PATIENCE)

    async def told(self) -> str:
        """The id of the delivery that the next request tells of."""
        found: str = orjson.loads((await self.asked()).body)["data"]["id"]
        return found


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    async with serving(receiver.answer) as server:
        receiver.server = server
        yield receiver


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def go(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Office:
    """A database, a clock, and dispatchers that tell receivers."""

    database: Database
    clock: HandClock = field(default_factory=HandClock)
    replies: asyncio.Queue[Reply] = field(default_factory=asyncio.Queue)

    async def subscribe(self, url: str, **more: Any) -> str:
        callback = Callback(
            id=new_id(),
            key_id="caller",
            url=url,
            events=(Event.DELIVERY_ENDED,),
            secret=SECRET,
            created_at=self.clock(),
            **more,
        )
        assert await self.database.write(partial(callbacks.add, callback=callback, most=100))
        return callback.id

    async def end(self, count: int = 1, **fields: Any) -> list[str]:
        """Have deliveries accepted and cancelled."""
        new = [a_delivery(**fields) for _ in range(count)]
        await self.database.write(lambda conn: deliveries.accept(conn, new))
        for each in new:
            await self.database.write(partial(deliveries.cancel, delivery_id=each.delivery.id, now=self.clock()))
        return [each.delivery.id for each in new]

    async def callback(self, callback_id: str) -> Callback:
        found = await self.database.read(partial(callbacks.get, callback_id=callback_id))
        assert found is not None
        return found

    async def backlog(self, callback_id: str) -> callbacks.Backlog:
        return (await self.database.read(callbacks.backlogs)).get(callback_id, callbacks.Backlog())

    async def reply(self) -> Reply:
        """What the next request came to."""
        return await asyncio.wait_for(self.replies.get(), PATIENCE)

    @contextlib.asynccontextmanager
    async def dispatching(
        self, policy: CallbackPolicy | None = None, *, inside: str = "127.0.0.1"
    ) -> AsyncIterator[Dispatcher]:
        """Tell receivers for as long as the block runs; those at the host ``inside`` may be in the own network."""
        async with Post.open([inside], policy or CallbackPolicy(), self.clock) as post:
            dispatcher = Dispatcher(
                self.database, post, clock=self.clock, told=self.replies.put_nowait, poll=0.02, random=Random(7)
            )
            dispatcher.start()
            try:
                yield dispatcher
            finally:
                await dispatcher.stop()
