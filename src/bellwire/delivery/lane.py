"""One lane in memory: one sender in one tenant, with its pace, its conversations and the work that it has at hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Final

from bellwire.delivery.conversation import Conversation
from bellwire.delivery.installs import Installs
from bellwire.delivery.turns import turn
from bellwire.delivery.work import Work
from bellwire.model.delivery import Priority
from bellwire.model.outcome import Step
from bellwire.model.pacing import CONVERSATION_WINDOWS, FORGET_AFTER, ConversationPace, TenantPace, Window
from bellwire.store.lanes import LaneKey

_URGENT_ONLY: Final = (Priority.URGENT,)


class Lane:
    """Decides what starts next. Times are monotonic seconds, given as arguments; nothing here reads a clock.

    ``turn_away`` is called with work that has to go back to the queue, and the seconds after which it is due again.
    While it is ``leaving`` for another worker nothing starts. Until ``bound_until`` there is something in its pace
    that the database does not tell the next owner.
    """

    def __init__(
        self,
        key: LaneKey,
        per_second: int,
        turn_away: Callable[[Work, float], None],
        windows: tuple[Window, ...] = CONVERSATION_WINDOWS,
        *,
        seconds: float = 1.0,
        installs_per_second: int = 30,
    ) -> None:
        self.key = key
        self.pace = TenantPace(per_second, seconds)
        self.installs = Installs(installs_per_second)
        self.paused_until = -inf
        self.leaving = False
        self.bound_until = -inf
        self._turn_away = turn_away
        self._windows = windows
        self._at_hand: dict[Priority, deque[Work]] = {priority: deque() for priority in Priority}
        self._conversations: dict[str, Conversation] = {}
        self._openings: list[tuple[float, str]] = []
        self._forgettings: list[tuple[float, str]] = []
        self._turns = 0
        self._idle = True

    def at_hand(self, priority: Priority) -> int:
        """How many of this priority wait here for their turn."""
        return len(self._at_hand[priority])

    @property
    def conversations(self) -> int:
        """How many conversations are remembered."""
        return len(self._conversations)

    def add(self, work: Work) -> None:
        """Work was claimed, or has its next attempt at once."""
        self._at_hand[work.priority].append(work)

    def add_first(self, work: Work) -> None:
        """Work that had its turn already, and goes on."""
        self._at_hand[work.priority].appendleft(work)

    def opens_at(self, now: float, *, urgent_only: bool = False) -> float:
        """When this lane may have something to start; infinite while it has nothing, waits for an answer, or leaves."""
        if self.leaving:
            return inf
        self._open_conversations(now)
        if (called := self.installs.call(now)) is not None:
            self.add_first(called)
        opening = min(self._openings[0][0] if self._openings else inf, self.installs.opens_at(now))
        if not any(self._at_hand[priority] for priority in (_URGENT_ONLY if urgent_only else Priority)):
            self._idle = self._idle or not urgent_only
            return max(opening, self.paused_until)
        if self.paused_until > now:
            self._idle = True
        elif self._idle:
            self._idle = False
            self.pace.rest(now)
        return max(self.paused_until, self.pace.opens_at(now))

    def take(self, now: float, *, urgent_only: bool = False) -> Work | None:
        """Start the next request, if one may start now."""
        if self.opens_at(now, urgent_only=urgent_only) > now:
            return None
        for priority in _URGENT_ONLY if urgent_only else turn(self._turns):
            while self._at_hand[priority]:
                work = self._at_hand[priority].popleft()
                if self._start(work, now):
                    return work
        return None

    def quiet(self, now: float) -> bool:
        """Whether nothing is under way, and the next owner would find all that its pace knows."""
        return self.pace.under_way == 0 and self.bound_until <= now

    def settle(self, work: Work, now: float) -> None:
        """The request of ``work`` was answered, or failed, or was not written to the wire after all."""
        self.pace.settle(work.started, now)
        if work.step is Step.INSTALL:
            self.installs.settle(work.started, now)
        person = work.person.aad_object_id
        conversation = self._conversations[person]
        conversation.pace.settle(now)
        self._let_next_in(person, conversation, now)
        self._watch(person, conversation)
        self._forget(now)

    def pause_conversation(self, person: str, until: float) -> None:
        """Nothing goes to this person before ``until``."""
        conversation = self._conversation(person)
        conversation.pace.pause(until)
        self._watch(person, conversation)

    def restore(self, settled: list[tuple[str, float]], busy: list[tuple[str, float]]) -> None:
        """Take over what an earlier owner sent: its last requests, and all of those who had several."""
        self.pace.restore(at for _, at in settled)
        logs: dict[str, set[float]] = {}
        for person, at in (*settled, *busy):
            logs.setdefault(person, set()).add(at)
        for person, times in logs.items():
            conversation = self._conversation(person)
            conversation.pace.restore(times)
            self._watch(person, conversation)

    def empty(self) -> list[Work]:
        """Everything at hand, which is not here any more."""
        lines = [work for conversation in self._conversations.values() for work in conversation.line]
        found = [work for queue in self._at_hand.values() for work in queue]
        for queue in self._at_hand.values():
            queue.clear()
        for conversation in self._conversations.values():
            conversation.line.clear()
        return [*found, *lines, *self.installs.empty()]

    def _start(self, work: Work, now: float) -> bool:
        person = work.person.aad_object_id
        if work.step is Step.INSTALL and not self.installs.admits(work, now):
            self._wait_for_installs(work, now)
            return False
        conversation = self._conversation(person)
        if conversation.pace.opens_at() > now:
            self._turn_aside(work, conversation, now)
            return False
        if work.step is Step.INSTALL:
            self.installs.start(now)
        self._turns += 1
        work.started = now
        work.recent_posts = conversation.pace.recent(now)
        self.pace.start(now)
        conversation.pace.start()
        return True

    def _wait_for_installs(self, work: Work, now: float) -> None:
        later = self.installs.stand_in_line(work, now)
        if later is not None:
            self._turn_away(work, later)

    def _turn_aside(self, work: Work, conversation: Conversation, now: float) -> None:
        later = conversation.stand_in_line(work, now)
        if later is not None:
            self._turn_away(work, later)
        elif conversation.pace.opens_at() < inf:
            heappush(self._openings, (conversation.pace.opens_at(), work.person.aad_object_id))

    def _open_conversations(self, now: float) -> None:
        while self._openings and self._openings[0][0] <= now:
            _, person = heappop(self._openings)
            conversation = self._conversations.get(person)
            if conversation is not None:
                self._let_next_in(person, conversation, now)

    def _let_next_in(self, person: str, conversation: Conversation, now: float) -> None:
        if not conversation.line:
            return
        opens = conversation.pace.opens_at()
        if opens > now:
            if opens < inf:
                heappush(self._openings, (opens, person))
            return
        work = conversation.next_in_line()
        if work is not None:
            self.add_first(work)

    def _conversation(self, person: str) -> Conversation:
        found = self._conversations.get(person)
        if found is None:
            found = self._conversations[person] = Conversation(ConversationPace(self._windows))
        return found

    def _watch(self, person: str, conversation: Conversation, *, not_before: float = -inf) -> None:
        due = max(conversation.pace.forgettable_at(), not_before)
        if due < inf and not conversation.watched:
            conversation.watched = True
            heappush(self._forgettings, (due, person))

    def _forget(self, now: float) -> None:
        while self._forgettings and self._forgettings[0][0] <= now:
            _, person = heappop(self._forgettings)
            conversation = self._conversations[person]
            if conversation.pace.forgettable_at() <= now and not conversation.line:
                del self._conversations[person]
            else:
                conversation.watched = False
                self._watch(person, conversation, not_before=now + FORGET_AFTER)
