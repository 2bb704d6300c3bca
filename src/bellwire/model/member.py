"""A person on the roster of a team that has the app: known to the bot by a 29: id, and by it their chat is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bellwire.model.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person on one team's roster.

    ``user_id`` is Teams' id of the person for this bot; without a personal install it is the only id by which Teams
    opens their chat (platform reference §1.1). ``listed_at`` is when the roster last named them, ``refused`` why Teams
    refused to open their chat although it does.
    """

    aad_object_id: str
    user_id: str
    team_id: str
    service_url: str
    listed_at: datetime
    name: str | None = None
    guest: bool = False
    refused: Reason | None = None

    @property
    def obstacle(self) -> Reason | None:
        """Why the roster is no way to this person; guests count as unreachable (platform reference §1.1)."""
        return Reason.GUEST if self.guest else self.refused


@dataclass(frozen=True, slots=True)
class RosterPage:
    """Some members of a team, and the token for the next ones; at the end None."""

    members: Sequence[Member]
    following: str | None


@dataclass(frozen=True, slots=True)
class RosterRefused:
    """Teams does not tell who is in the team.

    ``gone`` says that the app is not in the team any more, ``throttled`` that a limit was met; ``after`` is Retry-After
    in seconds where Teams gave one.
    """

    status: int | None
    code: str
    gone: bool = False
    throttled: bool = False
    after: float | None = None
