"""Who a process is, so that another one on the same machine can tell at once that it is gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def identity() -> str | None:
    """This process: machine, process table, number and start. None where the system does not tell."""
    table, started = _process_table(), _started(os.getpid())
    return None if table is None or started is None else f"{table}/{os.getpid()}/{started}"


def gone(process: str) -> bool:
    """Whether that process is known not to run any more; of one on another machine nothing is known."""
    table, number, started = process.rsplit("/", 2)
    return table == _process_table() and _started(int(number)) != started


def _process_table() -> str | None:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _started(number: int) -> str | None:
    """When a process started, in the kernel's ticks since boot; None if there is none, or if it is dead already."""
    try:
        fields = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
