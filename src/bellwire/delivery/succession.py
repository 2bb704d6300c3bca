"""What a lane's next owner has to know of what was sent there, so that no window is exceeded over the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bellwire.delivery.lane import Lane
from bellwire.delivery.station import Station
from bellwire.model.pacing import FEW_PER_HOUR, FORGET_AFTER, Window
from bellwire.store import lane_history
from bellwire.store.lane_history import Asked, Paused
from bellwire.store.lanes import LaneKey

LONGEST_REQUEST: Final = timedelta(seconds=330)
HOUR: Final = timedelta(hours=1)
FLIGHT: Final = 2.0
"""Seconds for which the last requests of a dead worker, written before it died, may still be on their way to Teams."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was sent in a lane before this worker owned it: all of the last window, and all to those who got many; and
    who is to be let alone.
    """

    requests: Sequence[Asked]
    to_busy: Sequence[Asked]
    paused: Sequence[Paused]


def past_of(conn: Connection, key: LaneKey, now: datetime, pace: Window) -> Past:
    """A lane's past. To be read after the lane was taken: then nothing is added to it by anybody else."""
    look_back = timedelta(seconds=max(FORGET_AFTER, pace.seconds))
    requests = lane_history.requests(conn, key, started=now - LONGEST_REQUEST, ended=now - look_back)
    busy = lane_history.busy(conn, key, started=now - HOUR, many=FEW_PER_HOUR)
    to_busy = lane_history.requests_to(conn, key, busy, started=now - HOUR)
    return Past(requests, to_busy, lane_history.paused(conn, key, now=now))


def take_over(lane: Lane, past: Past, station: Station) -> None:
    """Have the lane's pace know its past."""
    lane.restore(
        [(each.aad_object_id, _settled_at(each, station)) for each in past.requests],
        [(each.aad_object_id, _settled_at(each, station)) for each in past.to_busy],
    )
    if past.requests:
        lane.installs.rest(station.ticks())
    for each in past.paused:
        until = station.ticks_at(each.until)
        if each.install:
            lane.installs.pause(until)
        else:
            lane.pause_conversation(each.aad_object_id, until)


def _settled_at(request: Asked, station: Station) -> float:
    now = station.ticks()
    if request.finished_at is None:
        return now + FLIGHT
    at = min(station.ticks_at(request.finished_at), now) + station.tuning.clock_error
    return at if request.answered else at + FLIGHT
