"""Attempts: one row for each request to Teams, with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from bellwire.model.outcome import Step
from bellwire.store.tables import attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to Teams for one delivery; without ``outcome`` it is under way."""

    delivery_id: str
    number: int
    step: Step
    worker: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    status: int | None = None
    code: str | None = None
    retry_at: datetime | None = None


def of(conn: Connection, delivery_id: str) -> list[Attempt]:
    """The attempts of a delivery, the first one first."""
    return [_attempt_of(row) for row in conn.execute(_OF, {"delivery": delivery_id})]


def _attempt_of(row: Row[Any]) -> Attempt:
    fields = row._asdict()
    return Attempt(step=Step(fields.pop("step")), **fields)


_FIELDS: Final = tuple(Attempt.__dataclass_fields__)
_OF: Final = (
    select(*(attempts.c[name] for name in _FIELDS))
    .where(attempts.c.delivery_id == bindparam("delivery"))
    .order_by(attempts.c.number)
)
