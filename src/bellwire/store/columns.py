"""Column types and constraints that the tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Dialect, MetaData, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

# Ids are compared as bytes: that is what SQLite does, and on PostgreSQL it makes indexes faster than any locale.
TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, exact to the microsecond; a naive one is refused.

    PostgreSQL keeps it as ``timestamptz``. SQLite has no time type, and text would cost several times as much to
    write and to compare, so there it is an integer: microseconds since 1970.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _microseconds if dialect.name == "sqlite" else _aware

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:  # noqa: ARG002
        return from_microseconds if dialect.name == "sqlite" else None  # asyncpg answers in UTC


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // MICROSECOND


def from_microseconds(value: int | None) -> datetime | None:
    """The time that SQLite keeps as this number."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise TypeError("a time without a time zone cannot be stored")
    return value


def required(name: str, **options: Any) -> Column[str]:
    """Text of any length that must be there."""
    return Column(name, TEXT, nullable=False, **options)


def optional(name: str, **options: Any) -> Column[str]:
    """Text of any length that may be missing."""
    return Column(name, TEXT, **options)


def moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    """A time."""
    return Column(name, UtcTime, nullable=nullable)


def is_one_of(column: str, values: Iterable[str | int]) -> str:
    """The condition as SQL. The values are our own constants, never input.

    It is a chain of ORs because SQLite builds a temporary index for every IN with constants, for every row: with
    IN in the constraints of ``deliveries`` an insert took 18 microseconds, with OR it takes 10.
    """
    conditions = (f"{column} = {value if isinstance(value, int) else repr(str(value))}" for value in values)
    return f"({' OR '.join(conditions)})"


def one_of(column: str, values: Iterable[str | int]) -> CheckConstraint:
    """Nothing but these values."""
    return CheckConstraint(is_one_of(column, values), name=column)


def lower_case(*columns: str) -> tuple[CheckConstraint, ...]:
    """Ids that compare without regard to case are kept in lower case, or one person would have two rows."""
    return tuple(CheckConstraint(f"{column} = lower({column})", name=f"{column}_lower") for column in columns)
