"""Microsoft Graph's front door: reads a request or a $batch, lets it in or not, and writes the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from bellwire.simulator.bot import Bot
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.grants import Grants
from bellwire.simulator.graph import no
from bellwire.simulator.graph.asked import Answer, GraphAsked, split
from bellwire.simulator.graph.desk import GraphDesk
from bellwire.simulator.graph.no import GraphRefusal, GraphRefused
from bellwire.simulator.ledger import Denial, Ledger
from bellwire.simulator.player import Dropped, Hit, Player, cut
from bellwire.simulator.refusal import Refused
from bellwire.simulator.script import Script
from bellwire.simulator.world import World

MOST_IN_A_BATCH = 20


class GraphDoor:
    """Every request to Graph comes through ``answer``. Faults hit the single operations, those in a batch too."""

    def __init__(
        self,
        world: World,
        grants: Grants,
        desk: GraphDesk,
        script: Script,
        player: Player,
        ledger: Ledger,
        clock: SimulatedClock,
    ) -> None:
        self._world = world
        self._grants = grants
        self._desk = desk
        self._script = script
        self._player = player
        self._ledger = ledger
        self._clock = clock
        self.base_url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """The response to one request."""
        try:
            bot, tenant_id = self._caller(request.headers.get("Authorization", ""))
            body = _parsed(await request.read())
            path = request.raw_path.partition("/v1.0")[2]
            if path == "/$batch" and request.method == "POST":
                return _response(200, {"responses": await self._batch(bot, tenant_id, body)})
            asked = self._asked(bot, tenant_id, request.method, path, request.headers, body)
            return _response(*await self._serve(asked))
        except GraphRefused as refused:
            return _response(refused.refusal.status, refused.refusal.body, refused.refusal.headers)
        except Dropped:
            return cut(request)

    def _caller(self, authorization: str) -> tuple[Bot, str]:
        grant = self._grants.find(authorization.removeprefix("Bearer "))
        if grant is None or grant.audience != self.base_url or grant.expires_at <= self._clock.now():
            raise GraphRefused(no.BAD_TOKEN)
        return self._world.bots[grant.app_id], grant.tenant_id

    async def _batch(self, bot: Bot, tenant_id: str, body: Any) -> list[dict[str, Any]]:
        requests = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_IN_A_BATCH:
            raise GraphRefused(no.BAD_REQUEST.but("A batch takes 1 to 20 requests."))
        if len({str(each.get("id")) for each in requests}) < len(requests):
            raise GraphRefused(no.BAD_REQUEST.but("The ids of a batch must be unique."))
        return [await self._item(bot, tenant_id, each) for each in requests]

    async def _item(self, bot: Bot, tenant_id: str, item: Mapping[str, Any]) -> dict[str, Any]:
        asked = self._asked(bot, tenant_id, item["method"], item["url"], item.get("headers", {}), item.get("body"))
        try:
            status, document, headers = await self._serve(asked)
        except GraphRefused as refused:
            status, document, headers = refused.refusal.status, refused.refusal.body, refused.refusal.headers
        return {"id": item["id"], "status": status, "headers": headers, "body": document}

    def _asked(
        self, bot: Bot, tenant_id: str, method: str, url: str, headers: Mapping[str, str], body: Any
    ) -> GraphAsked:
        parts, query = split(url)
        lowered = {name.lower(): value for name, value in headers.items()}
        return GraphAsked(bot, tenant_id, method, parts, query, lowered, body, self.base_url)

    async def _serve(self, asked: GraphAsked) -> Answer:
        operation = "unknown"
        try:
            operation = self._desk.operation(asked)
            return await self._performed(asked, operation)
        except GraphRefused as refused:
            self._deny(asked, operation, refused.refusal)
            raise

    async def _performed(self, asked: GraphAsked, operation: str) -> Answer:
        person = self._world.people.get((asked.person or "").lower())
        fault = self._script.pick(operation, person.aad_object_id if person else None, None)
        if fault is None:
            return self._desk.perform(asked)
        kept: list[Answer] = []

        def perform() -> tuple[int, dict[str, Any] | None]:
            kept.append(self._desk.perform(asked))
            return kept[0][:2]

        try:
            played = await self._player.play(fault, Hit(operation, asked.bot, person, None, None), perform)
        except Refused as refused:
            refusal = refused.refusal
            raise GraphRefused(
                GraphRefusal(refusal.status, refusal.code, refusal.message, headers=refusal.headers)
            ) from None
        return (200, {"value": "cut"}, {}) if isinstance(played, bytes) else kept[0]

    def _deny(self, asked: GraphAsked, operation: str, refusal: GraphRefusal) -> None:
        if operation != "install" or refusal.status == 409:
            return
        self._ledger.refuse(Denial(self._clock.now(), operation, None, asked.person, refusal.status, refusal.code))


def _parsed(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise GraphRefused(no.BAD_REQUEST.but("The body is no JSON.")) from None


def _response(status: int, document: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    body = b"" if document is None else orjson.dumps(document)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
