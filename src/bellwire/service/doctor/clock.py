"""This machine's clock, by the clock of the service whose tokens it has to judge; and whether that service answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from yarl import URL

from bellwire.net import NoAnswer, exchange
from bellwire.service.doctor.finding import Finding, fine, stops, untold, warning
from bellwire.service.doctor.installation import Installation
from bellwire.service.doctor.way_out import proxy_trouble

CHECK: Final = "clock"
KEYS: Final = "signing keys"
TOLERATED: Final = timedelta(minutes=5)
"""Tokens from Teams are refused beyond this (platform reference §4)."""

NOTICED: Final = timedelta(seconds=30)


async def clock(installation: Installation) -> list[Finding]:
    """Read where Teams' signing keys are described, and the time that the answer carries."""
    url = installation.cloud.openid_metadata_url
    try:
        answer = await exchange(installation.session, "GET", URL(url, encoded=True))
    except NoAnswer as failure:
        return [_no_keys(url, failure.kind)]
    if answer.status != 200:
        return [_no_keys(url, f"status {answer.status}")]
    found = fine(KEYS, "They can be fetched, so activities from Teams can be verified.")
    return [found, judged(_moment(answer.headers.get("Date")), installation.clock())]


def judged(theirs: datetime | None, ours: datetime) -> Finding:
    """How far apart the clocks are. An HTTP date has whole seconds, and the answer took a moment."""
    if theirs is None:
        return untold(CHECK, "The answer carried no time.", "Compare the clock with another one.")
    apart = abs(ours - theirs)
    said = f"It is {apart.total_seconds():.0f} s {'ahead' if ours > theirs else 'behind'}."
    if apart > TOLERATED:
        return stops(CHECK, f"{said} Tokens from Teams are refused.", "Set the clock; keep it set by NTP.")
    if apart > NOTICED:
        return warning(CHECK, said, "Keep the clock set by NTP; more than five minutes stop everything.")
    return fine(CHECK, "It agrees with Microsoft's.")


def _no_keys(url: str, said: str) -> Finding:
    remedy = "Let this machine reach it over https; with the custom cloud, check BELLWIRE_CLOUD__OPENID_METADATA_URL."
    fact, remedy = proxy_trouble(said) or (f"It said: {said}.", remedy)
    return stops(KEYS, f"{url} does not answer, so no activity from Teams can be verified. {fact}", remedy)


def _moment(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value or "").astimezone(UTC)
    except ValueError:
        return None
