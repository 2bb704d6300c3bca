"""What callers were promised, and what must be so at every moment: a model far simpler than the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bellwire.delivery.decision import AMENDING, SUSPENDING
from bellwire.model.delivery import TRANSITIONS, Delivery, IfUnreachable, OnUnknown, State
from bellwire.model.outcome import Halt, Heal, Installed, Opened, Outcome, Retry, Sent, Step, Undeliverable, Unknown
from bellwire.model.posting import Posting
from bellwire.store.amendments import Progress
from bellwire.store.attempts import Attempt
from tests.machine.scripted import marker_of
from tests.machine.truth import Truth

MAY_HAVE_LANDED: Final = ("sent", "unknown", None)


@dataclass(eq=False)
class Promise:
    """One accepted delivery, on its terms; ``marker`` names its message, and a resend says the same message.

    ``says`` is the text that the caller wants to be seen, None once it was taken back.
    """

    delivery: Delivery
    marker: str
    says: str | None
    cancelled: bool = False


class Model:
    """Knows what was promised, and what follows from an answer."""

    def __init__(self) -> None:
        self.promises: dict[str, Promise] = {}
        self.last_of: dict[str, Promise] = {}

    def accepted(self, delivery: Delivery, text: str) -> None:
        """A caller was told that this delivery is taken in."""
        marker = text.partition(" ")[0]
        self.promises[delivery.id] = self.last_of[marker] = Promise(delivery, marker, text)

    def forbidden(self, posting: Posting, now: datetime) -> str | None:
        """Why this request must not be made now; None if it may."""
        promise = self.last_of.get(marker_of(posting))
        if promise is None:
            return "was never accepted"
        if posting.step in AMENDING:
            return None
        terms = promise.delivery
        if posting.message is not None and posting.message.text != promise.says:
            return f"says {posting.message.text!r} instead of {promise.says!r}"
        if promise.cancelled:
            return "was cancelled, and the caller was told so"
        if terms.expires_at is not None and terms.expires_at <= now:
            return f"expired at {terms.expires_at}, and it is {now}"
        if now < terms.run_at:
            return f"is due at {terms.run_at}, and it is {now}"
        return None if posting.person == terms.person else "goes to somebody else"

    def follows(self, delivery: Delivery, step: Step, outcome: Outcome, now: datetime) -> frozenset[State]:
        """The states that a delivery may be in when this answer has been written down."""
        match outcome:
            case Sent():
                return frozenset({State.SENT})
            case Opened() | Installed():
                late = delivery.expires_at is not None and delivery.expires_at <= now
                return frozenset({State.EXPIRED if late else State.SENDING})
            case Retry():
                return frozenset({State.QUEUED, State.UNDELIVERABLE})
            case Unknown():
                hold = delivery.on_unknown is OnUnknown.HOLD
                return frozenset({State.UNKNOWN}) if hold else frozenset({State.UNKNOWN, State.QUEUED})
            case Heal():
                return self.follows(delivery, step, outcome.otherwise, now) | {State.SENDING, State.EXPIRED}
            case Undeliverable():
                waits = outcome.reason in SUSPENDING and delivery.if_unreachable is IfUnreachable.WAIT
                return frozenset({State.WAITING} if waits else {State.UNDELIVERABLE})
            case Halt():
                return frozenset({State.QUEUED})

    def broken(self, truth: Truth, landed: dict[str, list[str]], asked: dict[str, int]) -> Iterator[str]:
        """What is not as it must be, in words."""
        yield from (f"the books are off: {difference}" for difference in truth.differences)
        standing = sum(not delivery.state.final for delivery in truth.deliveries.values())
        if truth.open != standing:
            yield f"the books say that {truth.open} are open, the rows {standing}"
        if truth.deliveries.keys() != self.promises.keys():
            yield f"promised and kept differ: {truth.deliveries.keys() ^ self.promises.keys()}"
        for was, now in Counter(truth.changes):
            if now not in TRANSITIONS[was]:
                yield f"a delivery went from {was} to {now}"
        for each, promise in self.promises.items():
            yield from _unkept(promise, truth.deliveries[each], truth.attempts.get(each, []))
        yield from self._miscounted(truth, landed, asked)

    def _miscounted(self, truth: Truth, landed: dict[str, list[str]], asked: dict[str, int]) -> Iterator[str]:
        begun, doubtful = Counter[str](), Counter[str]()
        for each, attempts in truth.attempts.items():
            marker = self.promises[each].marker
            begun[marker] += len(attempts)
            doubtful[marker] += _may_have_landed(attempts)
        for marker, times in asked.items():
            if times > begun[marker]:
                yield f"{marker} was asked {times} times, and {begun[marker]} attempts were written before"
        for marker, ids in landed.items():
            if len(ids) > doubtful[marker]:
                yield f"{marker} landed {len(ids)} times, of which {doubtful[marker]} can be explained"

    def unseen(self, truth: Truth, shown: dict[str, str | None]) -> Iterator[str]:
        """What was sent and does not say at the end what its caller wanted last."""
        for each, delivery in truth.deliveries.items():
            wishes, wanted = truth.wishes.get(each, []), self.promises[each].says
            if delivery.state is State.SENT and Progress.FAILED not in wishes:
                seen = shown[delivery.activity_id or ""]
                if seen != wanted:
                    yield f"{delivery.activity_id} says {seen!r} instead of {wanted!r}, after {wishes}"


def _unkept(promise: Promise, delivery: Delivery, attempts: list[Attempt]) -> Iterator[str]:
    name = f"{promise.marker} ({delivery.state})"
    if promise.cancelled and delivery.state is not State.CANCELLED:
        yield f"{name} was cancelled"
    if delivery.on_unknown is OnUnknown.HOLD and _may_have_landed(attempts) > 1:
        yield f"{name} is to be sent once, and may have landed several times"
    sent = sum(attempt.outcome == "sent" and attempt.step is Step.POST for attempt in attempts)
    if sent != (delivery.state is State.SENT):
        yield f"{name} has {sent} attempts that were sent"
    if [attempt.number for attempt in attempts] != list(range(1, len(attempts) + 1)):
        yield f"{name} has attempts with the numbers {[attempt.number for attempt in attempts]}"
    standing = [attempt for attempt in attempts if attempt.outcome is None]
    amending = delivery.state is State.SENT and all(attempt.step in AMENDING for attempt in standing)
    if standing and (len(standing) > 1 or not (delivery.state is State.SENDING or amending)):
        yield f"{name} has {len(standing)} attempts without an end"


def _may_have_landed(attempts: list[Attempt]) -> int:
    return sum(attempt.step is Step.POST and attempt.outcome in MAY_HAVE_LANDED for attempt in attempts)
