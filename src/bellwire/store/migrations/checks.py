"""Constraints that allow one more word, on a table that is there already."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text


def widen(table: str, column: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let ``column`` be one of the words ``after``, where it could be one of ``before``.

    On PostgreSQL the rows that are there are looked at afterwards, by ``upgrade``, when nobody has to wait for it.
    """
    old, new = _one_of(column, before), _one_of(column, after)
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(table, old, new)
        return
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, text(new), postgresql_not_valid=True)


def _make_anew(table: str, old: str, new: str) -> None:
    """SQLite changes no constraint: the table is made again under its own name, and filled."""
    conn = op.get_bind()
    (made,) = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalars()
    if old not in made:
        raise RuntimeError(f"the table {table} has no constraint {old}")
    indexes = conn.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index' AND sql IS NOT NULL", (table,)
    )
    again = [made.replace(old, new), *indexes.scalars()]
    conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_before")
    conn.exec_driver_sql(again[0])
    conn.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608 - our own names
    conn.exec_driver_sql(f"DROP TABLE {table}_before")
    for index in again[1:]:
        conn.exec_driver_sql(index)


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"({' OR '.join(f'{column} = {word!r}' for word in words)})"
