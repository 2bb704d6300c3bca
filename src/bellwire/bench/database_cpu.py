"""What a PostgreSQL server on this machine costs."""

from __future__ import annotations

import os
from pathlib import Path


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
