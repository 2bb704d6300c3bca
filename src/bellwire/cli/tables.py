"""What the service answers, as Rich tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bellwire.client import Attempt, Books, BooksLine, Callback, Checked, Delivery, Person
from bellwire.model.finding import Verdict
from bellwire.model.reason import EXPLANATIONS, Reason

if TYPE_CHECKING:
    from bellwire.store.keys import ApiKey

COLOURS: Final = {
    "sent": "green",
    "opened": "green",
    "reachable": "green",
    "queued": "cyan",
    "sending": "cyan",
    "waiting": "yellow",
    "unknown": "yellow",
    "taken": "green",
    "mended": "cyan",
    "noted": "yellow",
    "refused": "red",
    "working": "green",
    "failing": "yellow",
    "disabled": "red",
    "undeliverable": "red",
    "not reachable": "red",
    "cancelled": "bright_black",
    "expired": "bright_black",
}
FACTS: Final = {
    "sender": "sender",
    "priority": "priority",
    "reference": "reference",
    "accepted": "accepted_at",
    "due": "run_at",
    "expires": "expires_at",
    "finished": "finished_at",
    "changed": "changed_at",
    "taken back": "taken_back_at",
    "chat": "conversation_id",
    "activity": "activity_id",
    "resend of": "resend_of",
}
COUNTS: Final = ("accepted", "sent", "undeliverable", "unknown", "cancelled", "expired", "open")


def state_text(state: str) -> Text:
    """A state in its colour."""
    return Text(state, style=COLOURS.get(state, ""))


def moment(value: datetime | None) -> str:
    """A time in the reader's own time zone, to the second."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def plain_table(*columns: str) -> Table:
    """A table without lines between the rows; what is too long is wrapped, never cut."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def fact_table() -> Table:
    """Two columns: what it is, and what it says."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def delivery_table(deliveries: Iterable[Delivery]) -> Table:
    """One line for each delivery."""
    table = plain_table("delivery", "state", "person", "attempts", "accepted", "reason")
    for one in deliveries:
        table.add_row(
            one.id,
            state_text(one.state),
            one.aad_object_id,
            str(one.attempt_count),
            moment(one.accepted_at),
            one.reason or "",
        )
    return table


def delivery_facts(delivery: Delivery) -> Table:
    """Everything about one delivery that has a value."""
    table = fact_table()
    table.add_row("delivery", delivery.id)
    table.add_row("state", state_text(delivery.state))
    if delivery.reason:
        table.add_row("reason", f"{delivery.reason}: {delivery.fact or ''}")
        table.add_row("remedy", f"{delivery.remedy or ''} (whose move: {_words(delivery.whose_move)})")
    table.add_row("person", f"{delivery.aad_object_id} of tenant {delivery.tenant_id}")
    for label, name in FACTS.items():
        value = getattr(delivery, name)
        if value:
            table.add_row(label, moment(value) if isinstance(value, datetime) else str(value))
    return table


def attempt_table(attempts: Iterable[Attempt]) -> Table:
    """One line for each request to Teams."""
    table = plain_table("attempt", "step", "started", "outcome", "status", "code", "again at")
    for one in attempts:
        table.add_row(
            str(one.number),
            one.step,
            moment(one.started_at),
            one.outcome or "under way",
            str(one.status or ""),
            one.code or "",
            moment(one.retry_at),
        )
    return table


def people_table(people: Iterable[Person]) -> Table:
    """One line for each person and sender."""
    table = plain_table("person", "name", "sender", "", "seen on", "reason")
    for person in people:
        for reach in person.senders:
            table.add_row(
                person.aad_object_id,
                Text(person.name or ""),
                reach.sender,
                state_text("reachable" if reach.reachable else "not reachable"),
                ", ".join(reach.seen_on),
                reach.reason or "",
            )
    return table


def person_facts(person: Person) -> Table:
    """Everything about one person."""
    table = fact_table()
    table.add_row("person", person.aad_object_id)
    table.add_row("tenant", person.tenant_id)
    table.add_row("name", Text(person.name or ""))
    for reach in person.senders:
        table.add_row(f"as {reach.sender}", state_text("reachable" if reach.reachable else "not reachable"))
        if reach.reason:
            table.add_row("reason", f"{reach.reason}: {reach.fact or ''}")
            table.add_row("remedy", f"{reach.remedy or ''} (whose move: {_words(reach.whose_move)})")
        table.add_row("way", reach.way or "none")
        told = moment(reach.agent_delivered_at), moment(reach.agent_absent_at)
        if reach.way == "flow" or any(told):
            table.add_row("delivered", told[0] or "nothing yet")
            table.add_row("no agent", told[1] or "never said")
            continue
        table.add_row("since", moment(reach.since) or "not known")
        table.add_row("chat", reach.conversation_id or "none stored")
        table.add_row("seen on", ", ".join(reach.seen_on) or "nothing")
        table.add_row("last seen", moment(reach.seen_at))
    return table


