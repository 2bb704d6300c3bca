"""Idempotency keys: the same request again is answered as the first one was, for 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from sqlalchemy import Connection, Delete, bindparam, delete, select, update

from bellwire.store.bites import bite
from bellwire.store.columns import UtcTime
from bellwire.store.tables import idempotency_keys as keys
from bellwire.store.upsert import Excluded, Upsert

KEPT_FOR: Final = timedelta(hours=24)


class Verdict(StrEnum):
    """What a key says about a request."""

    FRESH = "fresh"
    REPLAY = "replay"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Claim:
    """The verdict; the delivery and the first answer (once it was kept) belong to the request that came first."""

    verdict: Verdict
    delivery_id: str
    answer: str | None = None


def claim(
    conn: Connection,
    caller: str,
    key: str,
    body_hash: str,
    now: datetime,
    *,
    delivery_id: str,
    answer: str | None = None,
) -> Claim:
    """Take the key for a new delivery, or learn that it was taken; in the transaction that accepts the delivery.

    Atomic: of two transactions at once, the second waits for the first to end, and then finds the key taken or free.
    """
    row = {"caller": caller, "key": key, "body_hash": body_hash, "delivery_id": delivery_id, "answer": answer}
    if _CLAIM(conn, row | {"created_at": now, "expires_at": now + KEPT_FOR}).first() is not None:
        return Claim(Verdict.FRESH, delivery_id, answer)
    taken = conn.execute(_GET, {"of_caller": caller, "taken": key}).one()
    verdict = Verdict.REPLAY if taken.body_hash == body_hash else Verdict.CONFLICT
    return Claim(verdict, taken.delivery_id, taken.answer)


def release(conn: Connection, caller: str, key: str) -> None:
    """Forget the key, as if it had never come: the request was refused and left nothing."""
    conn.execute(_RELEASE, {"of_caller": caller, "taken": key})


def keep_answer(conn: Connection, caller: str, key: str, answer: str) -> None:
    """Keep what the first request was answered, for those that replay it."""
    conn.execute(_ANSWER, {"of_caller": caller, "taken": key, "words": answer})


def prune(conn: Connection, now: datetime) -> int:
    """Forget a bite of the keys whose time has passed; how many that were."""
    return conn.execute(_prune(conn.dialect.name), {"now": now}).rowcount


def _replaced(new: Excluded) -> dict[str, object]:
    return {name: new[name] for name in ("body_hash", "delivery_id", "answer", "created_at", "expires_at")}


_CLAIM: Final = Upsert(
    keys,
    ["caller", "key"],
    _replaced,
    where=lambda new: keys.c.expires_at <= new["created_at"],
    returning=[keys.c.delivery_id],
)
_TAKEN: Final = (keys.c.caller == bindparam("of_caller"), keys.c.key == bindparam("taken"))
_GET: Final = select(keys).where(*_TAKEN)
_RELEASE: Final = delete(keys).where(*_TAKEN)
_ANSWER: Final = update(keys).where(*_TAKEN).values(answer=bindparam("words"))


@cache
def _prune(dialect: str) -> Delete:
    return bite(dialect, keys.c.expires_at, keys.c.expires_at <= bindparam("now", type_=UtcTime))
