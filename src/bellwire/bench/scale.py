"""How large the bench's runs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes of every section; times in seconds."""

    people: int
    rounds: int
    lap: float
    paced_people: int
    urgent_bulk: int
    urgent_count: int
    queue_levels: tuple[int, ...]
    queue_rounds: int
    accept_count: int
    accept_many: int
    accept_handed: int
    accept_repeats: int
    relayed_turns: int
    tenants_people: int
    tenants_queued: int
    tenants_lap: float


FULL: Final = Scale(
    people=5_000,
    rounds=20,
    lap=2.0,
    paced_people=20_000,
    urgent_bulk=100_000,
    urgent_count=400,
    queue_levels=(10_000, 100_000, 1_000_000),
    queue_rounds=5,
    accept_count=3_000,
    accept_many=100_000,
    accept_handed=5_000,
    accept_repeats=5,
    relayed_turns=2_000,
    tenants_people=10_000,
    tenants_queued=60_000,
    tenants_lap=20.0,
)
QUICK: Final = Scale(
    people=1_000,
    rounds=4,
    lap=1.0,
    paced_people=500,
    urgent_bulk=10_000,
    urgent_count=60,
    queue_levels=(10_000, 50_000),
    queue_rounds=3,
    accept_count=400,
    accept_many=20_000,
    accept_handed=5_000,
    accept_repeats=2,
    relayed_turns=300,
    tenants_people=4_000,
    tenants_queued=20_000,
    tenants_lap=5.0,
)
