"""Who can be reached, and if not, why and what to do: the answer about a person."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bellwire.model.reach import Obstacle, Reachable, Way
from bellwire.model.reason import EXPLANATIONS, Mover, Reason
from bellwire.model.reference import ReachState, Source
from bellwire.model.surface import Surface
from bellwire.service.people import KnownPerson, SenderReach
from bellwire.store.sightings import Sighting
from bellwire.web.schemas.fields import View


class SightingView(View):
    """How often the person was seen on a surface."""

    surface: Surface
    count: int
    first_at: datetime
    last_at: datetime


class ReferenceView(View):
    """The person's Teams chat with the sender's bot."""

    state: ReachState
    conversation_id: str
    service_url: str
    user_id: str | None = Field(default=None, description="Teams' own id of the person for this bot (29:...).")
    bot_id: str | None = Field(default=None, description="Teams' own id of the bot (28:...).")
    locale: str | None = None
    timezone: str | None = None
    app_version: str | None = None
    source: Source = Field(description="What taught us the chat first.")
    created_at: datetime
    seen_at: datetime = Field(description="The newest activity that confirmed the chat's address.")
    installed_at: datetime | None = None
    removed_at: datetime | None = None
    blocked_at: datetime | None = None
    disabled_at: datetime | None = None
    absent_at: datetime | None = Field(default=None, description="When Teams last found no app there.")


class AgentChatView(View):
    """What a flow has told of the person's chat with its agent."""

    delivered_at: datetime | None = Field(default=None, description="When the flow last delivered to the person.")
    absent_at: datetime | None = Field(default=None, description="When it last said that they lack the agent.")


class ReachView(View):
    """Whether one sender can reach the person."""

    sender: str
    reachable: bool
    way: Way | None = Field(
        default=None, description="`open_chat`: the chat is opened first; `team_roster`: as a team's member."
    )
    reason: Reason | None = Field(default=None, description="What is in the way.")
    fact: str | None = Field(default=None, description="The reason in words.")
    remedy: str | None = Field(default=None, description="What to do about it.")
    whose_move: Mover | None = Field(default=None, description="Whose move it is.")
    since: datetime | None = Field(default=None, description="Since when it is so, as far as is known.")
    reference: ReferenceView | None = Field(default=None, description="The stored Teams chat, if there is one.")
    agent_chat: AgentChatView | None = Field(default=None, description="What the sender's flow has told, if it has.")
    seen: list[SightingView] = Field(description="Where the person was seen.")


class PersonView(View):
    """A person of a tenant, as each sender knows them."""

    tenant_id: str
    aad_object_id: str
    name: str | None = None
    senders: list[ReachView]


class PeoplePage(View):
    """People, in the order of tenant and object id."""

    people: list[PersonView]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; none at the end.")


def view(person: KnownPerson) -> PersonView:
    """The answer about a person."""
    return PersonView(
        tenant_id=person.tenant_id,
        aad_object_id=person.aad_object_id,
        name=person.name,
        senders=[_reach(one) for one in person.senders],
    )


def _reach(one: SenderReach) -> ReachView:
    return ReachView(
        sender=one.sender,
        reachable=isinstance(one.found, Reachable),
        reference=_reference(one),
        agent_chat=_agent_chat(one),
        seen=[_sighting(sighting) for sighting in one.sightings],
        since=one.since,
        **_explained(one.found),
    )


def _explained(found: Reachable | Obstacle) -> dict[str, object]:
    if isinstance(found, Reachable):
        return {"way": found.way}
    fact, remedy, mover = EXPLANATIONS[found.reason]
    return {"reason": found.reason, "fact": fact, "remedy": remedy, "whose_move": mover}


def _reference(one: SenderReach) -> ReferenceView | None:
    if one.reference is None:
        return None
    view = ReferenceView.model_validate(one.reference, from_attributes=True)
    return view.model_copy(update={"installed_at": one.reference.install_told_at})


def _agent_chat(one: SenderReach) -> AgentChatView | None:
    if one.agent_chat is None:
        return None
    return AgentChatView(delivered_at=one.agent_chat.delivered_at, absent_at=one.agent_chat.absent_at)


def _sighting(sighting: Sighting) -> SightingView:
    return SightingView(
        surface=sighting.surface, count=sighting.seen, first_at=sighting.first_at, last_at=sighting.last_at
    )
