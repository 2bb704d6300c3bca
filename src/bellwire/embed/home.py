"""Where Bellwire runs, as a bot's side sees it: in this process, or in a service elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bellwire.embed.told import Told
from bellwire.errors import BellwireError, NotFound
from bellwire.service.command import SendCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsChat:
    """The one Teams chat of a person with the bot: all that continuing the conversation needs."""

    bot_id: str
    tenant_id: str
    aad_object_id: str
    conversation_id: str
    service_url: str
    user_id: str | None = None

    @property
    def app_id(self) -> str:
        """The bot's app id; Teams' own id of a bot is that with a mark before it (platform reference §1.5)."""
        return self.bot_id.removeprefix("28:")


class Home(Protocol):
    """A Bellwire that is open."""

    async def take(self, several: Sequence[Told]) -> Sequence[BellwireError | None]:
        """Keep what activities say; in the place of each, why it was refused, if it was.

        Raises:
            Unavailable: it cannot be reached or cannot write at present; the same may be told again.
        """

    async def send(self, command: SendCommand, idempotency_key: str | None) -> str:
        """Have a message sent; returns the delivery's id once it is written down. Raises as ``POST /v1/messages``."""

    async def chat(self, tenant_id: str, aad_object_id: str, sender: str | None) -> TeamsChat:
        """A person's Teams chat.

        Raises:
            NotFound: the person was never seen, or not in a Teams chat.
            Unreachable: the chat cannot be written to at present, and why.
        """

    async def ended(self) -> None:
        """Return, or raise, only when it has stopped working by itself."""


def no_chat() -> NotFound:
    """The error for someone who is known, though from nowhere that could be continued."""
    return NotFound(
        "No Teams chat of this person is known.",
        field="aad_object_id",
        code="no_chat",
        remedy="Wait until they install the app or write to the bot in Teams, or send a message, which opens the chat.",
    )
