"""2,000 hostile requests to the bot endpoint: no server error, nothing kept, and nobody else is called."""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Final, NamedTuple

import aiohttp
import orjson

from bellwire.simulator.signing import Flaw
from bellwire.web.bot import MOST_BYTES
from tests.capture.keeping import count_rows
from tests.support.activities import (
    APP_ID,
    BOT_ID,
    MEGAN,
    MEGAN_IN_TEAMS,
    SERVICE_URL,
    TEAMS_CHAT,
    TENANT,
    Json,
    activity,
    changed,
    copilot_message,
    group_message,
    install,
    message,
)
from tests.support.endpoint import Endpoint, endpoint
from tests.support.hostile import Malice, bodies
from tests.support.sockets import watched_sockets

SEED: Final = 20261122
AT_ONCE: Final = 40
STRANGERS: Final = "https://attacker.example/emea/"

ESSENTIAL: Final[Json] = {
    "type": "message",
    "channelId": "msteams",
    "serviceUrl": SERVICE_URL,
    "from": {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN},
    "conversation": {"id": TEAMS_CHAT, "tenantId": TENANT},
    "recipient": {"id": BOT_ID},
    "channelData": {"tenant": {"id": TENANT}},
}
"""An activity of nothing but fields that must be right, so that any wrong type in it is refused."""


class Attack(NamedTuple):
    """One request, and the answers that are right."""

    name: str
    body: bytes
    headers: dict[str, str]
    right: frozenset[int]


def _bad_tokens(bot: Endpoint) -> Iterator[Attack]:
    """True activities under every kind of bad token: 480."""
    honest = [message(), install(), copilot_message(), group_message(), activity("invoke", name="adaptiveCard/action")]
    for flaw, raw in islice(((flaw, raw) for raw in cycle(honest) for flaw in Flaw), 480):
        yield Attack(f"token {flaw}", orjson.dumps(raw), bot.keys.authorization(flaw), frozenset({401}))


def _foreign_addresses(bot: Endpoint) -> Iterator[Attack]:
    """Service URLs that are not the token's, or not Microsoft's, or not this tenant's people: 160."""
    urls = [STRANGERS, "http://169.254.169.254/", "https://smba.trafficmanager.net.evil.example/", "file:///etc/passwd"]
    for number, url in enumerate(islice(cycle(urls), 100)):
        signed_for = SERVICE_URL if number % 2 else url
        headers = bot.keys.authorization(service_url=signed_for)
        yield Attack("service url", orjson.dumps(message(serviceUrl=url)), headers, frozenset({401}))
    for number in range(60):
        raw = changed(message(), "channelData", "tenant", "id", to=f"99999999-9999-9999-9999-{number:012}")
        yield Attack("tenant", orjson.dumps(raw), bot.keys.authorization(), frozenset({403}))


def _odd_headers(bot: Endpoint) -> Iterator[Attack]:
    """Authorization headers that are no tokens at all, or true tokens bent by one character: 360."""
    dice = random.Random(SEED)
    good = bot.keys.authorization()["Authorization"]
    odd = ["", "Bearer", "Bearer ", "bearer\t", "Bearer a.b.c", "Bearer " + "x" * 6000, "Bearer .." * 50, f"{good}.x"]
    jku = '{"alg":"RS256","kid":"x","jku":"https://attacker.example/keys","x5u":"https://attacker.example/x"}'
    odd.append(f"Bearer {_base64url(jku.encode())}.{_base64url(b'{}')}.AAAA")
    for header in islice(cycle(odd), 120):
        yield Attack("header", orjson.dumps(message()), {"Authorization": header}, frozenset({401}))
    for _ in range(240):
        place = dice.randrange(len("Bearer "), len(good) - 1)
        other = dice.choice([c for c in "ABCxyz019-_" if c != good[place]])
        bent = good[:place] + other + good[place + 1 :]
        yield Attack("bent token", orjson.dumps(message()), {"Authorization": bent}, frozenset({401}))