def key_table(keys: Iterable[ApiKey]) -> Table:
    """One line for each API key."""
    table = plain_table("key", "name", "begins with", "made", "last used", "revoked")
    for key in keys:
        made, used, revoked = map(moment, (key.created_at, key.last_used_at, key.revoked_at))
        table.add_row(key.id, Text(key.name), key.prefix, made, used or "never", revoked)
    return table


def callback_table(found: Iterable[Callback]) -> Table:
    """One line for each callback."""
    table = plain_table("callback", "tells", "added", "", "of", "to tell", "given up", "since", "last answer")
    for one in found:
        of = ", ".join(filter(None, (one.sender, one.reference, "mine" if one.mine else None))) or "everything"
        since = moment(one.disabled_at or one.failing_since or one.succeeded_at)
        table.add_row(
            one.id,
            one.host,
            moment(one.created_at),
            state_text(one.health),
            Text(of),
            str(one.waiting),
            str(one.given_up),
            since,
            one.failed_with or "",
        )
    return table


def import_table(reasons: Iterable[tuple[Verdict, str, str, int]]) -> Table:
    """What became of an import: one line for each reason."""
    table = plain_table("entries", "", "because", "what to do")
    table.columns[0].justify = "right"
    for verdict, fact, remedy, count in reasons:
        table.add_row(str(count), state_text(verdict), fact, remedy)
    return table


def repairs_table(counts: Counter[str]) -> Table:
    """What came of asking Teams for people's chats: one line for each end."""
    table = plain_table("people", "", "because", "what to do")
    table.columns[0].justify = "right"
    for end, count in counts.most_common():
        if end in EXPLANATIONS:
            fact, remedy, _ = EXPLANATIONS[Reason(end)]
            table.add_row(str(count), state_text(Verdict.REFUSED), fact, remedy)
        else:
            table.add_row(str(count), state_text(end), *_REPAIRED[end])
    return table


_REPAIRED: Final = {
    "opened": ("Teams made, or returned, their chat.", ""),
    "under_way": ("Teams is still being asked.", "Nothing; GET /v1/repairs tells how far it is."),
}


def books_table(books: Books) -> Table:
    """The books of each sender and tenant, their sum, and what stands still at present."""
    stands = any(line.reason for line in books.lines)
    table = plain_table("sender", "tenant", *COUNTS, *(["stands still"] if stands else []))
    table.columns[1].no_wrap = True
    for column in table.columns[2 : 2 + len(COUNTS)]:
        column.justify = "right"
    for line in books.lines:
        table.add_row(line.sender, line.tenant_id, *_counts(line), *([_standstill(line)] if stands else []))
    table.add_section()
    table.add_row("all", "", *_counts(books), style="bold")
    return table


def books_identity(books: Books) -> Text:
    """The identity with its figures."""
    parts = " + ".join(f"{getattr(books, name)} {name}" for name in COUNTS[1:])
    mark, style = ("✓", "green") if books.balanced else ("✗", "bold red")
    return Text(f"{mark} {books.accepted} accepted = {parts}", style=style)


def _standstill(line: BooksLine) -> str:
    return "" if line.reason is None else f"{line.reason} until {moment(line.waits_until)}"


def _counts(line: Books | BooksLine) -> list[str]:
    return [str(getattr(line, name)) for name in COUNTS]


def check_table(counts: Mapping[tuple[bool, str | None, str | None], int]) -> Table:
    """How many people can be reached by which way, and what is in the way of the others."""
    table = plain_table("", "way or reason", "whose move", "people")
    table.columns[3].justify = "right"
    for (reachable, why, whose_move), count in sorted(counts.items(), key=lambda each: (not each[0][0], -each[1])):
        table.add_row(state_text("reachable" if reachable else "not reachable"), why, whose_move or "", str(count))
    return table


def unreached_table(people: Iterable[Checked]) -> Table:
    """Who cannot be reached, why, and what to do."""
    table = plain_table("person", "reason", "what to do")
    for one in people:
        remedy = EXPLANATIONS[Reason(one.reason)].remedy if one.reason in EXPLANATIONS else ""
        table.add_row(one.to, one.reason, remedy)
    return table


def _words(whose_move: str | None) -> str:
    return "nobody" if whose_move is None else whose_move.replace("_", " ")
