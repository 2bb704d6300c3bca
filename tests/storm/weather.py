"""All faults that the simulated Teams can play, each with a small chance, and what each may honestly lead to."""

from __future__ import annotations

from typing import Final

from bellwire.model.delivery import State
from bellwire.model.reason import Reason
from bellwire.simulator import faults
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.refusal import Envelope
from bellwire.simulator.script import Played, Storm

FORBIDDEN: Final = {
    "BotNotInConversationRoster": Reason.UNINSTALLED,
    "ConversationBlockedByUser": Reason.BLOCKED,
    "MessageWritesBlocked": Reason.BLOCKED,
    "BotDisabledByAdmin": Reason.DISABLED_BY_ADMIN,
    "ForbiddenOperationException": Reason.NOT_INSTALLED,
    "NotEnoughPermissions": Reason.NOT_PERMITTED,
}
REFUSED: Final = {
    **FORBIDDEN,
    "InvalidBotApiHost": Reason.WRONG_HOST,
    "ConversationNotFound": Reason.CONVERSATION_NOT_FOUND,
    "MessageSizeTooBig": Reason.MESSAGE_TOO_BIG,
}
DONE: Final[dict[Deed, frozenset[Reason]]] = {
    Deed.UNINSTALL: frozenset({Reason.UNINSTALLED, Reason.NOT_INSTALLED, Reason.BLOCKED}),
    Deed.BLOCK: frozenset({Reason.BLOCKED}),
    Deed.DISABLE: frozenset({Reason.DISABLED_BY_ADMIN}),
    Deed.DELETE_CHAT: frozenset({Reason.CONVERSATION_NOT_FOUND}),
}
SUSPENDING: Final = {Reason.UNINSTALLED, Reason.NOT_INSTALLED, Reason.BLOCKED, Reason.DISABLED_BY_ADMIN}
LOST: Final = {
    Deed.RESET: Reason.ANSWER_LOST,
    Deed.STALL: Reason.ANSWER_LOST,
    Deed.GARBLE: Reason.ANSWER_UNREADABLE,
}


def storm(seed: int) -> Storm:
    """Every fault at once. What pauses the whole tenant is rare, since each time all wait for it."""
    often: list[Fault] = [
        faults.answer(412),
        faults.answer(500),
        faults.answer(502),
        faults.answer(502, envelope=Envelope.HTML),
        faults.answer(503),
        faults.answer(504, envelope=Envelope.EMPTY),
        faults.answer(413),
        faults.answer(404, "ConversationNotFound"),
        faults.forbidden("InvalidBotApiHost"),
        *(faults.forbidden(code) for code in FORBIDDEN),
        *(faults.forbidden(code, envelope=Envelope.LEGACY) for code in FORBIDDEN),
        faults.answer_lost(),
        faults.reset(),
        faults.garbled(),
        faults.stall(0.3),
        faults.stall(0.2, accepted=True, drop=True),
        faults.stall(0.2, drop=True),
        Fault(Deed.UNINSTALL),
        Fault(Deed.DELETE_CHAT),
        Fault(Deed.BLOCK),
        Fault(Deed.DISABLE),
    ]
    seldom: list[Fault] = [
        faults.throttled(1),
        faults.throttled(1, as_date=True),
        faults.throttled(),
        faults.answer(401, "AuthorizationError"),
        Fault(Deed.REVOKE_TOKENS),
        faults.clock_jump(30.0),
        faults.clock_jump(-30.0),
    ]
    return Storm(seed, (*((0.008, fault) for fault in often), *((0.0002, fault) for fault in seldom)))


def ends(state: State, played: list[Played]) -> set[Reason]:
    """The reasons for which a delivery may truly end in this state when one of these faults hit its last request."""
    return {reason for one in played for reason in (_lost(one) if state is State.UNKNOWN else _refused(one))}


def suspensions(played: list[Played]) -> set[Reason]:
    """Of the faults that a person met, in whatever message, the reasons that hold for all their messages."""
    found = ends(State.UNDELIVERABLE, played) & SUSPENDING
    return found | ({Reason.UNINSTALLED} if Reason.NOT_INSTALLED in found else set())


def _lost(one: Played) -> frozenset[Reason]:
    lost = one.fault.deed in LOST and (one.fault.deed is not Deed.STALL or one.fault.drop)
    return frozenset({LOST[one.fault.deed]}) if lost else frozenset()


def _refused(one: Played) -> frozenset[Reason]:
    if one.fault.deed is not Deed.ANSWER:
        return DONE.get(one.fault.deed, frozenset())
    if one.fault.status == 500:
        return frozenset({Reason.SERVICE_ERROR})
    code = one.fault.refusal(None).code
    if one.operation == "create" and code == "BotNotInConversationRoster":
        return frozenset({Reason.NOT_INSTALLED})
    return frozenset({REFUSED[code]}) if code in REFUSED else frozenset()
