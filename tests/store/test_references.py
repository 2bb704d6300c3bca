"""References: one for each person and sender, kept whole, read one by one, in numbers and by pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState
from bellwire.model.surface import Surface
from bellwire.store import people, references
from bellwire.store.database import Database
from tests.store.examples import ANNA, BERT, CLEO, LATER, NOW, OTHER_TENANT, TENANT, a_reference


async def test_a_reference_comes_back_as_it_was_put(database: Database) -> None:
    reference = a_reference(
        user_id="29:1abc",
        bot_id="28:def",
        name="Änna Ö.",
        locale="de-DE",
        timezone="Europe/Berlin",
        app_version="1.0.0",
        removed_at=NOW,
        person_at=LATER,
        blocked_at=NOW,
        disabled_at=NOW,
        older={"name": 1_700_000_000_000_000},
    )
    await database.write(lambda conn: references.put(conn, reference))

    assert await database.read(lambda conn: references.get(conn, ANNA)) == reference


async def test_long_addresses_survive(database: Database) -> None:
    reference = a_reference(conversation_id="a:" + "ü" * 500, service_url="https://example.org/" + "x" * 2_000)
    await database.write(lambda conn: references.put(conn, reference))

    assert await database.read(lambda conn: references.get(conn, ANNA)) == reference


async def test_a_later_reference_takes_the_place_of_the_one_before(database: Database) -> None:
    await database.write(lambda conn: references.put(conn, a_reference(name="Anna")))
    later = a_reference(conversation_id="a:2", removed_at=LATER)
    await database.write(lambda conn: references.put(conn, later))

    assert await database.read(lambda conn: references.get(conn, ANNA)) == later
    assert len(await database.read(lambda conn: references.page(conn, tenants=[TENANT]))) == 1


async def test_an_unknown_person_has_no_reference(database: Database) -> None:
    assert await database.read(lambda conn: references.get(conn, ANNA)) is None
    assert await database.read(lambda conn: references.get_many(conn, [])) == {}
    assert await database.read(lambda conn: references.get_many(conn, [ANNA, BERT])) == {}


async def test_thousands_are_read_at_once(database: Database) -> None:
    persons = [Person("alerts", TENANT, f"{number:036x}") for number in range(3_000)]
    await database.write(lambda conn: references.put_many(conn, map(a_reference, persons)))

    found = await database.read(lambda conn: references.get_many(conn, {*persons, CLEO}))

    assert found == {person: a_reference(person) for person in persons}


async def test_another_surface_is_refused_by_the_database_itself(database: Database) -> None:
    with pytest.raises(IntegrityError, match="ck_conversation_references_surface"):
        await database.write(lambda conn: references.put(conn, a_reference(surface=Surface.COPILOT)))


async def test_pages_follow_one_another_and_can_be_narrowed(database: Database) -> None:
    other = replace(ANNA, sender="news")
    gone = a_reference(BERT, removed_at=LATER)
    stored = [a_reference(CLEO), a_reference(ANNA), gone, a_reference(other)]
    await database.write(lambda conn: references.put_many(conn, stored))

    everything = await database.read(lambda conn: references.page(conn, tenants=[TENANT, OTHER_TENANT]))
    assert [reference.person for reference in everything] == [CLEO, ANNA, BERT, other]
    rest = await database.read(lambda conn: references.page(conn, tenants=[TENANT, OTHER_TENANT], after=ANNA, limit=1))
    assert rest == [gone]
    uninstalled = ReachState.UNINSTALLED
    assert await database.read(lambda conn: references.page(conn, tenants=[TENANT], state=uninstalled)) == [gone]
    news = await database.read(lambda conn: references.page(conn, tenants=[TENANT], sender="news"))
    assert [reference.person for reference in news] == [other]
    assert await database.read(lambda conn: references.page(conn, tenants=[])) == []


async def test_changes_by_two_services_at_once_are_all_kept(database: Database, database_url: str) -> None:
    """Each reads, adds a letter and puts back: without ``hold`` some of the letters would be lost."""
    other = Database(database_url)
    await other.start()
    await database.write(lambda conn: references.put(conn, a_reference(name="")))

    def add_a_letter(conn: Connection) -> None:
        people.hold(conn, [BERT, ANNA])
        known = references.get(conn, ANNA)
        assert known is not None
        references.put(conn, replace(known, name=(known.name or "") + "x"))

    await asyncio.gather(*(each.write(add_a_letter) for _ in range(20) for each in (database, other)))
    await other.close()

    found = await database.read(lambda conn: references.get(conn, ANNA))
    assert found is not None
    assert found.name == "x" * 40


async def test_the_states_of_many_are_read_without_the_rest(database: Database) -> None:
    gone = a_reference(BERT, removed_at=LATER)
    await database.write(lambda conn: references.put_many(conn, [a_reference(ANNA), gone]))

    found = await database.read(lambda conn: references.states(conn, {ANNA, BERT, CLEO}))

    assert found == {ANNA: ReachState.REACHABLE, BERT: ReachState.UNINSTALLED}
    assert await database.read(lambda conn: references.states(conn, [])) == {}
