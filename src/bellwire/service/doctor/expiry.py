"""How near the end of a secret or a certificate is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bellwire.service.doctor.finding import Finding, fine, stops, warning

SOON: Final = timedelta(days=30)


def expiry(check: str, end: datetime, now: datetime, remedy: str, *, subject: str) -> Finding:
    """What there is to say of something that ends then; ``remedy`` is for when it did, or will soon."""
    day = f"{end:%Y-%m-%d}"
    if end <= now:
        return stops(check, f"It expired on {day}.", remedy, subject=subject)
    if end - now < SOON:
        return warning(check, f"It expires on {day}, in {(end - now).days} days.", remedy, subject=subject)
    return fine(check, f"It is good until {day}.", subject=subject)
