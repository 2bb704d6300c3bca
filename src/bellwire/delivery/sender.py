"""The seam between the engine and whatever posts into Teams."""

from __future__ import annotations

from typing import Protocol

from bellwire.model.outcome import Outcome
from bellwire.model.posting import Posting


class Sender(Protocol):
    """Sends one posting and says what became of it."""

    @property
    def default_service_url(self) -> str:
        """Where to open the chat of someone whose service URL was never told."""

    @property
    def spare_service_url(self) -> str | None:
        """Where to turn when Teams says that the bot calls the wrong host; None if there is no other."""

    async def send(self, posting: Posting) -> Outcome:
        """Send it, once. Whatever Teams answers is an Outcome, never an exception."""
