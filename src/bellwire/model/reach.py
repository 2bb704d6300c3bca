"""Whether a person can be reached, by which way, and if not, what is in it. Decided from what is known, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.member import Member
from bellwire.model.reason import Reason
from bellwire.model.reference import ConversationReference, ReachState
from bellwire.model.surface import Surface


class Way(StrEnum):
    """How a person is reached."""

    TEAMS_CHAT = "teams_chat"
    OPEN_CHAT = "open_chat"
    TEAM_ROSTER = "team_roster"
    FLOW = "flow"


@dataclass(frozen=True, slots=True)
class Reachable:
    """The person can be written to: in the chat that is known, or in one that has to be opened first."""

    way: Way


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The person cannot be written to at present."""

    reason: Reason


OBSTACLES: Final = MappingProxyType(
    {
        ReachState.UNINSTALLED: Reason.UNINSTALLED,
        ReachState.NOT_INSTALLED: Reason.NOT_INSTALLED,
        ReachState.BLOCKED: Reason.BLOCKED,
        ReachState.DISABLED: Reason.DISABLED_BY_ADMIN,
    }
)


INSTALLABLE: Final = frozenset(
    {Reason.NEVER_SEEN, Reason.SEEN_ELSEWHERE_ONLY, Reason.UNINSTALLED, Reason.NOT_INSTALLED}
)


REFUSED_FOR: Final = timedelta(days=1)
"""How long it stands that Teams refused to open a chat, against everything but the contrary."""

OPENABLE: Final = (Surface.COPILOT, Surface.TEAMS_PERSONAL)
"""Whoever was seen here has the app, as far as is known."""


def reach(
    state: ReachState | None, seen: Mapping[Surface, Reason | None], member: Member | None = None
) -> Reachable | Obstacle:
    """The way to a person whose stored chat has ``state`` (none: no chat is stored), seen on the surfaces ``seen``.

    Each surface comes with the reason for which Teams has refused to open the chat since the person was seen there.
    Whoever used the agent in Copilot acquired the app, so Teams opens their chat by object id. A ``member`` of a team
    that has the app is refused there with 403, and is reached by the roster's 29: id (platform reference §1.1).
    """
    if state is ReachState.REACHABLE:
        return Reachable(Way.TEAMS_CHAT)
    if state is not None:
        return Obstacle(OBSTACLES[state])
    refusals = [seen[surface] for surface in OPENABLE if surface in seen]
    if None in refusals:
        return Reachable(Way.OPEN_CHAT)
    if member is not None:
        return Reachable(Way.TEAM_ROSTER) if member.obstacle is None else Obstacle(member.obstacle)
    for refused in filter(None, refusals):
        return Obstacle(refused)
    return Obstacle(Reason.SEEN_ELSEWHERE_ONLY if seen else Reason.NEVER_SEEN)


def installable(reason: Reason, if_unreachable: IfUnreachable) -> bool:
    """Whether an install is wanted and can help: it undoes no block, and no administrator's decision."""
    return if_unreachable is IfUnreachable.INSTALL and reason in INSTALLABLE


def state_of(reference: ConversationReference | None) -> ReachState | None:
    """The state of the stored chat, if one is stored."""
    return None if reference is None else reference.state


def first_state(found: Reachable | Obstacle, if_unreachable: IfUnreachable) -> State | Obstacle:
    """Where a new delivery begins, or the obstacle for which it is refused."""
    if isinstance(found, Reachable):
        return State.QUEUED
    if installable(found.reason, if_unreachable):
        return State.QUEUED
    return State.WAITING if if_unreachable is IfUnreachable.WAIT else found
