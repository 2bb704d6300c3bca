"""A Teams that answers when, and as, it is told; it writes down what arrived, and sees at once what must not be."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bellwire.model.outcome import Opened, Outcome, Retry, Scope, Sent, Step, Unknown
from bellwire.model.pacing import Window
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from tests.machine.clockwork import clockwork
from tests.machine.life import LIVING, Life

SERVICE_URL: Final = "https://teams.example/emea/"
LATENCY: Final = 0.05
SOON: Final = 1e-4
ROUNDING: Final = 1e-5


@dataclass(eq=False)
class Request:
    """One request under way."""

    posting: Posting
    life: Life
    started: float
    answer: asyncio.Future[Outcome]

    @property
    def marker(self) -> str:
        """What names the message."""
        return marker_of(self.posting)


Script = Callable[[Request], tuple[Outcome, bool] | None]


@dataclass(eq=False, repr=False)
class ScriptedTeams:
    """Answers each request after ``LATENCY`` by its ``script``; what that leaves without an answer stays ``under_way``.

    ``broken`` holds what must not have happened, in words. ``forbidden`` says why a posting must not come, if so.
    """

    per_second: int
    windows: tuple[Window, ...]
    forbidden: Callable[[Posting], str | None]
    script: Script | None = None
    under_way: list[Request] = field(default_factory=list)
    landed: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, str | None] = field(default_factory=dict)
    asked: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    broken: list[str] = field(default_factory=list)
    default_service_url: str = "https://teams.example/default/"
    spare_service_url: str | None = "https://teams.example/spare/"
    _shut_until: dict[object, float] = field(default_factory=dict)
    _arrivals: defaultdict[object, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def send(self, posting: Posting) -> Outcome:
        """Take the request, and wait for the answer that it gets."""
        loop, life = clockwork(), LIVING.get()
        assert life is not None
        request = Request(posting, life, loop.time(), loop.create_future())
        self._check(request)
        self.under_way.append(request)
        self.asked[request.marker] += 1
        loop.call_later(LATENCY, self.answer_by_script, request)
        return await request.answer

    def answer_by_script(self, request: Request) -> None:
        """As the script says at this moment, if it says anything."""
        if self.script is not None and (found := self.script(request)) is not None:
            self.answer(request, found[0], lands=found[1])

    def well(self, request: Request) -> tuple[Outcome, bool]:
        """What Teams says when all is well."""
        posting = request.posting
        if posting.step is Step.OPEN_CHAT:
            return Opened(chat_of(posting.person), posting.service_url), True
        return Sent(posting.activity_id or self._next_id(request)), True

    def answer(self, request: Request, outcome: Outcome, *, lands: bool) -> None:
        """Answer a request; ``lands`` says whether what it asked for is done."""
        if request not in self.under_way:
            return
        self.under_way.remove(request)
        if lands:
            self._land(request)
        if not request.answer.done():
            request.answer.set_result(outcome)
        if isinstance(outcome, Retry) and outcome.after is not None:
            loop = request.answer.get_loop()
            loop.call_later(SOON, self._shut, request, outcome.scope, loop.time() + outcome.after)

    def cut(self, life: Life, *, lands: bool) -> None:
        """The other end of these requests is gone."""
        for request in [each for each in self.under_way if each.life is life]:
            self.answer(request, Unknown(Reason.ANSWER_LOST), lands=lands)

    def _next_id(self, request: Request) -> str:
        return f"{request.marker}:{len(self.landed[request.marker])}"

    def _land(self, request: Request) -> None:
        posting, message = request.posting, request.posting.message
        if posting.step is Step.POST:
            self.landed[request.marker].append(self._next_id(request))
        if posting.step is not Step.OPEN_CHAT:
            activity_id = posting.activity_id or self.landed[request.marker][-1]
            self.shown[activity_id] = None if message is None else message.text

    def _shut(self, request: Request, scope: Scope | None, until: float) -> None:
        """A Retry-After that was written down is to be obeyed, whoever works."""
        person = request.posting.person
        key: object = person if scope is Scope.CONVERSATION else (person.sender, person.tenant_id)
        if scope is not None and not request.life.dead and request.life.silence is None:
            self._shut_until[key] = max(until, self._shut_until.get(key, 0.0))

    def _check(self, request: Request) -> None:
        posting, now = request.posting, request.started
        person = posting.person
        lane = (person.sender, person.tenant_id)
        why = self.forbidden(posting)
        if why is not None:
            self.broken.append(f"{posting.step} of {request.marker!r} {why}")
        if any(other.posting.person == person for other in self.under_way):
            self.broken.append(f"two requests under way to {person.aad_object_id}")
        for scope in (person, lane):
            if now < self._shut_until.get(scope, 0.0) - ROUNDING:
                self.broken.append(f"a request at {now} although {scope} was to pause until {self._shut_until[scope]}")
        self._count(lane, now, (Window(self.per_second, 1.0),))
        self._count(person, now, self.windows)

    def _count(self, key: object, now: float, windows: tuple[Window, ...]) -> None:
        arrivals = self._arrivals[key]
        for limit, seconds in windows:
            if len(arrivals) >= limit and now - arrivals[-limit] < seconds - ROUNDING:
                self.broken.append(f"more than {limit} requests in {seconds} s in {key}, the last one at {now}")
        arrivals.append(now)


def marker_of(posting: Posting) -> str:
    """The first word of every text that a message ever had, and the first part of its activity's id."""
    if posting.message is not None:
        return (posting.message.text or "").partition(" ")[0]
    return (posting.activity_id or "").partition(":")[0]


def chat_of(person: Person) -> str:
    """The id of a person's chat."""
    return f"a:{person.aad_object_id}"
