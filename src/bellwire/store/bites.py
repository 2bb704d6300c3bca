"""Deletes a few rows at a time, the oldest first, each time in a transaction of its own: nobody has to wait for it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Delete, Integer, any_, delete, func, literal_column, select

AT_ONCE: Final = 500


_USUAL: Final = literal_column(str(AT_ONCE), Integer)


def bite(dialect: str, order: Column[Any], *over: ColumnElement[bool], most: ColumnElement[int] = _USUAL) -> Delete:
    """Deletes rows for which all of this holds, in their ``order``, at most ``most``: if so many, there may be more.

    Rows that somebody else has in hand are left out.
    """
    rows = order.table
    place: ColumnElement[Any] = literal_column("ctid" if dialect == "postgresql" else "rowid")
    few = select(place).select_from(rows).where(*over).order_by(order).limit(most)
    if dialect == "postgresql":
        few = few.with_for_update(skip_locked=True)
        return delete(rows).where(place == any_(func.array(few.scalar_subquery())))
    return delete(rows).where(place.in_(few))
