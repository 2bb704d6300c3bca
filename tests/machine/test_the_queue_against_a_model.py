"""Callers, people, Teams, the clock and the machine itself do as they please, and the promises are kept.

`make machine` plays many more stories, other ones every time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from bellwire.delivery.decision import AMENDING
from bellwire.model.delivery import IfUnreachable, OnUnknown, Priority
from bellwire.model.outcome import Outcome, Sent, Step
from bellwire.store.amendments import Progress
from tests.machine.answers import FOR_POSTS_ONLY, POSTED
from tests.machine.callers import Callers
from tests.machine.clockwork import clockwork, settled
from tests.machine.life import Fuse, Life, Silence
from tests.machine.scripted import LATENCY, Request
from tests.machine.stage import PEOPLE
from tests.support.postgres import PostgresServer

MOST_LIVES: Final = 2
STEPS: Final = 40


class Story(Callers):
    """The rules of Teams, of time and of the machine."""

    @precondition(lambda self: self.teams.under_way)
    @rule(which=st.integers(0, 5), names=st.lists(st.sampled_from(list(POSTED)), min_size=1, max_size=3))
    def answer(self, which: int, names: list[str]) -> None:
        """Teams answers requests, one after the other."""
        for name in names:
            if self.teams.under_way:
                request = self.teams.under_way[which % len(self.teams.under_way)]
                self.run(self._answer(request, *self._answer_named(request, name)))

    def _answer_named(self, request: Request, name: str) -> tuple[Outcome, bool]:
        outcome, lands = POSTED[name]
        if isinstance(outcome, Sent) or (request.posting.step is not Step.POST and name in FOR_POSTS_ONLY):
            return self.teams.well(request)
        self.happened(f"answer: {name}")
        return outcome, lands

    async def _answer(self, request: Request, outcome: Outcome, lands: bool) -> None:
        heard = request.life.silence is None
        self.teams.answer(request, outcome, lands=lands)
        await settled()
        if heard and not request.life.dead and request.posting.step not in AMENDING:
            await self._check_what_follows(request, outcome)

    async def _check_what_follows(self, request: Request, outcome: Outcome) -> None:
        promise = self.model.last_of[request.marker]
        now = clockwork().now()
        state = (await self.find_out()).deliveries[promise.delivery.id].state
        allowed = self.model.follows(promise.delivery, request.posting.step, outcome, now)
        assert state in allowed, f"{promise.marker} is {state} after {outcome}, not one of {sorted(allowed)}"

    @rule(
        seconds=st.sampled_from([2 * LATENCY, 0.3, 1.0, 3.0, 10.0, 25.0]),
        seed=st.sampled_from([None, None, 0]) | st.integers(1, 99),
    )
    def wait(self, seconds: float, seed: int | None) -> None:
        """Time passes. Meanwhile Teams keeps requests waiting, answers all of them well, or answers anything at all."""
        random = Random(seed)
        self.busy = True
        if not self.lives and seed is not None:
            self.run(self.begin_a_life(None))

        def anything(request: Request) -> tuple[Outcome, bool]:
            return self._answer_named(request, random.choice(list(POSTED)))

        self.teams.script = None if seed is None else anything if seed else self.teams.well
        for request in list(self.teams.under_way):
            self.teams.answer_by_script(request)
        self.run(asyncio.sleep(seconds))
        self.teams.script = None

    @precondition(lambda self: self.lives)
    @rule(which=st.integers(0, 1), lands=st.booleans(), anew=st.sampled_from([True, True, False]))
    def crash(self, which: int, lands: bool, anew: bool) -> None:
        """A worker's process is killed; what it was asking of Teams is done, or is not."""
        self.lives[which % len(self.lives)].end()
        self.mourn(lands=lands)
        self.happened("crash")
        if anew:
            self.run(self.begin_a_life(None))

    @precondition(lambda self: self.lives)
    @rule(which=st.integers(0, 1), writes=st.integers(0, 9), committed=st.booleans())
    def doom(self, which: int, writes: int, committed: bool) -> None:
        """A worker's process will be killed in the middle of one of its next writes, or right after it."""
        self.lives[which % len(self.lives)].fuse = Fuse(writes, committed)

    @precondition(lambda self: self.lives)
    @rule(
        which=st.integers(0, 1),
        silence=st.builds(Silence, st.integers(0, 4), st.integers(1, 4), st.booleans()),
    )
    def lose_answers(self, which: int, silence: Silence) -> None:
        """Some of a worker's next writes get no answer, whether they are committed or not."""
        self.lives[which % len(self.lives)].silence = silence
        self.happened("answers lost")

    @precondition(lambda self: self.lives)
    @rule(which=st.integers(0, 1), lands=st.booleans())
    def stop(self, which: int, lands: bool) -> None:
        """A worker is told to stop."""
        self.run(self._stop(self.lives[which % len(self.lives)], lands=lands))
        self.mourn(lands=lands)
        self.happened("stop")

    async def _stop(self, life: Life, *, lands: bool) -> None:
        """What it still asks of Teams ends with its process, before others who take its lanes ask for anything."""
        await life.stop()
        self.teams.cut(life, lands=lands)

    @precondition(lambda self: self.busy and len(self.lives) < MOST_LIVES)
    @rule(fuse=st.none() | st.none() | st.builds(Fuse, st.integers(0, 6), st.booleans()))
    def begin(self, fuse: Fuse | None) -> None:
        """A worker starts, and perhaps is killed before it has done much."""
        self.busy = False
        self.run(self.begin_a_life(fuse))

    def teardown(self) -> None:
        """After a last storm everything comes to an end, and nothing is lost."""
        try:
            if self.is_open:
                for seed in (self.texts + 1, self.texts + 2):
                    self._storm(seed)
                self._end()
        finally:
            self.close()

    def _storm(self, seed: int) -> None:
        """Teams answers anything at all, then nothing, and then every worker is killed amid its requests."""
        self.wait(0.3, seed=seed)
        self.send(PEOPLE[seed % 2], 4, Priority.NORMAL, OnUnknown.HOLD, IfUnreachable.FAIL, None, None)
        for back, wish in enumerate(("cancel", "change", "take back") if self.model.promises else ()):
            self.think_better(back, wish)
        self.wait(10.0, seed=seed)
        self.wait(0.3, seed=None)
        self.all_promises_are_kept()
        for life in self.lives:
            life.end()
        self.mourn(lands=seed % 2 == 0)
        self.happened("crash")

    def _end(self) -> None:
        for life in self.lives:
            life.fuse = life.silence = None
        self.all_promises_are_kept()
        if not self.lives:
            self.begin(fuse=None)
        for person in PEOPLE:
            self.install(person, installs=True)
        for _ in range(180):
            self.wait(20.0, seed=0)
            found = self.runner.run(self.find_out())
            wishes = [progress for several in found.wishes.values() for progress in several]
            if not (found.open or Progress.QUEUED in wishes or Progress.SENDING in wishes):
                break
        self.all_promises_are_kept()
        assert not list(self.model.unseen(found, self.teams.shown))
        left = [each for each in found.deliveries.values() if not each.state.final]
        assert not left, [(each.state, each.reason, each.run_at, self.now()) for each in left]
        for delivery in found.deliveries.values():
            self.happened(f"end: {delivery.state}")