def _bad_bodies(bot: Endpoint) -> Iterator[Attack]:
    """Bodies that are wrong under good tokens, and random ones under bad tokens: 1,000."""
    good = bot.keys.authorization()
    right: dict[Malice, tuple[int, frozenset[int]]] = {
        Malice.MALFORMED: (200, frozenset({400})),
        Malice.NO_OBJECT: (80, frozenset({400})),
        Malice.NOISE: (100, frozenset({400})),
        Malice.DEEP: (80, frozenset({400, 413})),
        Malice.HUGE: (40, frozenset({413})),
        Malice.WRONG_TYPE: (300, frozenset({400, 401})),
    }
    for malice, (count, answers) in right.items():
        for hostile in islice(bodies(ESSENTIAL, seed=SEED, limit=MOST_BYTES, malice=malice), count):
            yield Attack(f"body {malice} {hostile.path}", hostile.body, good, answers)
    flaws = cycle([Flaw.FORGED, Flaw.MISSING, Flaw.GARBAGE, Flaw.EXPIRED])
    for hostile in islice(bodies(message(), seed=SEED, limit=MOST_BYTES, malice=Malice.RANDOM), 200):
        yield Attack("random", hostile.body, bot.keys.authorization(next(flaws)), frozenset({400, 401}))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def _attack(bot: Endpoint, attacks: list[Attack]) -> list[str]:
    """What went wrong; nothing if every attack got an answer that is right."""
    seats = asyncio.Semaphore(AT_ONCE)
    wrong: list[str] = []

    async def one(attack: Attack) -> None:
        async with seats:
            try:
                reply = await bot.send(attack.body, attack.headers)
            except aiohttp.ClientError as error:
                # Whoever writes on after a 413 may find the connection closed before the answer is read.
                if attack.right != {413}:
                    wrong.append(f"{attack.name}: {type(error).__name__}")
                return
        if reply.status not in attack.right:
            wrong.append(f"{attack.name}: {reply.status}")
        elif reply.headers["Content-Type"] != "application/problem+json" or not reply.json["remedy"]:
            wrong.append(f"{attack.name}: no problem+json")
        elif b"eyJ" in reply.content or b"attacker" in reply.content:
            wrong.append(f"{attack.name}: the answer repeats what came in")

    await asyncio.gather(*(one(attack) for attack in attacks))
    return wrong


async def test_two_thousand_hostile_requests_get_nowhere(sqlite_url: str) -> None:
    async with endpoint(sqlite_url) as bot:
        attacks = [*_bad_tokens(bot), *_foreign_addresses(bot), *_odd_headers(bot), *_bad_bodies(bot)]
        random.Random(SEED).shuffle(attacks)
        assert len(attacks) == 2000
        before = await bot.bellwire.database.read(count_rows)
        with watched_sockets() as sockets:
            wrong = await _attack(bot, attacks)
            unharmed = await bot.post(message())
        assert not wrong, Counter(wrong).most_common(20)
        assert unharmed.status == 200, "an honest caller is served all the same"
        after = await bot.bellwire.database.read(count_rows)
        assert after == before | {"sightings": 1, "conversation_references": 1}, "the honest caller's, and no other"
        ours = {bot.keys.port, int(bot.url.rpartition(":")[2])}
        assert sockets.connections, "the watch works"
        assert not sockets.foreign(ours)
        assert len(bot.keys.asked) <= 6, "forged key ids do not make the service fetch keys again and again"


async def test_what_the_attack_is_made_of_would_be_taken_if_it_were_honest(sqlite_url: str) -> None:
    """Guards the test above: its honest parts pass, so each refusal is for what is wrong and for nothing else."""
    async with endpoint(sqlite_url) as bot:
        for raw in (ESSENTIAL, message(), install(), group_message()):
            assert (await bot.post(raw)).status == 200
        assert bot.keys.settings("")["senders"]["alerts"]["app_id"] == APP_ID
