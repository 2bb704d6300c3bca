"""The machine and the versions that a figure belongs to."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

Cores = tuple[int | None, int | None]
PACKAGES = ("bellwire", "aiohttp", "sqlalchemy", "uvloop", "orjson")


def machine(now: datetime) -> dict[str, str | int]:
    """What a reader needs to place the figures."""
    return {
        "date": f"{now:%Y-%m-%d %H:%M} UTC",
        "processor": processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": memory_gb(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{package: _version(package) for package in PACKAGES},
    }


def processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def memory_gb() -> int:
    """The machine's memory, rounded."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def peak_mb() -> float:
    """The most memory that this process ever held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def now_mb() -> float:
    """The memory that this process holds now, in MB; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_mb()
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def peak_mb_of(pid: int) -> float:
    """The most memory that another process ever held, in MB; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def cores() -> Cores:
    """The core for what is measured and the core for everything else; none where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (allowed[0], allowed[0])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