def play(url: Callable[[], str], stories: int) -> None:
    """Play so many stories, each on a database of its own: the same ones every time, unless more are asked for."""

    class TheStory(Story):
        new_url = staticmethod(url)

    TheStory.tally = Counter()
    asked = int(os.environ.get("BELLWIRE_STORIES", "0"))
    phases = [Phase.generate, Phase.shrink] if asked else [Phase.generate]
    run_state_machine_as_test(
        TheStory,
        settings=settings(
            max_examples=asked or stories, stateful_step_count=STEPS, derandomize=not asked, phases=phases
        ),
    )
    print(f"what happened: {dict(sorted(TheStory.tally.items()))}")  # noqa: T201 - shown with -s, or if it fails


def test_on_sqlite_every_promise_is_kept(sqlite_template: Path, tmp_path: Path) -> None:
    def new_url() -> str:
        path = tmp_path / "story.db"
        for old in tmp_path.glob("story.db*"):
            old.unlink()
        shutil.copy(sqlite_template, path)
        return f"sqlite+aiosqlite:///{path}"

    play(new_url, stories=20)


def test_on_postgresql_every_promise_is_kept(postgres_server: PostgresServer, postgres_template: str) -> None:
    made = list[str]()

    def new_url() -> str:
        made.append(postgres_server.create(postgres_template))
        return postgres_server.url(made[-1])

    try:
        play(new_url, stories=6)
    finally:
        for name in made:
            postgres_server.drop(name)
