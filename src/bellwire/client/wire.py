"""The HTTP under the client: one pooled session, errors as exceptions, and retries that can do no harm."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import aiohttp

from bellwire.client.refusal import error_of
from bellwire.connections import Connector, kind_of
from bellwire.errors import InvalidInput, Unavailable

MOST_TRIES: Final = 4
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
MOST_CONNECTIONS: Final = 100
PASSING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})


class Wire:
    """Calls to one service with one key. Every call that it is given must be safe to repeat."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise InvalidInput(
                "The service's address begins with http:// or https://.",
                field="url",
                remedy="Write it as http://127.0.0.1:3978.",
            )
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | None] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The answer's JSON.

        Raises:
            BellwireError: the one that the service names, or ``Unavailable`` if it does not answer.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        params = {name: value for name, value in (query or {}).items() if value is not None}
        for tried in range(1, MOST_TRIES + 1):
            last = tried == MOST_TRIES
            try:
                status, pause, answer = await self._once(method, path, body=body, params=params, headers=headers)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if last:
                    # The cause would carry the key, and a proxy's password, into a report of it.
                    raise self._silent(error) from None
                pause = None
            else:
                if status == HTTPStatus.NO_CONTENT or (
                    status < HTTPStatus.MULTIPLE_CHOICES and isinstance(answer, dict)
                ):
                    return answer
                if last or status not in PASSING:
                    raise error_of(status, answer)
            await asyncio.sleep(_pause(tried, pause, random.random()))  # noqa: S311 - jitter is no secret
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(
        self, method: str, path: str, *, body: Mapping[str, Any] | None, params: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, float | None, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=MOST_CONNECTIONS), headers=self._headers, timeout=self._timeout
            )
        content = None
        if body is not None:
            content, headers = BytesIO(json.dumps(body).encode()), {**headers, "Content-Type": "application/json"}
        async with self._session.request(
            method, self.url + path, data=content, params=params, headers=headers, allow_redirects=False
        ) as response:
            answer = await response.read()
            return response.status, _seconds(response.headers.get("Retry-After")), _parsed(answer)

    def _silent(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The service at {self.url} does not answer: {kind_of(error).replace('_', ' ')}.",
            remedy="Check the address and that 'bellwire serve' runs there, then try again.",
        )


def _pause(tried: int, asked: float | None, random_number: float) -> float:
    """What the service asked for, or else longer each time and never twice the same."""
    if asked is not None:
        return min(asked, LONGEST_PAUSE)
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**tried * (0.5 + random_number)))


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else None


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
