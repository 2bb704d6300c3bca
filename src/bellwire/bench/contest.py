"""Contenders take turns, a second or two each, so that a noisy machine is noisy for all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bellwire.bench.figures import paired_ratio, per_thousand
from bellwire.bench.peer import Peer


@dataclass(frozen=True, slots=True)
class Lap:
    """One turn: what was sent, in what time, for how much CPU (both in seconds)."""

    sent: int
    failed: int
    seconds: float
    cpu_seconds: float
    rss_mb: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.sent / self.seconds


@dataclass(slots=True)
class Contender:
    """Who takes part, and the laps so far. The first lap warms up: it is counted, but not rated."""

    name: str
    label: str
    peer: Peer
    callers: int = 0
    laps: list[Lap] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """One more lap."""
        said = await self.peer.ask(seconds=seconds)
        self.laps.append(
            Lap(
                sent=int(said["sent"]),
                failed=int(said["failed"]),
                seconds=float(said["seconds"]),
                cpu_seconds=float(said["cpu_seconds"]),
                rss_mb=float(said["rss_mb"]),
            )
        )

    @property
    def rates(self) -> list[float]:
        """Messages a second, lap by lap."""
        return [lap.rate for lap in self.laps[1:]]

    @property
    def costs(self) -> list[float]:
        """CPU seconds for a thousand messages, lap by lap."""
        return [per_thousand(lap.cpu_seconds, lap.sent) for lap in self.laps[1:]]

    @property
    def core(self) -> float:
        """The share of one core that it had."""
        return median(lap.cpu_seconds / lap.seconds for lap in self.laps[1:])

    @property
    def sent(self) -> int:
        """All that it says it sent."""
        return sum(lap.sent for lap in self.laps)

    @property
    def failed(self) -> int:
        """All that it says failed."""
        return sum(lap.failed for lap in self.laps)

    @property
    def peak_mb(self) -> float:
        """The most memory that it ever held."""
        return max(lap.rss_mb for lap in self.laps)


async def take_turns(contenders: Sequence[Contender], rounds: int, seconds: float, told: Callable[[str], None]) -> None:
    """Every contender once a round, after one round to warm up; each round begins with another one."""
    for number in range(rounds + 1):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            told(contender.label)
            await contender.run(seconds)


def ratio(ours: Contender, theirs: Contender) -> float:
    """How many times the other's rate, as the median over rounds."""
    return paired_ratio(ours.rates, theirs.rates)


def cost_ratio(ours: Contender, theirs: Contender) -> float:
    """How many times the other's CPU for a message, as the median over rounds."""
    return paired_ratio(ours.costs, theirs.costs)


def fastest(contenders: Sequence[Contender]) -> Contender:
    """The one with the highest median rate."""
    return max(contenders, key=lambda contender: median(contender.rates))
