"""People: known by a reference, or only by having been seen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.store import people, references, sightings
from bellwire.store.database import Database
from tests.store.examples import ANNA, BERT, CLEO, NOW, OTHER_TENANT, TENANT, a_reference

BOTH = [TENANT, OTHER_TENANT]


def name(person: Person) -> tuple[str, str]:
    return person.tenant_id, person.aad_object_id


async def known_people(database: Database) -> None:
    """Anna has a chat with two senders and was seen twice; Bert has a chat; Cleo was only seen."""
    news = replace(ANNA, sender="news")
    await database.write(
        lambda conn: references.put_many(conn, [a_reference(ANNA), a_reference(news), a_reference(BERT)])
    )
    for person, surface in ((ANNA, Surface.COPILOT), (ANNA, Surface.OTHER), (CLEO, Surface.TEAMS_GROUP)):
        await database.write(partial(sightings.record, person=person, surface=surface, at=NOW))


async def test_a_page_shows_everyone_with_all_that_is_known(database: Database) -> None:
    await known_people(database)

    cleo, anna, bert = await database.read(lambda conn: people.page(conn, tenants=BOTH))

    assert (cleo.tenant_id, cleo.aad_object_id) == name(CLEO)
    assert (len(cleo.references), [seen.surface for seen in cleo.sightings]) == (0, [Surface.TEAMS_GROUP])
    assert [reference.person.sender for reference in anna.references] == ["alerts", "news"]
    assert len(anna.sightings) == 2
    assert (len(bert.references), len(bert.sightings)) == (1, 0)


async def test_pages_follow_one_another(database: Database) -> None:
    await known_people(database)
    found, after = list[tuple[str, str]](), None
    while page := await database.read(partial(people.page, tenants=BOTH, after=after, limit=1)):
        after = (page[-1].tenant_id, page[-1].aad_object_id)
        found.append(after)

    assert found == [name(CLEO), name(ANNA), name(BERT)]


async def test_a_page_can_be_narrowed(database: Database) -> None:
    await known_people(database)

    (anna,) = await database.read(lambda conn: people.page(conn, tenants=BOTH, sender="news"))
    (cleo,) = await database.read(lambda conn: people.page(conn, tenants=[OTHER_TENANT]))

    assert (anna.aad_object_id, len(anna.references)) == (ANNA.aad_object_id, 2)
    assert cleo.aad_object_id == CLEO.aad_object_id
    assert await database.read(lambda conn: people.page(conn, tenants=[])) == []


async def test_one_person_can_be_looked_up(database: Database) -> None:
    await known_people(database)

    anna = await database.read(lambda conn: people.get(conn, *name(ANNA)))

    assert anna is not None
    assert (len(anna.references), len(anna.sightings)) == (2, 2)
    assert await database.read(lambda conn: people.get(conn, TENANT, CLEO.aad_object_id)) is None
