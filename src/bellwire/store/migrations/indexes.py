"""Indexes on tables that may be large, made while others write to them."""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op
from sqlalchemy import text


def build(name: str, table: str, columns: Sequence[str], where: str | None = None) -> None:
    """Make an index; a migration that does nothing else may call it several times.

    On PostgreSQL it is built concurrently, outside any transaction. Whatever was left of an earlier try is made anew.
    It waits for older transactions as long as they take: nobody else has to wait meanwhile.
    """
    condition = None if where is None else text(where)
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(name, table, columns, sqlite_where=condition)
        return
    with op.get_context().autocommit_block():
        before = op.get_bind().scalar(text("SHOW lock_timeout"))
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_where=condition, postgresql_concurrently=True)
        op.execute(f"SET lock_timeout = '{before}'")
