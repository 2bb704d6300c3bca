"""The promise on the real store: whatever a person plays where, one reference is left, and it is the Teams chat's.

Every generated sequence is played by a person of its own, so that one database serves them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference
from bellwire.model.surface import Surface
from bellwire.store import references
from bellwire.store.database import Database
from tests.capture.keeping import PERSON, Keeping
from tests.support.activities import (
    MEGAN,
    TEAMS_CHAT,
    Json,
    channel_message,
    copilot_message,
    group_message,
    install,
    message,
)
from tests.support.stories import retold, stories

numbers = count()


class Stage:
    """The real use case over one real store, played on from ordinary functions."""

    def __init__(self, loop: asyncio.AbstractEventLoop, keeping: Keeping) -> None:
        self.loop = loop
        self.keeping = keeping

    def play(self, *tellings: list[Json]) -> list[ConversationReference | None]:
        """What each telling leaves behind when somebody new plays it."""
        return self.loop.run_until_complete(self._play(tellings))

    def references(self) -> int:
        """How many references there are in all."""
        return self.loop.run_until_complete(self.keeping.references())

    async def _play(self, tellings: tuple[list[Json], ...]) -> list[ConversationReference | None]:
        return await asyncio.gather(*(self._alone(telling) for telling in tellings))

    async def _alone(self, telling: list[Json]) -> ConversationReference | None:
        person = replace(PERSON, aad_object_id=f"aaaaaaaa-0000-0000-0000-{next(numbers):012x}")
        for activity in telling:
            await self.keeping.take(_as(person, activity))
        found = await self.keeping.database.read(lambda conn: references.get(conn, person))
        return None if found is None else replace(found, person=PERSON)


def _as(person: Person, activity: Json) -> Json:
    """The same activity, with Megan's id replaced wherever it stands."""
    return {name: _replaced(value, person.aad_object_id) for name, value in activity.items()}


def _replaced(value: object, aad_object_id: str) -> object:
    if isinstance(value, dict):
        return {name: _replaced(inner, aad_object_id) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, aad_object_id) for inner in value]
    return aad_object_id if value == MEGAN else value


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path = tmp_path_factory.mktemp("stage") / "bellwire.db"
    with asyncio.Runner() as runner:
        loop, database = runner.get_loop(), Database(f"sqlite+aiosqlite:///{path}")
        runner.run(database.start())
        runner.run(database.migrate())
        yield Stage(loop, Keeping(database))
        runner.run(database.close())


@settings(max_examples=200)
@given(st.data())
def test_any_order_and_any_repetition_leaves_one_and_the_same_reference(stage: Stage, data: st.DataObject) -> None:
    """Six people at a time, each of whose stories is told twice: 2,400 sequences."""
    told = data.draw(st.lists(stories(most=6), min_size=6, max_size=6))
    told_again = [data.draw(retold(story)) for story in told]
    before = stage.references()
    left = stage.play(*told, *told_again)
    assert left[6:] == left[:6]
    known = [reference for reference in left if reference is not None]
    assert stage.references() - before == len(known)
    assert {(reference.surface, reference.conversation_id) for reference in known} <= {
        (Surface.TEAMS_PERSONAL, TEAMS_CHAT)
    }


def test_all_720_orders_of_teams_copilot_teams_group_channel_and_copilot(stage: Stage) -> None:
    story = [
        install(minutes=0),
        copilot_message(minutes=1),
        message(minutes=2),
        group_message(minutes=3),
        channel_message(minutes=4),
        copilot_message(minutes=5, id="again"),
    ]
    before = stage.references()
    left = stage.play(*(list(order) for order in permutations(story)))
    assert stage.references() - before == 720
    assert left[0] is not None
    assert left[0].conversation_id == TEAMS_CHAT
    assert all(reference == left[0] for reference in left)
