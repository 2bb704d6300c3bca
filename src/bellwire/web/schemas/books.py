"""The books: what became of everything that was ever accepted."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bellwire.model.reason import Reason
from bellwire.service.books import Balance
from bellwire.store.books import Book
from bellwire.store.lanes import Standstill
from bellwire.web.schemas.fields import View

COUNTERS = ("accepted", "sent", "undeliverable", "unknown", "cancelled", "expired", "open")


class Counters(View):
    """accepted = sent + undeliverable + unknown + cancelled + expired + open."""

    accepted: int
    sent: int
    undeliverable: int
    unknown: int
    cancelled: int
    expired: int
    open: int = Field(description="Queued, being sent, or waiting.")


class BooksLine(Counters):
    """The books of one sender in one tenant."""

    tenant_id: str
    sender: str
    reason: Reason | None = Field(default=None, description="Why nothing goes out there at present, if so.")
    waits_until: datetime | None = Field(default=None, description="When it is tried again.")


class DifferenceView(View):
    """A number in the books that is not what the deliveries say."""

    tenant_id: str
    sender: str
    counter: str
    kept: int
    counted: int


class BooksView(Counters):
    """The sums over all senders and tenants, and the books that they are made of."""

    balanced: bool = Field(description="Whether every accepted delivery is accounted for.")
    audited: bool = Field(description="Whether the deliveries were counted again for this answer.")
    lines: list[BooksLine]
    differences: list[DifferenceView] = Field(description="What an audit found; empty when all is well.")


def view(balance: Balance) -> BooksView:
    """The answer about the books."""
    lines = [_line(book, balance.standstills.of(book.sender, book.tenant_id)) for book in balance.books]
    return BooksView(
        balanced=balance.balanced,
        audited=balance.audited,
        lines=lines,
        differences=[DifferenceView.model_validate(one, from_attributes=True) for one in balance.differences],
        **{name: sum(getattr(line, name) for line in lines) for name in COUNTERS},
    )


def _line(book: Book, standstill: Standstill | None) -> BooksLine:
    return BooksLine(
        tenant_id=book.tenant_id,
        sender=book.sender,
        reason=None if standstill is None else standstill.reason,
        waits_until=None if standstill is None else standstill.until,
        **{name: getattr(book, name) for name in COUNTERS},
    )
