"""Sightings: counted for each surface, whatever the order in which activities come in."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import permutations

import pytest

from bellwire.model.surface import Surface
from bellwire.store import sightings
from bellwire.store.database import Database
from tests.store.examples import ANNA, BERT, CLEO, LATER, NOW, TENANT


async def test_the_first_activity_makes_a_sighting(database: Database) -> None:
    await database.write(
        lambda conn: sightings.record(
            conn, ANNA, Surface.COPILOT, at=NOW, activity_id="1", service_url="https://x/", user_id="29:1", name="Anna"
        )
    )

    (seen,) = await database.read(lambda conn: sightings.of(conn, TENANT, ANNA.aad_object_id))

    assert (seen.person, seen.surface, seen.seen) == (ANNA, Surface.COPILOT, 1)
    assert (seen.first_at, seen.last_at, seen.last_activity_id) == (NOW, NOW, "1")
    assert (seen.service_url, seen.user_id, seen.name) == ("https://x/", "29:1", "Anna")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_any_order_leaves_the_same(database: Database, order: tuple[int, ...]) -> None:
    names = ("old", "new", None)
    for number in order:
        at, name = NOW + timedelta(minutes=number), names[number]
        record = partial(sightings.record, person=ANNA, surface=Surface.TEAMS_GROUP)
        await database.write(partial(record, at=at, activity_id=str(number), name=name))

    (seen,) = await database.read(lambda conn: sightings.of(conn, TENANT, ANNA.aad_object_id))

    assert (seen.seen, seen.first_at, seen.last_at) == (3, NOW, NOW + timedelta(minutes=2))
    assert seen.last_activity_id == "2"
    assert seen.name is not None


async def test_nothing_never_replaces_something(database: Database) -> None:
    await database.write(lambda conn: sightings.record(conn, ANNA, Surface.OTHER, at=NOW, name="Anna"))
    await database.write(lambda conn: sightings.record(conn, ANNA, Surface.OTHER, at=LATER))

    (seen,) = await database.read(lambda conn: sightings.of(conn, TENANT, ANNA.aad_object_id))

    assert (seen.name, seen.seen) == ("Anna", 2)


async def test_the_same_activity_again_is_not_counted(database: Database) -> None:
    for _ in range(3):
        await database.write(lambda conn: sightings.record(conn, ANNA, Surface.OTHER, at=NOW, activity_id="1"))

    (seen,) = await database.read(lambda conn: sightings.of(conn, TENANT, ANNA.aad_object_id))

    assert seen.seen == 1


async def test_surfaces_and_persons_are_counted_apart(database: Database) -> None:
    for person, surface in ((ANNA, Surface.COPILOT), (ANNA, Surface.TEAMS_PERSONAL), (BERT, Surface.COPILOT)):
        await database.write(partial(sightings.record, person=person, surface=surface, at=NOW))

    anna = await database.read(lambda conn: sightings.of(conn, TENANT, ANNA.aad_object_id))
    both = await database.read(
        lambda conn: sightings.of_many(conn, TENANT, [BERT.aad_object_id, ANNA.aad_object_id, "none"])
    )

    assert [seen.surface for seen in anna] == [Surface.COPILOT, Surface.TEAMS_PERSONAL]
    assert len(both) == 3


async def test_the_surfaces_of_many_are_read_without_the_rest(database: Database) -> None:
    for person, surface in ((ANNA, Surface.COPILOT), (ANNA, Surface.TEAMS_PERSONAL), (BERT, Surface.COPILOT)):
        await database.write(partial(sightings.record, person=person, surface=surface, at=NOW))

    found = await database.read(lambda conn: sightings.surfaces(conn, [ANNA, BERT, CLEO], NOW))

    assert found == {ANNA: {Surface.COPILOT: None, Surface.TEAMS_PERSONAL: None}, BERT: {Surface.COPILOT: None}}
    assert await database.read(lambda conn: sightings.surfaces(conn, [], NOW)) == {}
