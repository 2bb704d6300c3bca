"""What a failed request to Teams means: one table from status and code to an outcome (platform reference §5).

A code decides before its status does, since the same fact comes with several statuses. What the table does not know is
final: Teams documents that nothing else may be retried. Three rules need their reasons:

* **429, whose limit was it?** Teams says only "Throttled". A conversation's smallest window takes seven requests
  (platform reference §6), so one that got fewer than seven in the last 30 seconds cannot be the cause: then it is the
  tenant's limit of 50 a second, and so it is when a chat is opened, since that belongs to no conversation yet.
* **504 may have delivered.** The gateway gave up on a service that may have acted. Teams documents it as to be
  retried, so a duplicate is possible there, and nowhere else.
* **An answer that got lost** is unknown for a post, which has no idempotency key. Opening a chat returns the one that
  exists (platform reference §2.5), a change replaces and a removal removes: those are simply tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bellwire.model.outcome import OPENING, Halt, Heal, Outcome, Remedy, Retry, Scope, Step, Undeliverable, Unknown
from bellwire.model.reason import Reason

SMALLEST_WINDOW: Final = 7


class Phase(StrEnum):
    """How far a request came before it failed."""

    KEPT_BACK = "kept_back"
    """It was not sent, since the host is not the cloud's."""
    UNWRITTEN = "unwritten"
    """Certainly no byte of it left."""
    UNANSWERED = "unanswered"
    """It may have arrived; no answer came."""
    UNREADABLE = "unreadable"
    """It was answered with success, in a form that could not be read."""
    REFUSED = "refused"
    """It was answered with an error."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request. ``code`` is Teams' own, or a word for what broke; ``retry_after`` is in seconds."""

    phase: Phase
    status: int | None = None
    code: str = ""
    retry_after: float | None = None


Verdict = Callable[[Failure, Step], Outcome]


def outcome_of(failure: Failure, step: Step, *, recent_posts: int = 0) -> Outcome:
    """What the failure of this step comes to; ``recent_posts`` are the conversation's in the last 30 seconds."""
    status, code = failure.status, failure.code
    match failure.phase:
        case Phase.KEPT_BACK:
            return Undeliverable(Reason.HOST_NOT_ALLOWED, None, code)
        case Phase.UNWRITTEN:
            return Retry(None, code)
        case Phase.UNANSWERED:
            return Unknown(Reason.ANSWER_LOST, None, code) if step is Step.POST else Retry(None, code)
        case Phase.UNREADABLE:
            return Unknown(Reason.ANSWER_UNREADABLE, status, code) if step is Step.POST else Retry(status, code)
        case Phase.REFUSED:
            if status == 429:
                return _throttled(failure, step, recent_posts)
            return _verdict(status or 0, code)(failure, step)


def _throttled(failure: Failure, step: Step, recent_posts: int) -> Retry:
    own = step not in OPENING and recent_posts >= SMALLEST_WINDOW
    scope = Scope.CONVERSATION if own else Scope.TENANT
    return Retry(failure.status, failure.code, failure.retry_after, scope)


def _verdict(status: int, code: str) -> Verdict:
    if 400 <= status < 500 and (by_code := BY_CODE.get(code.lower())) is not None:
        return by_code
    return BY_STATUS.get(status) or (_ends(Reason.MESSAGE_REJECTED) if 400 < status < 500 else _service_error)


def _ends(reason: Reason, *, opening: Reason | None = None) -> Verdict:
    def verdict(failure: Failure, step: Step) -> Outcome:
        why = opening if opening is not None and step in OPENING else reason
        return Undeliverable(why, failure.status, failure.code)

    return verdict


def _halts(reason: Reason) -> Verdict:
    return lambda failure, _: Halt(reason, failure.status, failure.code)


def _heals(remedy: Remedy, otherwise: Verdict) -> Verdict:
    def verdict(failure: Failure, step: Step) -> Outcome:
        end = otherwise(failure, step)
        if not isinstance(end, (Undeliverable, Halt)):
            raise TypeError("what cannot be healed ends")
        return Heal(remedy, end, failure.status or 0, failure.code)

    return verdict


def _retries(scope: Scope | None = None) -> Verdict:
    return lambda failure, _: Retry(failure.status, failure.code, failure.retry_after, scope)


def _gone(failure: Failure, step: Step) -> Outcome:
    """The conversation is not there: it is opened anew to post into it; to change a post in it would be vain."""
    end = _ends(Reason.CONVERSATION_NOT_FOUND)
    return (_heals(Remedy.OPEN_CHAT, end) if step is Step.POST else end)(failure, step)


def _not_found(failure: Failure, step: Step) -> Outcome:
    """A 404 that says no more: of a change it is the post that is missing, else the conversation."""
    changing = step in (Step.CHANGE, Step.TAKE_BACK)
    return (_ends(Reason.ACTIVITY_NOT_FOUND) if changing else _gone)(failure, step)


_new_token: Final = _heals(Remedy.NEW_TOKEN, _halts(Reason.TOKEN_REFUSED))
_service_error: Final = _ends(Reason.SERVICE_ERROR)
# Opening a chat sends no message that could be at fault: Teams does not know the person or the tenant.
_rejected: Final = _ends(Reason.MESSAGE_REJECTED, opening=Reason.CONVERSATION_NOT_FOUND)

BY_CODE: Final[Mapping[str, Verdict]] = MappingProxyType(
    {
        "botnotregistered": _halts(Reason.BOT_NOT_REGISTERED),
        "botdisabledbyadmin": _ends(Reason.DISABLED_BY_ADMIN),
        "botnotinconversationroster": _ends(Reason.UNINSTALLED, opening=Reason.NOT_INSTALLED),
        "conversationblockedbyuser": _ends(Reason.BLOCKED),
        # Blocked or uninstalled. An uninstall is told by an event as well, a block by nothing else: so it is a block.
        "messagewritesblocked": _ends(Reason.BLOCKED),
        "forbiddenoperationexception": _ends(Reason.NOT_INSTALLED),
        "invalidbotapihost": _heals(Remedy.SWITCH_HOST, _ends(Reason.WRONG_HOST)),
        "notenoughpermissions": _ends(Reason.NOT_PERMITTED),
        "aclcheckfailed": _ends(Reason.NOT_PERMITTED),
        "conversationnotfound": _gone,
        "activitynotfoundinconversation": _ends(Reason.ACTIVITY_NOT_FOUND),
        "activitynotfound": _ends(Reason.ACTIVITY_NOT_FOUND),
        "preconditionfailed": _retries(Scope.CONVERSATION),
        "messagesizetoobig": _ends(Reason.MESSAGE_TOO_BIG),
    }
)
"""By Teams' code in lower case, whatever 4xx it comes with."""

BY_STATUS: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        400: _rejected,
        401: _new_token,
        402: _ends(Reason.NOT_PERMITTED),
        403: _ends(Reason.NOT_PERMITTED),
        404: _not_found,
        405: _ends(Reason.NOT_PERMITTED),
        407: _ends(Reason.NOT_PERMITTED),
        408: _service_error,
        412: _retries(Scope.CONVERSATION),
        413: _ends(Reason.MESSAGE_TOO_BIG),
        451: _ends(Reason.NOT_PERMITTED),
        500: _service_error,
        502: _retries(),
        503: _retries(),
        504: _retries(),
    }
)
"""By status where the code decided nothing. Other 4xx reject the message; everything else is Teams' own error."""
