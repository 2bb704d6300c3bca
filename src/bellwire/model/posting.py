"""What one attempt asks a sender to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One request: open the person's chat (no ``conversation_id`` yet), or post into it.

    ``surface`` is the surface that was stored with the chat; a sender refuses anything but ``teams_personal``.
    """

    step: Step
    person: Person
    service_url: str
    surface: Surface = Surface.TEAMS_PERSONAL
    conversation_id: str | None = None
    message: Message | None = field(default=None, repr=False)
