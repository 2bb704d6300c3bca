"""Callers' API keys: those made with ``bellwire keys``, and those in the settings for a start."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from secrets import randbits
from typing import Final

from sqlalchemy import Connection

from bellwire.errors import InvalidKey, NotFound
from bellwire.model.ids import RANDOM_BITS, uuid7
from bellwire.model.text import check_text
from bellwire.store import keys
from bellwire.store.database import Database
from bellwire.store.keys import ApiKey

TRUSTED_FOR: Final = timedelta(seconds=5)
"""How long a key is not looked up again; so long a revoked one may still be used."""

MOST_TRUSTED: Final = 1_000
SHORTEST_SAFE: Final = 16
LONGEST_NAME: Final = 100
ACCEPTABLE: Final = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API. ``id`` stays the same over restarts."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class _Trust:
    caller: Caller
    until: datetime


class Keys:
    """All callers' keys. ``listed`` are those from the settings; only hashes are kept of any."""

    def __init__(self, database: Database, listed: Collection[str], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._listed = _callers(listed)
        self._trusted: dict[bytes, _Trust] = {}

    async def authenticate(self, presented: str) -> Caller:
        """The caller whose key this is.

        Raises:
            InvalidKey: no caller has it, or it was revoked.
            StoreUnavailable: the database does not answer.
        """
        if not ACCEPTABLE.fullmatch(presented):
            raise _refused()
        now, digest = self._clock(), sha256(presented.encode()).digest()
        caller = self._listed_caller(digest) or self._trusted_caller(digest, now)
        return caller if caller is not None else await self._stored_caller(presented, digest, now)

    async def add(self, name: str) -> tuple[ApiKey, str]:
        """Make a key for a caller of this name. The secret is returned here and never again.

        Raises:
            InvalidInput: the name is empty or too long.
        """
        check_text(name, field="name", most=LONGEST_NAME)
        now, secret = self._clock(), keys.new_secret()
        key_id = uuid7(now, randbits(RANDOM_BITS))
        key = await self._database.write(partial(keys.add, id=key_id, name=name, secret=secret, now=now))
        return key, secret

    async def every(self) -> list[ApiKey]:
        """All keys that were made, the revoked ones too; those in the settings are not among them."""
        return await self._database.read(keys.every)

    async def revoke(self, key_id: str) -> ApiKey:
        """Refuse the key from now on. Every running service knows after ``TRUSTED_FOR`` at the latest.

        Raises:
            NotFound: there is no such key.
        """
        self._trusted.clear()
        return await self._database.write(lambda conn: _revoke(conn, key_id, self._clock()))

    def _listed_caller(self, digest: bytes) -> Caller | None:
        """Compares with every listed key in full, so that the time taken tells nothing."""
        found = [caller for known, caller in self._listed.items() if compare_digest(known, digest)]
        return found[0] if found else None

    def _trusted_caller(self, digest: bytes, now: datetime) -> Caller | None:
        trust = self._trusted.get(digest)
        return trust.caller if trust is not None and now < trust.until else None

    async def _stored_caller(self, presented: str, digest: bytes, now: datetime) -> Caller:
        key = await self._database.read(lambda conn: keys.find(conn, presented))
        if key is None:
            raise _refused()
        if keys.worth_noting(key, now):
            await self._database.write(lambda conn: keys.note_use(conn, key.id, now))
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[digest] = _Trust(Caller(key.id, key.name), now + TRUSTED_FOR)
        return self._trusted[digest].caller


def guessable(listed: Collection[str]) -> int:
    """How many of the listed keys are too short to be safe."""
    return sum(len(key) < SHORTEST_SAFE for key in listed)


def _callers(listed: Collection[str]) -> Mapping[bytes, Caller]:
    digests = [sha256(key.encode()).digest() for key in listed]
    return {digest: Caller(f"settings-{digest.hex()[:12]}", "settings") for digest in digests}


def _revoke(conn: Connection, key_id: str, now: datetime) -> ApiKey:
    keys.revoke(conn, key_id, now)
    key = keys.get(conn, key_id)
    if key is None:
        raise NotFound("There is no such key.", field="id", remedy="See 'bellwire keys list'.")
    return key


def _refused() -> InvalidKey:
    return InvalidKey("The API key is unknown or was revoked.", field="Authorization")
