"""Compares what the simulated Teams wrote down with what our books say, message by message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from bellwire.model.delivery import Delivery, OnUnknown, State
from bellwire.model.outcome import Step
from bellwire.simulator.ledger import Entry, Ledger
from bellwire.store import books, tables
from bellwire.store.attempts import Attempt
from bellwire.store.database import Database
from bellwire.store.deliveries import COLUMNS, delivery_of

GATEWAY_TIMEOUT: Final = 504


@dataclass(frozen=True)
class Account:
    """One message, known by its text, as both sides know it."""

    text: str
    delivery: Delivery
    attempts: list[Attempt] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def sent(self) -> list[Attempt]:
        """The attempts that Teams answered with success."""
        return [attempt for attempt in self.attempts if attempt.outcome == "sent"]

    @property
    def doubts(self) -> int:
        """How many attempts there are after which nobody could tell whether the message is there."""
        return sum(map(doubtful, self.attempts))

    @property
    def duplicates(self) -> int:
        """How often the message is there beyond once."""
        return max(len(self.entries) - 1, 0)


def doubtful(attempt: Attempt) -> bool:
    """Whether the message may be there although Teams did not say so."""
    return attempt.step is Step.POST and (attempt.outcome == "unknown" or attempt.status == GATEWAY_TIMEOUT)


def accounts(conn: Connection, ledger: Ledger) -> list[Account]:
    """An account of every delivery."""
    attempts: dict[str, list[Attempt]] = {}
    fields = list(Attempt.__dataclass_fields__)
    table = tables.attempts
    ordered = select(*(table.c[name] for name in fields)).order_by(table.c.delivery_id, table.c.number)
    for row in conn.execute(ordered):
        attempts.setdefault(row.delivery_id, []).append(Attempt(**{**row._asdict(), "step": Step(row.step)}))
    said: Iterable[Row[Any]] = conn.execute(select(*COLUMNS, tables.messages.c.text).join(tables.messages))
    return [Account(row.text, delivery_of(row), attempts.get(row.id, []), ledger.with_text(row.text)) for row in said]


async def reckoned(database_url: str, ledger: Ledger) -> list[Account]:
    """All accounts, of books that balance."""
    database = Database(database_url)
    await database.start()
    try:
        assert await database.read(books.audit) == []
        kept = await database.read(books.read)
        known = await database.read(lambda conn: accounts(conn, ledger))
    finally:
        await database.close()
    assert sum(book.accepted for book in kept) == len(known)
    assert sum(book.open for book in kept) == 0
    return known


def disagreements(known: list[Account], promised: Mapping[str, str], ledger: Ledger) -> list[str]:
    """Where the ledger, our books, and what callers were told (ids by text) do not agree; nothing if all is well."""
    found = [f"{account.text} is {account.delivery.state}: {what}" for account in known for what in _of(account)]
    kept = {account.text: account.delivery.id for account in known}
    found += [f"{text} was promised and is lost" for text in promised.keys() - kept.keys()]
    found += [f"{text} is another delivery" for text in promised.keys() & kept.keys() if promised[text] != kept[text]]
    found += [f"{text} was never accepted and was sent" for text in {e.text for e in ledger.entries} - kept.keys()]
    several = Counter(account.text for account in known)
    found += [f"{text} is {number} deliveries" for text, number in several.items() if number > 1]
    return found


def _of(account: Account) -> Iterator[str]:
    yield from _on_paper(account)
    yield from _at_teams(account)


def _on_paper(account: Account) -> Iterator[str]:
    """Where the delivery and its attempts do not agree."""
    delivery, attempts = account.delivery, account.attempts
    if not delivery.state.final:
        yield "it has not come to an end"
    if [attempt.number for attempt in attempts] != list(range(1, delivery.attempts + 1)):
        yield f"{delivery.attempts} attempts are counted, {len(attempts)} are written down"
    if any(attempt.outcome is None for attempt in attempts):
        yield "an attempt has no end"
    if len(account.sent) != (delivery.state is State.SENT):
        yield f"{len(account.sent)} attempts were answered with success"
    if delivery.state is State.UNKNOWN and not doubtful(attempts[-1]):
        yield "the last attempt leaves no doubt"
    if delivery.on_unknown is OnUnknown.HOLD and any(attempt.outcome == "unknown" for attempt in attempts[:-1]):
        yield "it was sent again, and its caller wanted it held"


def _at_teams(account: Account) -> Iterator[str]:
    """Where Teams' ledger and our attempts do not agree."""
    delivery, sent, entries = account.delivery, account.sent, account.entries
    if len(entries) < len(sent):
        yield "Teams never got it"
    if len(entries) > len(sent) + account.doubts:
        yield f"it is there {len(entries)} times, and {account.doubts} attempts are in doubt"
    if sent and delivery.activity_id not in {entry.activity_id for entry in entries}:
        yield "Teams knows its activity id for nothing or for another message"
    for entry in entries:
        if entry.person != delivery.person.aad_object_id or entry.surface != "teams":
            yield f"it went to somebody else, or to another surface: {entry.surface}"
