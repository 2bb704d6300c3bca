"""What a flow's answer, or the answer of Power Automate in its place, comes to (platform reference §9).

There are two answers in one: the HTTP status is Power Automate's word on the run, and the ``code`` in the body of the
flow's Response step is the word of the step that posts. Three rules need their reasons:

* **202 is no success.** It says that a run began, and that the flow has no Response step to tell how it ended.
* **500, 502 and 504 come from a run that began.** 502 says that it ended without reaching its Response step, 504 that
  it took longer than two minutes; whether the step that posts was done before that, nobody says. A copy would fail in
  the same way, so it is not made without somebody's word.
* **What concerns the whole flow halts its sender**: turned off, deleted, a signature or a token that is refused. The
  queue is kept, and nothing ends for a fault that is not the message's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bellwire.flows.contract import CHAT_ACTIVE, DELIVERED, NOT_INSTALLED, Result
from bellwire.model.outcome import Halt, Heal, Outcome, Remedy, Retry, Scope, Sent, Undeliverable, Unknown
from bellwire.model.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. ``code`` is Power Automate's error code, ``result`` what the flow reported, ``run`` its run's name,
    ``retry_after`` in seconds; ``signed`` and ``old`` are the trigger's."""

    status: int
    code: str = ""
    result: Result | None = None
    run: str = "run:unnamed"
    retry_after: float | None = None
    signed: bool = False
    old: bool = False


def outcome_of(reply: Reply) -> Outcome:
    """What the answer comes to."""
    if 200 <= reply.status < 300:
        return _reported(reply)
    by_code = BY_CODE.get(reply.code.lower()) if 400 <= reply.status < 500 else None
    verdict = by_code or BY_STATUS.get(reply.status) or (_rejected if reply.status < 500 else _run_failed)
    return verdict(reply)


def unanswered(kind: str, *, written: bool, old: bool) -> Outcome:
    """What it comes to that no answer came; ``kind`` is a word for what broke."""
    if written:
        return Unknown(Reason.ANSWER_LOST, None, kind)
    if old and kind == "host_not_found":
        return Halt(Reason.FLOW_ADDRESS_OLD, None, kind)
    return Retry(None, kind)


def _reported(reply: Reply) -> Outcome:
    status, result = reply.status, reply.result
    if status == 202 and (result is None or result.code is None):
        return Unknown(Reason.FLOW_WITHOUT_RESPONSE, status, "no_result")
    if result is None:
        return Unknown(Reason.ANSWER_UNREADABLE, status, "no_result")
    code = "no_code" if result.code is None else str(result.code)
    match result.code:
        case n if n == DELIVERED:
            return Sent(result.message_id or reply.run, status)
        case n if n == NOT_INSTALLED:
            return Undeliverable(Reason.AGENT_NOT_INSTALLED, status, code)
        case n if n == CHAT_ACTIVE:
            return Retry(status, code, chat_active=True)
        case _:
            return Unknown(Reason.FLOW_RESULT_UNREADABLE, status, code)


Verdict = Callable[[Reply], Outcome]


def _halts(reason: Reason) -> Verdict:
    return lambda reply: Halt(reason, reply.status, reply.code)


def _ends(reason: Reason) -> Verdict:
    return lambda reply: Undeliverable(reason, reply.status, reply.code)


def _passes(scope: Scope | None) -> Verdict:
    return lambda reply: Retry(reply.status, reply.code, reply.retry_after, scope)


def _run_failed(reply: Reply) -> Outcome:
    return Unknown(Reason.FLOW_RUN_FAILED, reply.status, reply.code)


def _unauthorized(reply: Reply) -> Outcome:
    if reply.signed:
        return Halt(Reason.FLOW_SIGNATURE_REFUSED, reply.status, reply.code)
    refused = Halt(Reason.TOKEN_REFUSED, reply.status, reply.code)
    return Heal(Remedy.NEW_TOKEN, refused, reply.status, reply.code)


def _forbidden(reply: Reply) -> Outcome:
    reason = Reason.FLOW_SIGNATURE_REFUSED if reply.signed else Reason.FLOW_NOT_PERMITTED
    return Halt(reason, reply.status, reply.code)


def _gone(reply: Reply) -> Outcome:
    return Halt(Reason.FLOW_ADDRESS_OLD if reply.old else Reason.FLOW_DELETED, reply.status, reply.code)


_off: Final = _halts(Reason.FLOW_TURNED_OFF)
_rejected: Final = _ends(Reason.FLOW_REQUEST_REFUSED)

BY_CODE: Final[Mapping[str, Verdict]] = MappingProxyType(
    {
        "workflowtriggerisnotenabled": _off,
        "workflowdisabled": _off,
        "flowdisabled": _off,
        "flowsuspended": _off,
        "workflownotfound": _gone,
        "workflowtriggernotfound": _gone,
        "flownotfound": _gone,
        "triggerinputschemamismatch": _rejected,
    }
)
"""By Power Automate's code in lower case, whatever 4xx it comes with."""

BY_STATUS: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        401: _unauthorized,
        403: _forbidden,
        404: _gone,
        410: _gone,
        413: _ends(Reason.MESSAGE_TOO_BIG),
        429: _passes(Scope.TENANT),
        503: _passes(None),
    }
)
"""By status where the code decided nothing. Other 4xx refuse the call; other 5xx come from a run that failed."""
