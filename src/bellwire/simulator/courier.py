"""Carries activities to a bot's endpoint over HTTP, signed, and writes down what the bot answered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import orjson

from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Json
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.events import Events
from bellwire.simulator.signing import Flaw, Signer

PATIENCE = 15.0
TRIES = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bot answered to one activity. ``status`` is None where no answer came, and ``problem`` says why."""

    at: datetime
    activity: Json
    status: int | None
    seconds: float
    tries: int
    body: bytes = b""
    problem: str | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Delivers at most ``TRIES`` times: again only after a 5xx or where no answer came."""

    def __init__(self, signer: Signer, clock: SimulatedClock, events: Events) -> None:
        self._signer = signer
        self._clock = clock
        self._events = events
        self._session: aiohttp.ClientSession | None = None
        self.answers: list[Answer] = []

    async def start(self) -> None:
        # A bot under test may be slow on purpose, hence no pool limit; hosts are the test's own.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def deliver(self, bot: Bot, activity: Json, flaw: Flaw | None = None) -> Answer:
        """Carries one activity to the bot and returns its answer; the answer is kept, whatever it is."""
        answer = await self._carry(bot, activity, flaw)
        self.answers.append(answer)
        self._events.happened("delivered", lambda: {"activity": activity, "status": answer.status})
        return answer

    async def _carry(self, bot: Bot, activity: Json, flaw: Flaw | None) -> Answer:
        at, started = self._clock.now(), time.monotonic()
        status, body, problem, tries = None, b"", "the bot has no endpoint", 0
        while bot.endpoint is not None and tries < TRIES:
            tries += 1
            status, body, problem = await self._post(bot.endpoint, self._headers(bot, activity, flaw), activity)
            if status is not None and status < 500:
                break
        return Answer(at, activity, status, time.monotonic() - started, tries, body, problem or None)

    async def _post(self, url: str, headers: dict[str, str], activity: Json) -> tuple[int | None, bytes, str]:
        assert self._session is not None, "the courier is started with the simulator"
        try:
            async with self._session.post(url, data=orjson.dumps(activity), headers=headers) as answer:
                return answer.status, await answer.read(), ""
        except (aiohttp.ClientError, TimeoutError) as error:
            return None, b"", type(error).__name__

    def _headers(self, bot: Bot, activity: Json, flaw: Flaw | None) -> dict[str, str]:
        conversation, data = activity.get("conversation"), activity.get("channelData")
        tenant = data.get("tenant") if isinstance(data, dict) else None
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "x-ms-conversation-id": _hint(conversation),
            "x-ms-tenant-id": _hint(tenant),
        }
        service_url = str(activity.get("serviceUrl", ""))
        authorization = self._signer.authorization(bot.app_id, service_url, self._clock.now(), flaw)
        return headers if authorization is None else headers | {"Authorization": authorization}


def _hint(account: object) -> str:
    """The id as a header's value; a hostile one loses what no header may hold."""
    value = str(account.get("id", "")) if isinstance(account, dict) else ""
    return "".join(character for character in value if " " <= character <= "~")
