"""What PostgreSQL did for each statement of an operation, as its own module ``auto_explain`` tells it.

The plans are those of the real operations on the service's own connections, executed, with generic plans: the ones that
a prepared statement falls into after its fifth use, which know nothing of the values that are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import event

from bellwire.store.database import Database
from tests.support.postgres import PostgresServer

_SETTINGS: Final = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "client_min_messages": "log",
    "plan_cache_mode": "force_generic_plan",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One statement as it was executed."""

    statement: str
    root: Json

    @property
    def nodes(self) -> Iterator[Json]:
        """Every step of it."""
        todo = [self.root]
        while todo:
            node = todo.pop()
            todo += node.get("Plans", [])
            yield node

    @property
    def walked(self) -> set[str]:
        """The tables that were read from one end to the other."""
        return {node["Relation Name"] for node in self.nodes if node["Node Type"].endswith("Seq Scan")}

    @property
    def indexes(self) -> set[str]:
        """The indexes that were used."""
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def pages(self) -> int:
        """How many pages of eight kilobytes were looked at, most of them again and again."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])


def explain(server: PostgresServer, name: str) -> None:
    """Have every later connection to this database told its plans."""
    for setting, value in _SETTINGS.items():
        server.run(f"ALTER DATABASE {name} SET {setting} = '{value}'")


def overhear(database: Database) -> list[Plan]:
    """The plans of what this database does from now on; call it before the database is started."""
    heard: list[Plan] = []

    def note(connection: object, message: Any) -> None:
        _, found, plan = str(message.message).partition("plan:")
        if found:
            told = json.loads(plan)
            heard.append(Plan(told["Query Text"], told["Plan"]))

    backend: Any = database._backend
    for engine in (backend._writing, backend._reading):
        event.listen(engine.sync_engine, "connect", lambda raw, _: raw.driver_connection.add_log_listener(note))
    return heard
