"""What a PostgreSQL server costs: CPU, if it runs on this machine, and write-ahead log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text

from bellwire.bench.peer import Answer
from bellwire.store.database import Database


class Cost(NamedTuple):
    """Seconds of CPU and bytes of log since some moment in the past."""

    cpu: float
    log: float

    def since(self, before: Cost) -> Answer:
        """What came in between, as a part of an answer."""
        return {"database_cpu_seconds": self.cpu - before.cpu, "database_log_bytes": self.log - before.log}


async def cost(database: Database) -> Cost:
    """What the server has cost up to now; nothing, if there is none."""
    if database.dialect == "sqlite":
        return Cost(0.0, 0.0)
    backend, log = await database.read(_asked)
    return Cost(cpu_of_server(backend), log)


def _asked(conn: Connection) -> tuple[int, float]:
    backend, log = conn.execute(text("SELECT pg_backend_pid(), pg_current_wal_insert_lsn() - '0/0'::pg_lsn")).one()
    return int(backend), float(log)


def cpu_of_server(backend: int) -> float:
    """CPU seconds used so far by the server of this backend, its ended processes too; 0 if it is on another machine."""
    server = _stat(backend)[1]
    if server is None:
        return 0.0
    fields = [_stat(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()]
    ours = sum(used for used, parent, _ in fields if parent == server)
    used, _, of_ended = _stat(server)
    return (ours + used + of_ended) / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> tuple[float, int | None, float]:
    """Ticks used by a process, its parent, and ticks used by its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, None, 0.0
    return float(fields[11]) + float(fields[12]), int(fields[1]), float(fields[13]) + float(fields[14])
