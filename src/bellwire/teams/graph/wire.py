"""Requests to Microsoft Graph, alone and in batches of 20, each repeated a few times where that may help.

Every item of a batch is throttled alone (https://learn.microsoft.com/graph/json-batching), so only those that were
refused for a passing reason are asked again, after the longest Retry-After among them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import ClientSession
from yarl import URL

from bellwire.errors import ConfigError
from bellwire.model.directory import Refused
from bellwire.model.reason import Reason
from bellwire.net import Answer, NoAnswer, exchange, timeouts
from bellwire.teams.envelopes import retry_after
from bellwire.teams.graph.failures import SUCCESS, About, GraphUnavailable, Passing, verdict
from bellwire.teams.graph.tokens import GraphTokens
from bellwire.teams.tokens import TokenFailure

IN_A_BATCH: Final = 20
PAUSES: Final = (0.5, 2.0)
"""Seconds before the second and the third try, where Graph does not say how long to wait."""
LONGEST_PAUSE: Final = 15.0
"""Seconds; whoever is to wait longer than this is told to come back later."""
MOST_ANSWER: Final = 8 << 20
_ADVANCED: Final = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: ``path`` follows the version and is encoded. ``advanced`` asks for the directory's search index."""

    method: str
    path: str
    about: About
    body: Mapping[str, Any] | None = None
    advanced: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Those that it needs besides the token."""
        return {**(_ADVANCED if self.advanced else {}), **({"Content-Type": "application/json"} if self.body else {})}


@dataclass(frozen=True, slots=True)
class Told:
    """What Graph answered with success."""

    status: int
    document: Mapping[str, Any] = field(repr=False)

    @property
    def listed(self) -> list[Mapping[str, Any]]:
        """The objects of a collection."""
        value = self.document.get("value")
        return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


Reply = Told | Refused | Passing


class GraphWire:
    """One sender's way to Graph. ``pause`` waits so many seconds; ``clock`` tells the time in UTC."""

    def __init__(
        self,
        session: ClientSession,
        graph_url: str,
        tokens: GraphTokens,
        *,
        clock: Callable[[], datetime],
        timeout: float = 30.0,
        pause: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._base = f"{graph_url.rstrip('/')}/v1.0"
        self._tokens = tokens
        self._clock = clock
        self._timeout = timeouts(timeout)
        self._pause = pause

    @property
    def base(self) -> str:
        """What all paths are below."""
        return self._base

    async def ask(self, tenant_id: str, ask: Ask) -> Told | Refused:
        """One request, repeated where that may help.

        Raises:
            GraphUnavailable: it still fails for a passing reason.
        """
        for pause in (*PAUSES, None):
            reply = await self.once(tenant_id, ask)
            if not isinstance(reply, Passing):
                return reply
            await self._again(reply, pause)
        raise AssertionError("the last try returns or raises")

    async def once(self, tenant_id: str, ask: Ask) -> Reply:
        """One request, not repeated."""
        content = None if ask.body is None else orjson.dumps(ask.body)
        answer = await self._exchange(tenant_id, ask.method, f"{self._base}{ask.path}", ask.headers, content)
        if isinstance(answer, Refused | Passing):
            return answer
        return self._read(answer.status, _document(answer.body), answer.headers, ask.about)

    async def batch(self, tenant_id: str, asks: Sequence[Ask]) -> list[Told | Refused]:
        """Any number of requests in batches, one after the other; the answers in their order.

        Raises:
            GraphUnavailable: one of them still fails for a passing reason.
        """
        found: list[Told | Refused] = []
        for start in range(0, len(asks), IN_A_BATCH):
            found += await self._batch(tenant_id, asks[start : start + IN_A_BATCH])
        return found

    async def _batch(self, tenant_id: str, asks: Sequence[Ask]) -> list[Told | Refused]:
        done: dict[int, Told | Refused] = {}
        for pause in (*PAUSES, None):
            open_asks = {number: ask for number, ask in enumerate(asks) if number not in done}
            replies = await self._envelope(tenant_id, open_asks)
            done.update((n, reply) for n, reply in replies.items() if not isinstance(reply, Passing))
            if len(done) == len(asks):
                return [done[number] for number in range(len(asks))]
            await self._again(_longest(reply for reply in replies.values() if isinstance(reply, Passing)), pause)
        raise AssertionError("the last try returns or raises")

    async def _envelope(self, tenant_id: str, asks: Mapping[int, Ask]) -> dict[int, Reply]:
        requests = [
            {
                "id": str(number),
                "method": ask.method,
                "url": ask.path,
                **({"headers": ask.headers} if ask.headers else {}),
                **({"body": ask.body} if ask.body else {}),
            }
            for number, ask in asks.items()
        ]
        content = orjson.dumps({"requests": requests})
        answer = await self._exchange(tenant_id, "POST", f"{self._base}/$batch", {}, content)
        if isinstance(answer, Refused | Passing):
            return dict.fromkeys(asks, answer)
        document = _document(answer.body)
        items = document.get("responses") if answer.status == 200 else None
        if not isinstance(items, list):
            about = next(iter(asks.values())).about
            return dict.fromkeys(asks, self._read(answer.status, document, answer.headers, about, batch=True))
        by_id = {each.get("id"): each for each in items if isinstance(each, dict)}
        return {number: self._item(by_id.get(str(number)), ask) for number, ask in asks.items()}

    def _item(self, item: Any, ask: Ask) -> Reply:
        if item is None or not isinstance(item.get("status"), int):
            return Passing(None, "broken_batch")
        headers = item.get("headers")
        lowered = (
            {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        )
        body = item.get("body")
        return self._read(item["status"], body if isinstance(body, dict) else {}, lowered, ask.about)

    def _read(
        self, status: int, document: Mapping[str, Any], headers: Mapping[str, str], about: About, *, batch: bool = False
    ) -> Reply:
        if status in SUCCESS:
            return Passing(status, "broken_batch") if batch else Told(status, document)
        after = retry_after(headers.get("Retry-After") or headers.get("retry-after"), self._clock())
        return verdict(status, document, after, about)

    async def _exchange(
        self, tenant_id: str, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Answer | Refused | Passing:
        """Once more with a new token where the first was refused."""
        try:
            for last in (False, True):
                token = await self._tokens.token(tenant_id)
                answer = await exchange(
                    self._session,
                    method,
                    URL(url, encoded=True),
                    headers={**headers, "Authorization": f"Bearer {token}"},
                    content=content,
                    timeout=self._timeout,
                    most=MOST_ANSWER,
                )
                if answer.status != 401 or last:
                    break
                self._tokens.refused(tenant_id, token)
        except NoAnswer as lost:
            return Passing(None, lost.kind)
        except TokenFailure as failure:
            return _without_token(failure)
        except ConfigError:
            return Refused(Reason.CONSENT_MISSING, None, "no_such_tenant")
        return answer

    async def _again(self, reply: Passing, pause: float | None) -> None:
        """Wait for the next try; ``pause`` is None if that was the last one."""
        wait = reply.after if reply.after is not None else pause
        if pause is None or wait is None or wait > LONGEST_PAUSE:
            raise GraphUnavailable(reply)
        await self._pause(wait)


def _without_token(failure: TokenFailure) -> Refused | Passing:
    """The login service knows no application of ours in the tenant, or refuses our credentials."""
    if failure.refused:
        return Refused(Reason.CONSENT_MISSING, failure.answer_status, failure.said)
    return Passing(failure.answer_status, failure.said, failure.retry_after)


def _longest(replies: Iterable[Passing]) -> Passing:
    return max(replies, key=lambda reply: reply.after if reply.after is not None else -1.0)


def _document(body: bytes | None) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
