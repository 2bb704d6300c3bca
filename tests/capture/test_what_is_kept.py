"""What is kept of each activity, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bellwire.errors import InvalidActivity, NotFound, StoreUnavailable, TenantNotAllowed
from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.reason import Reason
from bellwire.model.reference import ReachState, Source, suspend
from bellwire.model.surface import Surface
from bellwire.service.capture import Capture
from bellwire.store import deliveries, references
from bellwire.store.database import Database
from tests.capture.keeping import NOW, PERSON, SENDER, Keeping
from tests.store.examples import a_delivery, accepted
from tests.support.activities import (
    APP_ID,
    BOT_ID,
    MEGAN_IN_TEAMS,
    SERVICE_URL,
    START,
    TEAMS_CHAT,
    TENANT,
    activity,
    bot_added,
    changed,
    channel_message,
    copilot_message,
    group_install,
    group_message,
    install,
    message,
    team_install,
    without,
)


async def test_an_install_is_kept_with_all_that_it_says(keeping: Keeping) -> None:
    await keeping.take(install())
    reference = await keeping.reference()
    assert reference is not None
    assert (reference.conversation_id, reference.service_url) == (TEAMS_CHAT, SERVICE_URL)
    assert (reference.user_id, reference.bot_id) == (MEGAN_IN_TEAMS, BOT_ID)
    assert (reference.locale, reference.timezone) == ("en-US", "America/Los_Angeles")
    assert (reference.app_version, reference.source) == ("1.2.3", Source.INSTALL)
    assert (reference.installed_at, reference.created_at, reference.seen_at) == (START, NOW, START)
    assert reference.state is ReachState.REACHABLE
    assert await keeping.seen() == {Surface.TEAMS_PERSONAL: 1}


async def test_copilot_after_teams_leaves_the_teams_chat_alone(keeping: Keeping) -> None:
    await keeping.take(install(), message(minutes=1))
    before = await keeping.reference()
    await keeping.take(copilot_message(minutes=2), group_message(minutes=3), channel_message(minutes=4))
    assert await keeping.reference() == before
    assert await keeping.seen() == {
        Surface.TEAMS_PERSONAL: 2,
        Surface.COPILOT: 1,
        Surface.TEAMS_GROUP: 1,
        Surface.TEAMS_CHANNEL: 1,
    }


async def test_someone_seen_in_copilot_only_has_no_reference_but_is_known(keeping: Keeping) -> None:
    await keeping.take(copilot_message())
    assert await keeping.reference() is None
    assert await keeping.rows() == {"sightings": 1}


@pytest.mark.parametrize(("raw", "teams"), [(team_install(), 1), (group_install(), 0)], ids=["team", "group"])
async def test_who_installs_into_a_team_or_group_is_only_seen_there(
    keeping: Keeping, raw: dict[str, str], teams: int
) -> None:
    await keeping.take(raw)
    rows = await keeping.rows()
    assert await keeping.reference() is None
    assert (rows.pop("teams", 0), rows) == (teams, {"sightings": 1})


async def test_a_redelivered_activity_changes_nothing(keeping: Keeping) -> None:
    await keeping.take(install())
    before = await keeping.reference()
    await keeping.take(install(), install())
    assert await keeping.reference() == before
    assert await keeping.seen() == {Surface.TEAMS_PERSONAL: 1}


async def test_an_unknown_kind_of_activity_is_counted_and_teaches_nothing(keeping: Keeping) -> None:
    await keeping.take(activity("somethingNew"))
    assert await keeping.reference() is None
    assert await keeping.seen() == {Surface.TEAMS_PERSONAL: 1}


async def test_a_conversation_id_of_400_characters_and_a_service_url_with_a_path_survive(keeping: Keeping) -> None:
    long_id, url = "a:" + "aZ0-_=" * 66 + "ü!", "https://smba.trafficmanager.net/amer-client-ss.msg/a%20b/"
    await keeping.take(changed(message(serviceUrl=url), "conversation", "id", to=long_id))
    reference = await keeping.reference()
    assert reference is not None
    assert len(reference.conversation_id) == 400
    assert (reference.conversation_id, reference.service_url) == (long_id, url)


async def test_newer_addresses_and_profiles_replace_older_ones_and_nothing_replaces_something(
    keeping: Keeping,
) -> None:
    newer = changed(message(minutes=2, serviceUrl="https://new/", locale="de-DE"), "from", "name", to="Megan B.")
    silent = without(message(minutes=3, serviceUrl="https://new/", locale=None, entities=None), "from", "name")
    await keeping.take(silent, newer, message(minutes=1))
    reference = await keeping.reference()
    assert reference is not None
    assert (reference.service_url, reference.locale, reference.name) == ("https://new/", "de-DE", "Megan B.")
    assert reference.timezone == "America/Los_Angeles"


async def test_an_uninstall_is_marked_and_a_reinstall_mends_it(keeping: Keeping) -> None:
    await keeping.take(bot_added(), install("remove", minutes=1))
    removed = await keeping.reference()
    assert removed is not None
    assert removed.state is ReachState.UNINSTALLED
    assert removed.conversation_id == TEAMS_CHAT
    await keeping.take(install("add", minutes=2))
    again = await keeping.reference()
    assert again is not None
    assert again.state is ReachState.REACHABLE


async def test_the_persons_own_act_clears_a_block(keeping: Keeping) -> None:
    await keeping.take(install())
    known = await keeping.reference()
    assert known is not None
    blocked = suspend(known, Reason.BLOCKED, START + timedelta(minutes=5))
    await keeping.database.write(lambda conn: references.put(conn, blocked))
    await keeping.take(install("upgrade", minutes=6))
    still = await keeping.reference()
    assert still is not None
    assert still.state is ReachState.BLOCKED
    await keeping.take(message(minutes=7))
    free = await keeping.reference()
    assert free is not None
    assert free.state is ReachState.REACHABLE


@pytest.mark.parametrize(
    ("raw", "woken"),
    [
        (install(), True),
        (message(), True),
        (copilot_message(), True),
        (install("remove"), False),
        (group_message(), False),
        (channel_message(), False),
    ],
    ids=["install", "message", "copilot", "uninstall", "group", "channel"],
)
async def test_whoever_can_be_reached_now_wakes_what_waited_for_them(
    keeping: Keeping, raw: dict[str, str], woken: bool
) -> None:
    waits = {"state": State.WAITING, "if_unreachable": IfUnreachable.WAIT, "reason": Reason.NEVER_SEEN}
    [waiting] = await accepted(keeping.database, a_delivery(PERSON, **waits))
    bell = keeping.database.bell()
    await keeping.take(raw)
    found = await keeping.database.read(lambda conn: deliveries.get(conn, waiting.id))
    assert found is not None
    assert found.state is (State.QUEUED if woken else State.WAITING)
    assert not woken or await bell.wait(10)


async def test_another_tenants_activity_is_refused_and_nothing_is_kept(keeping: Keeping) -> None:
    foreign = changed(message(), "channelData", "tenant", "id", to="99999999-9999-9999-9999-999999999999")
    with pytest.raises(TenantNotAllowed):
        await keeping.take(foreign)
    assert await keeping.rows() == {}


async def test_an_app_id_that_nobody_configured_is_refused(keeping: Keeping) -> None:
    with pytest.raises(NotFound):
        await keeping.capture.take("33333333-3333-3333-3333-333333333333", message())


async def test_what_is_no_activity_is_refused_and_nothing_is_kept(keeping: Keeping) -> None:
    with pytest.raises(InvalidActivity) as caught:
        await keeping.take(message(conversation="a:1"))
    assert caught.value.field == "conversation"
    assert await keeping.rows() == {}


async def test_two_senders_know_the_same_person_each_for_itself(keeping: Keeping) -> None:
    other_app = "55555555-5555-5555-5555-555555555555"
    both = Capture(keeping.database, {APP_ID: SENDER, other_app: "news"}, frozenset({TENANT}), lambda: NOW)
    await both.take(APP_ID.upper(), install())
    await both.take(other_app, copilot_message())
    assert await keeping.references() == 1
    assert await keeping.rows() == {"conversation_references": 1, "sightings": 2}


async def test_fifty_activities_at_once_lose_nothing(keeping: Keeping) -> None:
    acts = [install(minutes=0), copilot_message(minutes=1), *(message(minutes=n) for n in range(2, 50))]
    await asyncio.gather(*(keeping.take(act) for act in acts))
    reference = await keeping.reference()
    assert reference is not None
    assert reference.installed_at == START
    assert reference.seen_at == reference.person_at == START + timedelta(minutes=49)
    assert await keeping.seen() == {Surface.TEAMS_PERSONAL: 49, Surface.COPILOT: 1}


async def test_two_processes_that_learn_of_one_person_at_once_lose_nothing(keeping: Keeping, database_url: str) -> None:
    """Each process knows half; the facts of both must be there in the end."""
    elsewhere = Keeping(Database(database_url))
    await elsewhere.database.start()
    try:
        for minutes in range(0, 40, 4):
            install_ours, message_theirs = install(minutes=minutes), message(minutes=minutes + 1)
            await asyncio.gather(keeping.take(install_ours), elsewhere.take(message_theirs))
            reference = await keeping.reference()
            assert reference is not None
            assert reference.installed_at == START + timedelta(minutes=minutes)
            assert reference.person_at == START + timedelta(minutes=minutes + 1)
    finally:
        await elsewhere.database.close()


async def test_a_store_that_does_not_answer_is_said_so(database_url: str) -> None:
    closed = Keeping(Database(database_url))
    await closed.database.start()
    await closed.database.close()
    with pytest.raises(StoreUnavailable):
        await closed.take(message())


async def test_a_stored_reference_learns_on_as_if_it_had_never_been_stored(keeping: Keeping) -> None:
    """What was said when survives the round trip through the database."""
    await keeping.take(message(minutes=1, locale="en-US"), message(minutes=5, locale=None, entities=None))
    await keeping.take(message(minutes=3, locale="de-DE"), message(minutes=2, locale="fr-FR"))
    reference = await keeping.reference()
    assert reference is not None
    assert reference.locale == "de-DE"
    assert replace(reference, older={}) != reference
