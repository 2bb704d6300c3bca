"""What follows from an outcome: one pure function of what is known, the time and a random number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bellwire.delivery.history import History
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, State
from bellwire.model.outcome import (
    Halt,
    Heal,
    Installed,
    Opened,
    Outcome,
    Remedy,
    Retry,
    Scope,
    Sent,
    Step,
    Undeliverable,
    Unknown,
)
from bellwire.model.reach import installable
from bellwire.model.reason import Reason
from bellwire.model.retry import RetryPolicy, exhausted, wait

AMENDING: Final = frozenset({Step.CHANGE, Step.TAKE_BACK})
SUSPENDING: Final = frozenset(
    {
        Reason.UNINSTALLED,
        Reason.NOT_INSTALLED,
        Reason.BLOCKED,
        Reason.DISABLED_BY_ADMIN,
        Reason.AGENT_NOT_INSTALLED,
    }
)
# A flow that never tells its result would not tell it of a copy either: it is mended by a person, and then resent.
NOT_REPEATED: Final = frozenset({Reason.FLOW_WITHOUT_RESPONSE, Reason.FLOW_RUN_FAILED, Reason.FLOW_RESULT_UNREADABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attempt that is over, and what its delivery's caller asked for; ``member``: the person has a 29: id.

    ``repairing``: the chat is opened for its own sake, and nothing is posted.
    """

    step: Step
    started_at: datetime
    history: History
    service_url: str
    member: bool = False
    repairing: bool = False
    if_unreachable: IfUnreachable = IfUnreachable.FAIL
    on_unknown: OnUnknown = OnUnknown.HOLD
    if_chat_active: IfChatActive = IfChatActive.WAIT


