"""INSERT ... ON CONFLICT, which both databases understand and SQLAlchemy words differently for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite

Excluded = Mapping[str, ColumnElement[Any]]


class Upsert:
    """Insert rows, or change those that are there already.

    ``changes`` makes the new values out of the row that was to be inserted; without it, what is there stays.
    """

    def __init__(
        self,
        table: Table,
        keys: Sequence[str],
        changes: Callable[[Excluded], Mapping[str, Any]] | None = None,
        *,
        where: Callable[[Excluded], ColumnElement[bool]] | None = None,
        returning: Sequence[ColumnElement[Any]] = (),
    ) -> None:
        self._statements: dict[str, Any] = {}
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert)):
            statement: Any = insert(table)
            if changes is None:
                statement = statement.on_conflict_do_nothing(index_elements=keys)
            else:
                statement = statement.on_conflict_do_update(
                    index_elements=keys,
                    set_=changes(statement.excluded),
                    where=where(statement.excluded) if where is not None else None,
                )
            self._statements[name] = statement.returning(*returning) if returning else statement

    def __call__(self, conn: Connection, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Run it with one row or with a list of rows."""
        return conn.execute(self._statements[conn.dialect.name], rows)
