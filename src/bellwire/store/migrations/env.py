"""Alembic runs this file; the connection comes from ``upgrade``, in a transaction already."""

from __future__ import annotations

from alembic import context

from bellwire.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
