"""The books: for every tenant and sender, how many deliveries were accepted and how they ended.

They move in the same transaction as the rows that they count, so that at every instant
accepted = sent + undeliverable + unknown + cancelled + expired + open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Select, bindparam, func, select, update

from bellwire.model.delivery import FINAL
from bellwire.store.tables import COUNTERS, books, deliveries, pruned
from bellwire.store.transaction import closing
from bellwire.store.upsert import Upsert

ACCEPTED: Final = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """How many deliveries of one sender to one tenant were accepted, and how many ended in each way."""

    tenant_id: str
    sender: str
    accepted: int
    sent: int
    undeliverable: int
    unknown: int
    cancelled: int
    expired: int

    @property
    def open(self) -> int:
        """How many have not ended yet."""
        return self.accepted - self.sent - self.undeliverable - self.unknown - self.cancelled - self.expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A number in the books that is not what the rows say."""

    tenant_id: str
    sender: str
    counter: str
    kept: int
    counted: int


def move(conn: Connection, sender: str, tenant_id: str, counter: str, by: int = 1) -> None:
    """Count ``by`` more deliveries as ``accepted`` or as ended in a final state.

    Inside ``Database.write`` the books are written once, at the end of the transaction, for all its operations and in
    the order of their keys: no two transactions can wait for one another over them.
    """
    end = closing(conn)
    if end is None:
        write(conn, Counter({(tenant_id, sender, str(counter)): by}))
    else:
        end.gains[tenant_id, sender, str(counter)] += by


def write(conn: Connection, gains: Counter[tuple[str, str, str]]) -> None:
    """Add the gains, by tenant, sender and counter, to the books."""
    keys = sorted({(tenant_id, sender) for tenant_id, sender, _ in gains})
    new = [key for key in keys if gains[*key, ACCEPTED]]
    if new:
        _OPEN_BOOK(conn, [dict(zip(("tenant_id", "sender"), key, strict=True)) | _NOTHING for key in new])
    if keys:
        added = ({f"{counter}_": gains[*key, str(counter)] for counter in COUNTERS} for key in keys)
        conn.execute(_ADD, [{"tenant": key[0], "by": key[1], **more} for key, more in zip(keys, added, strict=True)])


def read(conn: Connection, *, tenants: Collection[str] | None = None) -> list[Book]:
    """The books of these tenants, or of all."""
    statement = _READ if tenants is None else _READ.where(books.c.tenant_id.in_(sorted(tenants)))
    return [Book(**row) for row in conn.execute(statement).mappings()]


def audit(conn: Connection) -> list[Difference]:
    """Count every row again, and those that were pruned, and say where the books differ.

    Reads all deliveries: an operator's tool.
    """
    counted = Counter[tuple[str, str, str]]()
    for gone in conn.execute(select(pruned)).mappings():
        for state in COUNTERS[1:]:
            counted[gone["tenant_id"], gone["sender"], ACCEPTED] += gone[state]
            counted[gone["tenant_id"], gone["sender"], state] += gone[state]
    for tenant_id, sender, state, number in conn.execute(_COUNT):
        counted[tenant_id, sender, ACCEPTED] += number
        if state in FINAL:
            counted[tenant_id, sender, state] += number
    kept = Counter[tuple[str, str, str]]()
    for book in read(conn):
        kept.update({(book.tenant_id, book.sender, str(name)): getattr(book, name) for name in COUNTERS})
    return list(_differences(kept, counted))


def _differences(kept: Counter[tuple[str, str, str]], counted: Counter[tuple[str, str, str]]) -> Iterable[Difference]:
    for key in sorted(kept.keys() | counted.keys()):
        if kept[key] != counted[key]:
            yield Difference(tenant_id=key[0], sender=key[1], counter=key[2], kept=kept[key], counted=counted[key])


_NOTHING: Final = {str(counter): 0 for counter in COUNTERS}
_OPEN_BOOK: Final = Upsert(books, ["tenant_id", "sender"])
_ADD: Final = (
    update(books)
    .where(books.c.tenant_id == bindparam("tenant"), books.c.sender == bindparam("by"))
    .values({books.c[counter]: books.c[counter] + bindparam(f"{counter}_") for counter in COUNTERS})
)
_READ: Final[Select[tuple[object, ...]]] = select(books).order_by(books.c.tenant_id, books.c.sender)
_COUNT: Final = select(deliveries.c.tenant_id, deliveries.c.sender, deliveries.c.state, func.count()).group_by(
    deliveries.c.tenant_id, deliveries.c.sender, deliveries.c.state
)
