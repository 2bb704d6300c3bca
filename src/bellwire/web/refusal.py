"""Turns a request away whose body nobody wants, in such a way that the sender still hears why."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive, Scope, Send

from bellwire.errors import BellwireError
from bellwire.web.problems import problem

LINGER_BYTES: Final = 4_000_000
LINGER_SECONDS: Final = 2.0


class TurnedAway:
    """ASGI: answers at once, then lets some of the body run into the void, and closes the connection.

    A connection that is closed over unread bytes is reset, and a reset overtakes the answer: the sender would see a
    broken connection instead of the reason.
    """

    def __init__(self, error: BellwireError) -> None:
        self._answer = problem(error, headers={"Connection": "close"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Answer, and linger for ``LINGER_BYTES`` or ``LINGER_SECONDS`` at most."""
        answer = self._answer
        await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await _linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _linger(receive: Receive) -> None:
    left = LINGER_BYTES
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
