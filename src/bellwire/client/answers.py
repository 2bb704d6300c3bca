"""What the service answers, as plain objects. A field that a newer service adds is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from bellwire.model.delivery import State

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to Teams. ``outcome`` is none while it is under way."""

    number: int
    step: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    status: int | None = None
    code: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One wish to change what was sent, or to take it back."""

    step: str
    progress: str
    accepted_at: datetime
    finished_at: datetime | None = None
    reason: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where one message to one person stands. Lists leave ``attempts`` and ``amendments`` out."""

    id: str
    state: State
    final: bool
    sender: str
    tenant_id: str
    aad_object_id: str
    message_id: str
    priority: str
    accepted_at: datetime
    attempt_count: int
    if_unreachable: str = "fail"
    on_unknown: str = "hold"
    if_chat_active: str = "wait"
    reason: str | None = None
    fact: str | None = None
    remedy: str | None = None
    whose_move: str | None = None
    reference: str | None = None
    run_at: datetime | None = None
    expires_at: datetime | None = None
    finished_at: datetime | None = None
    conversation_id: str | None = None
    activity_id: str | None = None
    resend_of: str | None = None
    changed_at: datetime | None = None
    taken_back_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    amendments: tuple[Amendment, ...] = ()

    @property
    def sent(self) -> bool:
        """Whether Teams took it."""
        return self.state is State.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether one sender can reach a person, and if not, why and what to do.

    ``agent_delivered_at`` and ``agent_absent_at`` are when the sender's flow last delivered to the person, and when it
    last said that they lack the agent; of a bot they are never known.
    """

    sender: str
    reachable: bool
    way: str | None = None
    reason: str | None = None
    fact: str | None = None
    remedy: str | None = None
    whose_move: str | None = None
    conversation_id: str | None = None
    since: datetime | None = None
    service_url: str | None = None
    user_id: str | None = None
    bot_id: str | None = None
    seen_at: datetime | None = None
    seen_on: tuple[str, ...] = ()
    agent_delivered_at: datetime | None = None
    agent_absent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of a tenant, as each sender knows them."""

    tenant_id: str
    aad_object_id: str
    name: str | None = None
    senders: tuple[Reach, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksLine:
    """The books of one sender in one tenant: accepted is the sum of all the other numbers.

    ``reason`` says why nothing goes out there at present, if so, and ``waits_until`` when it is tried again.
    """

    tenant_id: str
    sender: str
    accepted: int
    sent: int
    undeliverable: int
    unknown: int
    cancelled: int
    expired: int
    open: int
    reason: str | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What became of everything that was ever accepted."""

    balanced: bool
    accepted: int
    sent: int
    undeliverable: int
    unknown: int
    cancelled: int
    expired: int
    open: int
    lines: tuple[BooksLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What became of one message to many: accepted + refused + duplicates = everybody who was named.

    ``refused`` says for each person who cannot be reached why not.
    """

    message_id: str
    accepted: int
    waiting: int
    duplicates: int
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one conversation reference that was told, why, and what to do about it."""

    verdict: str
    why: str
    fact: str
    remedy: str
    sender: str | None = None
    tenant_id: str | None = None
    aad_object_id: str | None = None
    field: str | None = None
    detail: str | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One person's Teams chat that is opened without a message: ``opened`` and ``refused`` are its ends."""

    id: str
    sender: str
    tenant_id: str
    aad_object_id: str
    state: str
    attempts: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """How far all repairs are (asked = open + opened + refused), and a page of them."""

    asked: int
    open: int
    opened: int
    refused: int
    items: tuple[Repair, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which surface an activity that was told came from, or why it was not taken."""

    taken: bool
    surface: str | None = None
    reason: str | None = None
    code: str | None = None
    field: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether one of many people can be reached, named as the caller did."""

    to: str
    reachable: bool
    sender: str
    way: str | None = None
    reason: str | None = None
    whose_move: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Who is told what happens, and how that goes. ``secret`` is there once only, and shown nowhere."""

    id: str
    host: str
    events: tuple[str, ...]
    health: str
    created_at: datetime
    mine: bool = False
    sender: str | None = None
    reference: str | None = None
    waiting: int = 0
    given_up: int = 0
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    failed_with: str | None = None
    paused_until: datetime | None = None
    disabled_at: datetime | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a trial: ``taken``, ``failed`` or ``gone``, and what the receiver answered."""

    reply: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """As whom messages can go out, and whether nothing does at present, and why."""

    name: str
    kind: str
    default: bool
    standing_still: bool
    paused_tenants: int = 0
    reason: str | None = None
    fact: str | None = None
    remedy: str | None = None
    whose_move: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a long list; ``next`` is where the following page begins."""

    items: Sequence[T]
    next: str | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def delivery(answer: Mapping[str, Any]) -> Delivery:
    """A delivery."""
    known = _known(Delivery, {**answer, **answer["person"]})
    attempts = tuple(Attempt(**_known(Attempt, one)) for one in answer.get("attempts") or ())
    amendments = tuple(Amendment(**_known(Amendment, one)) for one in answer.get("amendments") or ())
    return Delivery(**{**known, "state": State(answer["state"]), "attempts": attempts, "amendments": amendments})


def mailing(answer: Mapping[str, Any]) -> Mailing:
    """What became of one message to many."""
    refused = {one["to"]: one["reason"] for one in answer["refused"]}
    return Mailing(**{**_known(Mailing, answer), "refused": refused})


def findings(answer: Mapping[str, Any]) -> list[Finding]:
    """What became of each reference."""
    reasons = {one["why"]: {"fact": one["fact"], "remedy": one["remedy"]} for one in answer["reasons"]}
    return [Finding(**_known(Finding, {**one, **reasons[one["why"]]})) for one in answer["findings"]]


def repairs(answer: Mapping[str, Any]) -> Repairs:
    """How far the repairs are."""
    items = tuple(Repair(**_known(Repair, one)) for one in answer["repairs"])
    return Repairs(**{**_known(Repairs, answer), "items": items})


def told(answer: Mapping[str, Any]) -> list[Told]:
    """What became of each activity."""
    return [Told(**_known(Told, one)) for one in answer["activities"]]


def person(answer: Mapping[str, Any]) -> Person:
    """A person."""
    senders = tuple(_reach(one) for one in answer.get("senders") or ())
    return Person(**{**_known(Person, answer), "senders": senders})


def checked(answer: Mapping[str, Any]) -> list[Checked]:
    """People who were asked about."""
    return [Checked(**_known(Checked, one)) for one in answer["people"]]


def callback(answer: Mapping[str, Any]) -> Callback:
    """A callback."""
    return Callback(**{**_known(Callback, answer), "events": tuple(answer["events"])})


def trial(answer: Mapping[str, Any]) -> Trial:
    """What came of a trial."""
    return Trial(**_known(Trial, answer))


def senders(answer: Mapping[str, Any]) -> list[Sender]:
    """The senders."""
    return [Sender(**_known(Sender, one)) for one in answer["senders"]]


def books(answer: Mapping[str, Any]) -> Books:
    """The books."""
    lines = tuple(BooksLine(**_known(BooksLine, one)) for one in answer.get("lines") or ())
    return Books(**{**_known(Books, answer), "lines": lines})


def _reach(answer: Mapping[str, Any]) -> Reach:
    seen = tuple(one["surface"] for one in answer.get("seen") or ())
    chat = answer.get("agent_chat") or {}
    told = {f"agent_{name}": at for name, at in chat.items()}
    return Reach(**{**_known(Reach, {**(answer.get("reference") or {}), **told, **answer}), "seen_on": seen})


def _known(kind: type[Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name: str(one.type) for one in fields(kind)}
    return {name: _value(names[name], value) for name, value in answer.items() if name in names}


def _value(kind: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if kind.startswith("datetime") and isinstance(value, str) else value
