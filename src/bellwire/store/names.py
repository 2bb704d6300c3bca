"""Whom the directory knew by a user principal name or an e-mail address, and when it said so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Delete, Select, Text, bindparam, select

from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.store.bites import bite
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.tables import names
from bellwire.store.upsert import Upsert

KEPT_FOR: Final = timedelta(days=30)
"""How long a name that nobody asked for again stays."""


def known(conn: Connection, tenant_id: str, wanted: Collection[Recipient], since: datetime) -> dict[Recipient, str]:
    """The object ids of those of ``wanted`` that the directory told ``since`` then; any number of them."""
    by_key = {(name.kind, folded(name)): name for name in wanted}
    rows = listed([kind, name] for kind, name in by_key)
    found = conn.execute(_known(conn.dialect.name), {"tenant": tenant_id, "since": since, **rows})
    told = {(RecipientKind(kind), name): aad_object_id for kind, name, aad_object_id in found}
    return {name: told[name.kind, folded(name)] for name in wanted if (name.kind, folded(name)) in told}


def keep(conn: Connection, tenant_id: str, found: Mapping[Recipient, str], now: datetime) -> None:
    """Keep what the directory told at ``now``, in the place of what it told before."""
    rows = {
        (name.kind, folded(name)): {
            "tenant_id": tenant_id,
            "kind": name.kind,
            "name": folded(name),
            "aad_object_id": aad_object_id,
            "found_at": now,
        }
        for name, aad_object_id in found.items()
    }
    if rows:
        _KEEP(conn, [rows[key] for key in sorted(rows)])


def prune(conn: Connection, now: datetime) -> int:
    """Forget a bite of what is too old for anybody; how many names that were."""
    return conn.execute(_prune(conn.dialect.name), {"before": now - KEPT_FOR}).rowcount


def folded(name: Recipient) -> str:
    """The name in the form in which names are compared."""
    return name.value.lower()


@cache
def _known(dialect: str) -> Select[Any]:
    wanted = given(dialect, kind=Text, name=Text)
    same = (names.c.kind == wanted.c.kind) & (names.c.name == wanted.c.name)
    return (
        select(names.c.kind, names.c.name, names.c.aad_object_id)
        .join_from(wanted, names, same)
        .where(names.c.tenant_id == bindparam("tenant"), names.c.found_at > bindparam("since", type_=UtcTime))
    )


@cache
def _prune(dialect: str) -> Delete:
    return bite(dialect, names.c.found_at, names.c.found_at < bindparam("before", type_=UtcTime))


_KEEP: Final = Upsert(
    names,
    ["tenant_id", "kind", "name"],
    lambda new: {"aad_object_id": new["aad_object_id"], "found_at": new["found_at"]},
)
