"""What one attempt asks a sender to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One request: open the person's chat (no ``conversation_id`` yet), post into it, or change or take back a post.

    ``surface`` is the surface that was stored with the chat; a sender refuses anything but ``teams_personal``.
    ``user_id`` is the 29: id that a team's roster gives the person, for opening the chat as a member.
    ``activity_id`` names the post to change or take back. ``recent_posts`` says how many requests this conversation
    got in the 30 seconds before: by it a sender tells whether a throttling is the conversation's or the tenant's.
    """

    step: Step
    person: Person
    service_url: str
    surface: Surface = Surface.TEAMS_PERSONAL
    conversation_id: str | None = None
    user_id: str | None = None
    activity_id: str | None = None
    recent_posts: int = 0
    message: Message | None = field(default=None, repr=False)