@dataclass(frozen=True, slots=True)
class Address:
    """The chat's address proved to be this one."""

    service_url: str
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """No request of this scope starts before ``until``."""

    scope: Scope
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where the delivery goes. ``SENDING`` means one more attempt at once, with the step ``step``.

    ``run_at`` is when a queued delivery may be claimed again, ``address``, ``suspension`` and ``installed`` change
    the person's reference, ``pause`` shuts a lane, ``halt`` stops the whole sender.
    """

    state: State
    run_at: datetime | None = None
    reason: Reason | None = None
    step: Step | None = None
    activity_id: str | None = field(default=None, repr=False)
    address: Address | None = None
    suspension: Reason | None = None
    installed: bool = False
    pause: Pause | None = None
    halt: Reason | None = None


def decide(case: Case, outcome: Outcome, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    """What follows from ``outcome`` at ``now``; ``random`` is from 0 up to 1.

    Every remedy is tried once for each delivery. An answer that was lost leaves only a post in doubt: opening a chat,
    changing and taking back can be done twice without harm, so they are simply tried again.
    """
    match outcome:
        case Retry(chat_active=True):
            return _chat_active(case, now, policy)
        case Sent(activity_id=activity_id):
            return Decision(state=State.SENT, activity_id=activity_id, address=_moved(case))
        case Opened():
            return _opened(case, outcome)
        case Installed():
            return Decision(state=State.SENDING, step=Step.OPEN_CHAT, installed=True)
        case Retry():
            return _retry(case, outcome, now, random, policy)
        case Heal():
            return _heal(case, outcome, now, random, policy)
        case Unknown():
            return _unknown(case, outcome, now, random, policy)
        case Undeliverable():
            return _undeliverable(case, outcome, now, random, policy)
        case Halt():
            return Decision(state=State.QUEUED, run_at=now, halt=outcome.reason)


def _opened(case: Case, outcome: Opened) -> Decision:
    address = Address(outcome.service_url, outcome.conversation_id)
    if case.repairing:
        return Decision(state=State.SENT, address=address)
    return Decision(state=State.SENDING, step=Step.POST, address=address)


def _retry(case: Case, outcome: Retry, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    again = now + wait(outcome.after, case.history.waited, random, policy)
    pause = None if outcome.scope is None else Pause(outcome.scope, again)
    told = outcome.after is not None
    # A wait that Teams asks for is waited out, however long it is: only tries and our own waits use time up.
    if _exhausted(case, now if told else again, policy):
        return Decision(state=State.UNDELIVERABLE, reason=Reason.RETRIES_EXHAUSTED, pause=pause)
    reason = Reason.PAUSED if told or pause is not None else None
    return Decision(state=State.QUEUED, run_at=again, reason=reason, pause=pause)


def _chat_active(case: Case, now: datetime, policy: RetryPolicy) -> Decision:
    again = now + timedelta(seconds=policy.active_every)
    waited = (again - (case.history.first_at or case.started_at)).total_seconds()
    if case.if_chat_active is IfChatActive.GIVE_UP or waited > policy.active_for:
        return Decision(state=State.UNDELIVERABLE, reason=Reason.CHAT_ACTIVE)
    return Decision(state=State.QUEUED, run_at=again)


def _heal(case: Case, outcome: Heal, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    opening = outcome.remedy is Remedy.OPEN_CHAT
    if outcome.remedy in case.history.healed or (opening and case.step is not Step.POST):
        return decide(case, outcome.otherwise, now, random, policy)
    return Decision(state=State.SENDING, step=Step.OPEN_CHAT if opening else case.step)


def _unknown(case: Case, outcome: Unknown, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    post = case.step is Step.POST
    again = now + wait(None, case.history.waited, random, policy)
    held = post and (case.on_unknown is OnUnknown.HOLD or outcome.reason in NOT_REPEATED)
    if not (held or _exhausted(case, again, policy)):
        return Decision(state=State.QUEUED, run_at=again)
    if post:
        return Decision(state=State.UNKNOWN, reason=outcome.reason)
    return Decision(state=State.UNDELIVERABLE, reason=Reason.RETRIES_EXHAUSTED)


def _undeliverable(case: Case, outcome: Undeliverable, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    reason = outcome.reason
    if reason not in SUSPENDING:
        return Decision(state=State.UNDELIVERABLE, reason=reason)
    if case.step is Step.OPEN_CHAT and reason is Reason.NOT_INSTALLED and case.member:
        return Decision(state=State.SENDING, step=Step.OPEN_CHAT_AS_MEMBER)
    if case.step not in AMENDING and installable(reason, case.if_unreachable):
        return _install(case, reason, now, random, policy)
    return unreachable(case.step, case.if_unreachable, reason, suspension=reason)


def _install(case: Case, reason: Reason, now: datetime, random: float, policy: RetryPolicy) -> Decision:
    """Install the app, once. After that Teams may need a while before it lets the bot in."""
    if not case.history.installed:
        return Decision(state=State.SENDING, step=Step.INSTALL, suspension=reason)
    again = now + wait(None, case.history.waited, random, policy)
    if _exhausted(case, again, policy):
        return Decision(state=State.UNDELIVERABLE, reason=Reason.INSTALL_PENDING)
    return Decision(state=State.QUEUED, run_at=again, reason=Reason.INSTALL_PENDING)


def unreachable(
    step: Step, if_unreachable: IfUnreachable, reason: Reason, *, suspension: Reason | None = None
) -> Decision:
    """Where a delivery goes whose person cannot be reached: it waits for them if its caller asked for that."""
    waits = if_unreachable is IfUnreachable.WAIT and step not in AMENDING
    state = State.WAITING if waits else State.UNDELIVERABLE
    return Decision(state=state, reason=reason, suspension=suspension)


def _moved(case: Case) -> Address | None:
    """What was sent by way of the other host proves that host."""
    return Address(case.service_url) if Remedy.SWITCH_HOST in case.history.healed else None


def _exhausted(case: Case, again: datetime, policy: RetryPolicy) -> bool:
    first = case.history.first_at or case.started_at
    return exhausted(again, tries=case.history.tries + 1, first_try_at=first, policy=policy)
