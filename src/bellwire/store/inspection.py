"""What is asked of the tables to judge an installation. Reads only, apart from ``touch``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from bellwire.store.tables import api_keys, conversation_references, sightings


def last_activity(conn: Connection) -> datetime | None:
    """When anything last came in from Teams."""
    found: datetime | None = conn.execute(select(func.max(sightings.c.last_at))).scalar_one()
    return found


def chats_by_service_url(conn: Connection) -> Mapping[str, int]:
    """How many stored chats there are behind each service URL."""
    column = conversation_references.c.service_url
    rows = conn.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def good_keys(conn: Connection) -> int:
    """How many API keys were made and not revoked."""
    counted: int = conn.execute(select(func.count()).where(api_keys.c.revoked_at.is_(None))).scalar_one()
    return counted


def touch(conn: Connection) -> None:
    """Write something and leave everything as it is."""
    conn.execute(text("UPDATE alembic_version SET version_num = version_num"))
