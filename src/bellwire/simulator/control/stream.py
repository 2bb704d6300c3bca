"""Server-sent events: everything that happens, as it happens."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web

from bellwire.simulator.events import Event
from bellwire.simulator.playground import Playground

KEEP_ALIVE = 15.0


class Stream:
    """GET /control/events."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Ends when the reader goes, or the simulator closes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        try:
            with self._sim.events.listening() as queue:
                await response.prepare(request)
                await response.write(b": welcome\n\n")
                await self._pour(queue, response)
        except ConnectionResetError:
            pass  # the reader went away, which is how every stream ends
        return response

    async def _pour(self, queue: asyncio.Queue[Event], response: web.StreamResponse) -> None:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    event = await queue.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            kind = event["event"]
            if kind == "closing":
                return
            await response.write(b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(event)))
