"""Everything that the database holds at one moment, and every change of a state that it has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from bellwire.model.delivery import Delivery, State
from bellwire.model.outcome import Step
from bellwire.store import books, tables
from bellwire.store.amendments import Progress
from bellwire.store.attempts import Attempt
from bellwire.store.deliveries import COLUMNS, delivery_of


@dataclass(frozen=True)
class Truth:
    """Everything that the database holds at one moment."""

    deliveries: dict[str, Delivery]
    attempts: dict[str, list[Attempt]]
    changes: list[tuple[State, State]]
    wishes: dict[str, list[Progress]]
    open: int
    differences: list[Any]


def truth(conn: Connection) -> Truth:
    """Read all of it."""
    kept: dict[str, list[Attempt]] = {}
    fields = list(Attempt.__dataclass_fields__)
    attempts = tables.attempts
    for row in conn.execute(
        select(*(attempts.c[name] for name in fields)).order_by(attempts.c.delivery_id, attempts.c.number)
    ):
        kept.setdefault(row.delivery_id, []).append(Attempt(**{**row._asdict(), "step": Step(row.step)}))
    wishes: dict[str, list[Progress]] = {}
    for delivery_id, state in conn.execute(select(tables.amendments.c.delivery_id, tables.amendments.c.state)):
        wishes.setdefault(delivery_id, []).append(Progress(state))
    return Truth(
        deliveries={row.id: delivery_of(row) for row in conn.execute(select(*COLUMNS))},
        attempts=kept,
        changes=[(State(was), State(now)) for was, now in conn.execute(text("SELECT was, now FROM state_changes"))],
        wishes=wishes,
        open=sum(book.open for book in books.read(conn)),
        differences=books.audit(conn),
    )


def watch_states(conn: Connection) -> None:
    """Have the database itself write down every change of a state."""
    conn.execute(text("CREATE TABLE state_changes (was TEXT NOT NULL, now TEXT NOT NULL)"))
    if conn.dialect.name == "sqlite":
        conn.execute(
            text(
                "CREATE TRIGGER state_changed AFTER UPDATE OF state ON deliveries WHEN OLD.state <> NEW.state "
                "BEGIN INSERT INTO state_changes VALUES (OLD.state, NEW.state); END"
            )
        )
    else:
        conn.execute(
            text(
                "CREATE FUNCTION note_state() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN INSERT INTO state_changes VALUES (OLD.state, NEW.state); RETURN NULL; END'"
            )
        )
        conn.execute(
            text(
                "CREATE TRIGGER state_changed AFTER UPDATE OF state ON deliveries FOR EACH ROW "
                "WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_state()"
            )
        )
