"""A list of rows as one parameter of one statement, on both databases.

The hot path writes hundreds of rows at a time. One statement for each row would cost a trip through the driver each
(on SQLite: handing the interpreter's lock to and fro each); a list sent as JSON and unpacked by the database costs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Subquery, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from bellwire.store.columns import UtcTime

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
