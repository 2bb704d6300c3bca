"""The keys with which the Bot Connector signs, fetched without ever blocking and never on a stranger's word.

A key roll-over heals at once: a key id that is not known has the keys fetched again. Whoever forges key ids gains
nothing by it: of such fetches at most ``refetches`` happen in any ``refetch_window`` (two in two minutes by default),
and each brings the newest keys anyway. Keys are renewed after a day in the background; if that fails the old ones
serve on for up to five days, which is as long as Microsoft lets them be kept (platform reference §4).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm
from yarl import URL

from bellwire.errors import Unavailable
from bellwire.net import NoAnswer, exchange, timeouts
from bellwire.teams.clouds import Cloud

RENEW_AFTER: Final = timedelta(hours=24)
TRUST_FOR: Final = timedelta(days=5)
PAUSE_AFTER_FAILURE: Final = timedelta(seconds=5)
FETCH_SECONDS: Final = 10.0
MOST_BYTES: Final = 1 << 20
MOST_KEYS: Final = 200
KEY_BITS: Final = range(2048, 8192 + 1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key and the channels that its holder may speak for; None if the key names no channels at all."""

    key: RSAPublicKey
    endorsements: frozenset[str] | None


class SigningKeys:
    """The present keys of one cloud. ``clock`` tells the time in UTC."""

    def __init__(
        self,
        session: ClientSession,
        cloud: Cloud,
        *,
        clock: Callable[[], datetime],
        refetches: int = 2,
        refetch_window: timedelta = timedelta(minutes=2),
    ) -> None:
        self._session = session
        self._cloud = cloud
        self._clock = clock
        self._window = refetch_window
        self._asked: deque[datetime] = deque(maxlen=refetches)
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> SigningKey | None:
        """The key of this id, or None if there is none.

        Raises:
            Unavailable: there are no keys that may be trusted, and none can be fetched.
        """
        now = self._clock()
        if self._older(TRUST_FOR, now):
            await self._fetch(now)
            return self._keys.get(key_id)
        if self._older(RENEW_AFTER, now) and not self._pausing(now):
            self._begin()
        if key_id not in self._keys and self._may_ask_again(now):
            await self._fetch(now)
        return self._keys.get(key_id)

    async def close(self) -> None:
        """Give up a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _older(self, age: timedelta, now: datetime) -> bool:
        return self._fetched_at is None or now - self._fetched_at > age

    def _pausing(self, now: datetime) -> bool:
        return self._failed_at is not None and now - self._failed_at < PAUSE_AFTER_FAILURE

    def _may_ask_again(self, now: datetime) -> bool:
        """Whether an unknown key id is reason to fetch: joining a fetch that runs is free, others are counted."""
        if self._fetching is not None:
            return True
        if len(self._asked) == self._asked.maxlen and (not self._asked or now - self._asked[0] < self._window):
            return False
        self._asked.append(now)
        return True

    async def _fetch(self, now: datetime) -> None:
        if self._fetching is None and self._pausing(now):
            raise _unavailable("they could not be fetched a moment ago")
        await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[None]:
        """The one fetch that runs, begun now if there is none."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew())
            self._fetching.add_done_callback(self._ended)
        return self._fetching

    def _ended(self, fetching: asyncio.Task[None]) -> None:
        self._fetching = None
        if not fetching.cancelled() and fetching.exception() is not None:
            self._failed_at = self._clock()

    async def _renew(self) -> None:
        metadata = await self._get(URL(self._cloud.openid_metadata_url))
        found = metadata.get("jwks_uri")
        if not isinstance(found, str) or not self._trusted(found):
            raise _unavailable("the OpenID metadata name no address of keys, or one on another host")
        keys = signing_keys(await self._get(URL(found)))
        if not keys:
            raise _unavailable("the answer holds no RSA key that can be used")
        self._keys, self._fetched_at = keys, self._clock()

    def _trusted(self, address: str) -> bool:
        """Keys come from where the metadata come from, or from a host that may even see our token."""
        try:
            return URL(address).origin() == URL(self._cloud.openid_metadata_url).origin() or self._cloud.admits(address)
        except ValueError:
            return False

    async def _get(self, address: URL) -> dict[str, Any]:
        try:
            answer = await exchange(self._session, "GET", address, timeout=timeouts(FETCH_SECONDS), most=MOST_BYTES)
            document = orjson.loads(answer.body or b"") if answer.status == 200 else None
        except NoAnswer as failure:
            raise _unavailable(failure.kind) from None
        except orjson.JSONDecodeError:
            raise _unavailable("the answer is not JSON") from None
        if not isinstance(document, dict):
            raise _unavailable(f"the answer has status {answer.status} or is no JSON object")
        return document


def signing_keys(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    """The usable keys of a JSON Web Key Set by their id: public RSA keys for signatures, of 2048 bits and more.

    Anything else in the set is passed over, since one strange key must not cost the others.
    """
    entries = document.get("keys")
    found: dict[str, SigningKey] = {}
    for entry in entries[:MOST_KEYS] if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and (key := _rsa_key(entry)) is not None:
            found.setdefault(entry["kid"], SigningKey(key, _endorsements(entry)))
    return found


def _rsa_key(entry: dict[str, Any]) -> RSAPublicKey | None:
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (PyJWTError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size in KEY_BITS else None


def _endorsements(entry: dict[str, Any]) -> frozenset[str] | None:
    listed = entry.get("endorsements")
    if not isinstance(listed, list):
        return None
    return frozenset(channel.lower() for channel in listed if isinstance(channel, str))


def _unavailable(what: str) -> Unavailable:
    return Unavailable(
        f"The Bot Connector's signing keys are not at hand: {what}.",
        code="keys_unavailable",
        remedy="Check that this machine reaches the cloud's OpenID metadata (BELLWIRE_CLOUD__OPENID_METADATA_URL).",
    )
