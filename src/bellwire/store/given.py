"""A list of rows as one parameter of one statement, on both databases.

The hot path writes hundreds of rows at a time. One statement for each row would cost a trip through the driver each
(on SQLite: handing the interpreter's lock to and fro each); a list sent as JSON and unpacked by the database costs one.
The same is true the other way, for rows read: ``Gathered`` lets SQLite send them as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from bellwire.store.columns import UtcTime, from_microseconds

ROWS: Final = "given_rows"


def given(dialect: str, name: str = "given", /, **columns: type[TypeEngine[Any]]) -> Subquery:
    """The rows under parameter ``ROWS`` as a table; ``columns`` are their fields in order, with their types."""
    rows = bindparam(ROWS, type_=Text)
    if dialect == "sqlite":
        value = func.json_each(rows).table_valued("value", name=f"{name}_row").c.value
        fields = [func.json_extract(value, literal_column(f"'$[{i}]'")).label(c) for i, c in enumerate(columns)]
        return select(*fields).subquery(name)
    value = func.jsonb_array_elements(cast(rows, JSONB)).table_valued("value", name=f"{name}_row").c.value
    texts = [value.op("->>")(literal_column(str(i))) for i in range(len(columns))]
    types = columns.items()
    return select(*(cast(text, kind()).label(name) for text, (name, kind) in zip(texts, types, strict=True))).subquery(
        name
    )


def listed(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """The rows as the parameter that ``given`` reads; times go through ``stamp`` first."""
    return {ROWS: orjson.dumps(list(rows)).decode()}


def stamp(conn: Connection) -> Callable[[datetime | None], Any]:
    """How this database wants a time inside ``listed`` rows."""
    return UtcTime().bind_processor(conn.dialect)


class Gathered:
    """A query whose rows come in one piece from SQLite, and as rows from PostgreSQL, whose driver has no such trouble.

    ``statement`` makes the query for a dialect. Times come as times; anything else as the database keeps it.
    """

    def __init__(self, statement: Callable[[str], Select[Any]]) -> None:
        self._statement = statement
        self._made: dict[str, tuple[Select[Any], tuple[int, ...]]] = {}

    def __call__(self, conn: Connection, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows."""
        dialect = conn.dialect.name
        statement, times = self._made.get(dialect) or self._make(dialect)
        if dialect != "sqlite":
            return conn.execute(statement, parameters).all()
        rows: list[list[Any]] = orjson.loads(conn.execute(statement, parameters).scalar_one())
        for row in rows:
            for place in times:
                row[place] = from_microseconds(row[place])
        return rows

    def _make(self, dialect: str) -> tuple[Select[Any], tuple[int, ...]]:
        statement = self._statement(dialect)
        columns = statement.subquery("gathered").c
        times = tuple(place for place, column in enumerate(columns) if isinstance(column.type, UtcTime))
        if dialect == "sqlite":
            plain = (type_coerce(column, Integer) if isinstance(column.type, UtcTime) else column for column in columns)
            statement = select(func.json_group_array(func.json_array(*plain)))
        self._made[dialect] = statement, times
        return self._made[dialect]
