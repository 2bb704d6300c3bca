"""How lanes are shared among workers: everybody takes a fair number, and hands over what is well above it."""

from __future__ import annotations

from collections.abc import Set
from hashlib import blake2b
from math import ceil

from bellwire.store.lanes import LaneKey


def fair(lanes: int, workers: int) -> int:
    """How many of the lanes with work one of the workers should have at most."""
    return ceil(lanes / max(workers, 1))


def to_take(
    free: Set[LaneKey], left: Set[LaneKey], worker: str, *, mine: int, lanes: int, workers: int
) -> list[LaneKey]:
    """Which of the free lanes to take, up to the fair number; not those that were ``left`` for others.

    Every worker begins at another place, so that those who are woken by the same bell seldom want the same lanes.
    """
    room = max(fair(lanes, workers) - mine, 0)
    return sorted(free - left, key=lambda key: _place(worker, key))[:room]


def excess(mine: int, *, lanes: int, workers: int) -> int:
    """How many lanes to hand over: none while the surplus is a quarter of the fair number or less.

    Without that slack, every lane that falls silent for a while would set others moving.
    """
    share = fair(lanes, workers)
    surplus = mine - share
    return surplus if surplus * 4 > share else 0


def _place(worker: str, key: LaneKey) -> bytes:
    return blake2b("\0".join((worker, *key)).encode(), digest_size=8).digest()
