"""Who is known, whether each sender can reach them, and if not why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bellwire.errors import NotFound, TenantNotAllowed
from bellwire.model.reach import Obstacle, Reachable, Way
from bellwire.model.reason import Reason
from bellwire.model.reference import SOME_TIME, ReachState
from bellwire.model.surface import Surface
from bellwire.service.people import People, PeopleFilter
from bellwire.store import references, sightings
from bellwire.web.schemas.person import view

from .people import NOW, SENDERS, TENANT, Story, unknown

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def people(story: Story) -> People:
    return People(story.database, SENDERS, story.who, lambda: story.now)


async def test_a_person_is_shown_as_every_sender_knows_them(story: Story, people: People) -> None:
    person = await story.someone(name="Adele Vance")
    other = replace(person, sender="news")
    await story.database.write(lambda conn: sightings.record(conn, other, Surface.TEAMS_GROUP, at=NOW, name="Adele"))
    found = await people.get(TENANT, person.aad_object_id)
    assert found.name == "Adele Vance"
    assert [(one.sender, one.found) for one in found.senders] == [
        ("alerts", Reachable(Way.TEAMS_CHAT)),
        ("news", Obstacle(Reason.SEEN_ELSEWHERE_ONLY)),
    ]


async def test_someone_known_from_copilot_only_has_a_way_and_no_chat(story: Story, people: People) -> None:
    person = await story.seen(Surface.COPILOT, Surface.TEAMS_GROUP)
    (one,) = (await people.get(TENANT, person.aad_object_id)).senders
    assert (one.found, one.reference) == (Reachable(Way.OPEN_CHAT), None)
    assert {each.surface for each in one.sightings} == {Surface.COPILOT, Surface.TEAMS_GROUP}


async def test_somebody_unknown_is_not_found_with_the_reason_for_it(people: People) -> None:
    with pytest.raises(NotFound) as refused:
        await people.get(TENANT, unknown().aad_object_id)
    assert refused.value.code == Reason.NEVER_SEEN


async def test_nobody_is_shown_of_a_tenant_that_is_not_allowed(people: People) -> None:
    with pytest.raises(TenantNotAllowed):
        await people.get("99999999-9999-4999-8999-999999999999", unknown().aad_object_id)


async def test_when_the_app_came_is_not_made_up_where_only_its_removal_was_told(story: Story, people: People) -> None:
    person = await story.someone(installed_at=SOME_TIME, removed_at=NOW, person_at=LATER)
    told = view(await people.get(TENANT, person.aad_object_id))
    (one,) = told.senders
    assert one.reference is not None
    assert (one.reference.installed_at, one.reference.removed_at, one.since) == (None, NOW, NOW)


async def test_pages_hold_everybody_once(story: Story, people: People) -> None:
    everybody = {(await story.someone()).aad_object_id for _ in range(4)}
    everybody |= {(await story.seen(Surface.COPILOT)).aad_object_id for _ in range(3)}
    shown: list[str] = []
    after = None
    while page := await people.page(PeopleFilter(), after=after, limit=3):
        shown += [each.aad_object_id for each in page]
        after = (page[-1].tenant_id, page[-1].aad_object_id)
    assert shown == sorted(everybody)


async def test_filters_find_the_few_among_many(story: Story, people: People) -> None:
    for _ in range(7):
        await story.someone()
    gone = await story.someone(removed_at=LATER)
    guest = await story.seen(Surface.TEAMS_CHANNEL)
    wanted = {
        gone.aad_object_id: PeopleFilter(state=ReachState.UNINSTALLED),
        guest.aad_object_id: PeopleFilter(surface=Surface.TEAMS_CHANNEL, sender="alerts"),
    }
    for aad_object_id, each in wanted.items():
        assert [found.aad_object_id for found in await people.page(each, limit=2)] == [aad_object_id]
    assert await people.page(PeopleFilter(sender="news")) == []


async def test_the_newest_name_from_a_teams_chat_is_shown(story: Story, people: People) -> None:
    person = await story.someone(name="Old")
    known = await story.database.read(lambda conn: references.get(conn, person))
    assert known is not None
    newer = replace(known, person=replace(person, sender="news"), name="New", seen_at=LATER)
    await story.database.write(lambda conn: references.put(conn, newer))
    assert (await people.get(TENANT, person.aad_object_id)).name == "New"
