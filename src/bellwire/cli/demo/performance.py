"""The whole demo: every part in turn, then the books and what must hold of everything together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellwire.cli.demo.cast import CAST
from bellwire.cli.demo.play import Check, Scene, played
from bellwire.cli.demo.stage import Stage
from bellwire.client import Books
from bellwire.model.delivery import State
from bellwire.simulator.actor import Actor
from bellwire.simulator.chat import Kind


@dataclass(frozen=True, slots=True)
class Performance:
    """Every scene, the books at the end, and the checks that concern all of it."""

    scenes: tuple[Scene, ...]
    books: Books
    checks: tuple[Check, ...]

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(check.held for check in (*(one for scene in self.scenes for one in scene.checks), *self.checks))


async def perform(stage: Stage, tell: Callable[[int, Scene], None]) -> Performance:
    """Play the cast's parts; ``tell`` hears of each scene as it ends."""
    scenes = []
    for number, part in enumerate(CAST, start=1):
        actor = stage.simulator.person(part.name)
        if part.in_group:
            await _gather(stage, actor)
        scenes.append(await played(stage, part, actor))
        tell(number, scenes[-1])
    books = await stage.client.books(audit=True)
    return Performance(tuple(scenes), books, _overall(stage, scenes, books))


async def _gather(stage: Stage, actor: Actor) -> None:
    group = stage.simulator.group("Night shift", actor)
    await group.install(actor)
    await actor.say("Who is on call?", group.id)


def _overall(stage: Stage, scenes: Sequence[Scene], books: Books) -> tuple[Check, ...]:
    ends = [scene.part.ends for scene in scenes]
    sent, undeliverable = ends.count(State.SENT), ends.count(State.UNDELIVERABLE)
    ledger = stage.simulator.ledger
    foreign = [entry for entry in ledger.entries if entry.surface not in (Kind.TEAMS, Kind.AGENT)]
    return (
        Check("the books balance", books.balanced),
        Check(f"{sent} sent, as in Teams' ledger", books.sent == sent == len(ledger.entries)),
        Check(f"{undeliverable} undeliverable", books.undeliverable == undeliverable),
        Check("nothing outside personal chats", not foreign and not any(one.copilot for one in ledger.openings)),
    )
