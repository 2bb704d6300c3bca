"""Alembic runs this file; the connection comes from ``upgrade``.

A migration says in ``runs_with`` the newest revision that the oldest program knows which can work on the tables before,
during and after it; without a word, only a program that knows the migration itself can. That is written beside the
version, so that an older program can tell whether it may go on, or start again.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, delete, insert, inspect, select

from bellwire.store.tables import metadata, oldest_code


def tell(step: Any, conn: Connection) -> None:
    """Write down which programs may work on the tables after this step; what an earlier step said holds too."""
    if not inspect(conn).has_table(oldest_code.name):
        return
    script = step.up_revision
    least = getattr(script.module, "runs_with", script.revision)
    told = conn.scalar(select(oldest_code.c.revision))
    conn.execute(delete(oldest_code))
    conn.execute(insert(oldest_code).values(revision=max(told or least, least)))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    on_version_apply=lambda ctx, step, **_: tell(step, ctx.connection),
)
with context.begin_transaction():
    context.run_migrations()
