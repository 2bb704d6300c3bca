"""What the pacing itself costs: the lanes of one worker in simulated time, without database, wire or clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf

from bellwire.bench.people import SENDER, tenant_id
from bellwire.delivery.lane import Lane
from bellwire.delivery.lanes import Lanes
from bellwire.delivery.work import Work
from bellwire.model.delivery import Priority
from bellwire.model.outcome import Step
from bellwire.model.recipient import Person
from bellwire.store.lanes import LaneKey

ANSWER = 0.02
ROOM = 256
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pacing_cost(tenants: int, per_second: int, messages: int) -> float:
    """Seconds of CPU for each message, with every tenant at its limit, each message to another person."""
    lanes = _filled(tenants, per_second, ceil(messages / tenants))
    answers: list[tuple[float, int, Work]] = []
    now, number = 0.0, count()
    began = time.process_time()
    while True:
        while answers and answers[0][0] <= now:
            lanes.settle(heappop(answers)[2], now)
        while (work := lanes.take(now)) is not None:
            heappush(answers, (now + ANSWER, next(number), work))
        now = min(answers[0][0] if answers else inf, lanes.next_at())
        if now == inf:
            return (time.process_time() - began) / next(number)


def _filled(tenants: int, per_second: int, each: int) -> Lanes:
    lanes, people = Lanes(ROOM, ROOM // 16), count()
    for tenant in map(tenant_id, range(tenants)):
        lane = Lane(LaneKey(SENDER, tenant), per_second, _never)
        for _ in range(each):
            lane.add(_work(lane.key, str(next(people))))
        lanes.open(lane)
        lanes.touch(lane)
    return lanes


def _never(work: Work, later: float) -> None:
    raise AssertionError(f"Nobody gets two messages, and still {work.person} has to wait {later} s.")


def _work(key: LaneKey, person: str) -> Work:
    return Work(
        delivery_id=person,
        lane=key,
        person=Person(key.sender, key.tenant_id, person),
        priority=Priority.BULK,
        step=Step.POST,
        service_url="",
        attempts=0,
        run_at=NOW,
        holder="",
        claimed_at=NOW,
    )
