"""Makes work of what was claimed: where each message goes and by which step, or why it cannot go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, KeysView, Sequence
from typing import Final

from bellwire.delivery.decision import Decision, unreachable
from bellwire.delivery.history import NEW, Attempt, history
from bellwire.delivery.station import Station
from bellwire.delivery.work import Work
from bellwire.model.agent_chat import AgentChat, flow_reach
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, Priority
from bellwire.model.member import Member
from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.reach import Obstacle, Way, installable, reach
from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState
from bellwire.model.surface import is_graph_chat_id
from bellwire.store.lanes import LaneKey
from bellwire.store.queue import Claimed
from bellwire.store.sightings import Sighting
from bellwire.store.supply import Amendments, Past, Supply

MESSAGES: Final = 256
_IF_UNREACHABLE: Final = {wish.value: wish for wish in IfUnreachable}
_ON_UNKNOWN: Final = {wish.value: wish for wish in OnUnknown}


class Messages:
    """The messages used last: one that goes to many people is read and kept once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Message] = OrderedDict()

    def known(self) -> KeysView[str]:
        """The ids of those at hand."""
        return self._kept.keys()

    def keep(self, new: dict[str, Message], used: Collection[str]) -> None:
        """Keep the new ones and all those of ``used``; of the others the ones not used for longest go."""
        self._kept.update(new)
        for message_id in used:
            self._kept.move_to_end(message_id)
        while len(self._kept) > max(MESSAGES, len(used)):
            self._kept.popitem(last=False)

    def get(self, message_id: str) -> Message:
        """One that is at hand."""
        return self._kept[message_id]


def take_in(station: Station, supply: Supply, messages: Messages) -> Iterator[tuple[Work, Decision | None]]:
    """Every claimed delivery as work; with a decision for those that cannot go out."""
    for want, claimed in supply.claimed:
        key = want.lane
        for each in claimed:
            yield _work(station, supply, key, want.priority, each, messages.get(each.message_id))


def amending(found: Amendments) -> Iterator[Work]:
    """Every claimed amendment as work. A person asked for it just now, so it goes first."""
    for each in found.claimed:
        yield Work(
            delivery_id=each.delivery_id,
            amendment_id=each.id,
            lane=LaneKey(each.sender, each.tenant_id),
            person=Person(each.sender, each.tenant_id, each.aad_object_id),
            priority=Priority.URGENT,
            step=each.step,
            service_url=each.service_url,
            attempts=each.attempts,
            run_at=each.run_at,
            holder=found.worker,
            claimed_at=found.claimed_at,
            conversation_id=each.conversation_id,
            activity_id=each.activity_id,
            message=None if each.message_id is None else found.messages[each.message_id],
            history=history(map(_attempt, found.pasts[each.id])) if each.id in found.pasts else NEW,
        )


def _work(
    station: Station, supply: Supply, key: LaneKey, priority: Priority, each: Claimed, message: Message
) -> tuple[Work, Decision | None]:
    person = Person(key.sender, key.tenant_id, each.aad_object_id)
    told = history(map(_attempt, supply.pasts[each.id])) if each.id in supply.pasts else NEW
    work = Work(
        delivery_id=each.id,
        lane=key,
        person=person,
        priority=priority,
        # Teams does not always take Graph's name of a chat (platform reference §7.4); opening tells its own.
        step=Step.OPEN_CHAT if told.opening or is_graph_chat_id(each.conversation_id or "") else Step.POST,
        service_url=each.service_url or "",
        attempts=each.attempts,
        run_at=each.run_at,
        holder=supply.worker,
        claimed_at=supply.claimed_at,
        conversation_id=each.conversation_id,
        user_id=each.member_id,
        chat_trace=each.chat_trace,
        message=message,
        expires_at=each.expires_at,
        if_unreachable=_IF_UNREACHABLE[each.if_unreachable],
        on_unknown=_ON_UNKNOWN[each.on_unknown],
        if_chat_active=IfChatActive(each.if_chat_active),
        by_flow=key.sender in station.tuning.flows,
        history=told,
    )
    if work.by_flow:
        return work, _by_flow(station, supply.agent_chats.get(person), work)
    if each.chat_state != ReachState.REACHABLE:
        seen, member = supply.sightings.get(person, ()), supply.members.get(person)
        return work, _without_chat(station, seen, member, each, work)
    if told.healed:
        work.service_url = station.way(key.sender, told, work.service_url)
    return work, None


def _without_chat(
    station: Station, seen: Sequence[Sighting], member: Member | None, each: Claimed, work: Work
) -> Decision | None:
    """Have the chat opened, if that is a way to the person, or decide what becomes of the delivery."""
    state = None if each.chat_state is None else ReachState(each.chat_state)
    found = reach(state, {each.surface: each.refusal(station.clock()) for each in seen}, member)
    told = told_last(seen) or station.senders[work.person.sender].default_service_url
    work.step = Step.OPEN_CHAT
    if isinstance(found, Obstacle):
        if not installable(found.reason, work.if_unreachable):
            return unreachable(work.step, work.if_unreachable, found.reason)
        work.step = Step.OPEN_CHAT if work.history.installed else Step.INSTALL
    elif member is not None and member.obstacle is None:
        work.user_id, told = member.user_id, member.service_url
        work.step = Step.OPEN_CHAT_AS_MEMBER if found.way is Way.TEAM_ROSTER else Step.OPEN_CHAT
    work.service_url = station.way(work.person.sender, work.history, told)
    return None


def _by_flow(station: Station, chat: AgentChat | None, work: Work) -> Decision | None:
    """What becomes of the delivery if its flow is believed not to reach the person."""
    found = flow_reach(chat, station.clock())
    if isinstance(found, Obstacle):
        return unreachable(work.step, work.if_unreachable, found.reason)
    return None


def told_last(seen: Iterable[Sighting]) -> str | None:
    """The newest service URL that came with any activity of the person."""
    told = [sighting.service_url for sighting in sorted(seen, key=lambda s: s.last_at) if sighting.service_url]
    return told[-1] if told else None


def _attempt(past: Past) -> Attempt:
    return Attempt(
        step=past.step,
        started_at=past.started_at,
        finished_at=past.finished_at,
        outcome=past.outcome,
        remedy=past.remedy,
        retry_at=past.retry_at,
    )
