"""Callers' API keys. Only a hash is kept: a key is random enough that nothing can be won by guessing at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from bellwire.store.columns import UtcTime
from bellwire.store.tables import api_keys

PREFIX: Final = "bw_"
_SHOWN: Final = len(PREFIX) + 6
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key; ``prefix`` is its beginning, to tell keys apart by."""

    id: str
    name: str
    prefix: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def new_secret() -> str:
    """A new key: 32 random bytes in words that fit a header. It is shown once and kept nowhere."""
    return PREFIX + token_urlsafe(32)


def add(conn: Connection, *, id: str, name: str, secret: str, now: datetime) -> ApiKey:  # noqa: A002 - the column's name
    """Let ``secret`` be a caller's key from now on.

    Raises:
        sqlalchemy.exc.IntegrityError: it is one already.
    """
    key = ApiKey(id=id, name=name, prefix=secret[:_SHOWN], created_at=now)
    row = {"id": id, "name": name, "prefix": key.prefix, "created_at": now, "hash": _hashed(secret)}
    conn.execute(_ADD, row)
    return key


def find(conn: Connection, secret: str) -> ApiKey | None:
    """The key, unless it is unknown or revoked.

    The look-up goes by the index over the hashes: how long it takes says nothing about any stored key.
    """
    row = conn.execute(_FIND, {"hashed": _hashed(secret)}).one_or_none()
    return None if row is None else _key_of(row)


def note_use(conn: Connection, id: str, now: datetime) -> None:  # noqa: A002 - the column's name
    """Remember when the key was last used, to the minute: not every request is worth a write."""
    conn.execute(_NOTE_USE, {"key": id, "now": now, "before": now - _USE_NOTED_EVERY})


def worth_noting(key: ApiKey, now: datetime) -> bool:
    """Whether ``note_use`` would change anything."""
    return key.last_used_at is None or key.last_used_at <= now - _USE_NOTED_EVERY


def revoke(conn: Connection, id: str, now: datetime) -> bool:  # noqa: A002 - the column's name
    """Refuse the key from now on; whether it was good until now."""
    return conn.execute(_REVOKE, {"key": id, "now": now}).rowcount == 1


def get(conn: Connection, id: str) -> ApiKey | None:  # noqa: A002 - the column's name
    """The key with this id, revoked or not."""
    row = conn.execute(_GET, {"key": id}).one_or_none()
    return None if row is None else _key_of(row)


def every(conn: Connection) -> list[ApiKey]:
    """All keys, revoked ones too, the oldest first."""
    return [_key_of(row) for row in conn.execute(_EVERY)]


def _hashed(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(**row._asdict())


_SHOWN_COLUMNS: Final = tuple(api_keys.c[name] for name in ApiKey.__dataclass_fields__)
_ADD: Final = insert(api_keys)
_FIND: Final = select(*_SHOWN_COLUMNS).where(api_keys.c.hash == bindparam("hashed"), api_keys.c.revoked_at.is_(None))
_GET: Final = select(*_SHOWN_COLUMNS).where(api_keys.c.id == bindparam("key"))
_EVERY: Final = select(*_SHOWN_COLUMNS).order_by(api_keys.c.created_at, api_keys.c.id)
_REVOKE: Final = (
    update(api_keys)
    .where(api_keys.c.id == bindparam("key"), api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now", type_=UtcTime))
)
_NOTE_USE: Final = (
    update(api_keys)
    .where(
        api_keys.c.id == bindparam("key"),
        or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= bindparam("before", type_=UtcTime)),
    )
    .values(last_used_at=bindparam("now", type_=UtcTime))
)
