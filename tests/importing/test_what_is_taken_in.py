"""What becomes of each entry in the store, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellwire.errors import InvalidInput, NotFound
from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.finding import EXPLAINED, Verdict, Why
from bellwire.model.reason import Reason
from bellwire.model.reference import Source
from bellwire.model.surface import Surface
from bellwire.service.importing import MOST_ENTRIES
from bellwire.store import deliveries
from bellwire.teams.clouds import CLOUDS
from tests.importing.heaps import NOW, PERSON, Taking, columns, copilot_reference, reference, user_data
from tests.store.examples import a_delivery, accepted
from tests.support.activities import (
    GROUP_CHAT,
    MEGAN,
    SERVICE_URL,
    START,
    TEAMS_CHAT,
    TENANT,
    changed,
    copilot_message,
    install,
    message,
)

GROUP: dict[str, Any] = {"id": GROUP_CHAT, "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
CHANNEL: dict[str, Any] = {"id": "19:x@thread.tacv2", "conversationType": "channel", "tenantId": TENANT}


async def test_a_teams_chat_becomes_the_persons_reference_with_its_provenance(taking: Taking) -> None:
    assert await taking.why(reference()) == ["teams_chat"]
    kept = await taking.reference()
    assert kept is not None
    assert (kept.conversation_id, kept.service_url) == (TEAMS_CHAT, SERVICE_URL)
    assert (kept.source, kept.name, kept.user_id) == (Source.IMPORTED, "Megan Bowen", "29:1MEGAN")


async def test_a_dry_run_says_the_same_and_keeps_nothing(taking: Taking) -> None:
    entries = (reference(), copilot_reference(), reference(channelId="webchat"))
    dry = await taking.take(*entries, dry_run=True)
    assert (await taking.reference(), await taking.seen()) == (None, set())
    assert await taking.take(*entries) == dry


@pytest.mark.parametrize(
    ("entry", "why", "surface"),
    [
        (copilot_reference(), Why.COPILOT, Surface.COPILOT),
        (columns(), Why.KIND_NOT_SAID, Surface.TEAMS_PERSONAL),
        (reference(conversation=GROUP), Why.GROUP_CHAT, Surface.TEAMS_GROUP),
        (reference(conversation=CHANNEL), Why.CHANNEL, Surface.TEAMS_CHANNEL),
    ],
)
async def test_whoever_was_met_elsewhere_is_kept_as_seen_there_and_never_as_a_chat(
    taking: Taking, entry: object, why: Why, surface: Surface
) -> None:
    [finding] = await taking.take(entry)
    assert finding.why is why
    assert (await taking.reference(), await taking.seen()) == (None, {surface})
    assert await taking.why(entry) == ["nothing_new"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (changed(reference(), "user", "aadObjectId", to=None), Why.NO_OBJECT_ID),
        (changed(reference(), "user", "aadObjectId", to="29:1MEGAN"), Why.MALFORMED),
        (changed(reference(), "conversation", "id", to=None), Why.NO_CONVERSATION),
        (user_data(ConversationId=None), Why.NO_CONVERSATION),
        (reference(channelId="slack"), Why.NOT_TEAMS),
        (columns(conversation_id="opaque"), Why.NOT_TEAMS),
        (reference(bot={"id": "28:99999999-9999-9999-9999-999999999999"}), Why.ANOTHER_BOT),
        (columns(tenant_id="99999999-9999-9999-9999-999999999999"), Why.TENANT_NOT_ALLOWED),
        (reference(serviceUrl="https://smba.trafficmanager.net.evil.example/"), Why.HOST_NOT_ALLOWED),
        (reference(serviceUrl="http://smba.trafficmanager.net/emea/"), Why.HOST_NOT_ALLOWED),
        (copilot_reference(serviceUrl="https://169.254.169.254/"), Why.HOST_NOT_ALLOWED),
        (reference(conversation="not an object but a text"), Why.NOT_TEAMS),
        (reference(user=["no object"]), Why.MALFORMED),
    ],
)
async def test_what_nothing_can_be_made_of_is_refused_with_the_reason(taking: Taking, entry: object, why: Why) -> None:
    [finding] = await taking.take(entry)
    assert (finding.why, finding.verdict) == (why, Verdict.REFUSED)
    assert (await taking.reference(), await taking.seen()) == (None, set())


async def test_one_bad_entry_harms_no_other(taking: Taking) -> None:
    assert await taking.why({"user": 7}, reference(), {}) == ["malformed", "teams_chat", "no_object_id"]
    assert await taking.reference() is not None


async def test_a_tenant_that_is_not_named_is_the_callers_or_the_senders_own(taking: Taking) -> None:
    nowhere = changed(reference(), "conversation", "tenantId", to=None)
    assert await taking.why(nowhere) == ["teams_chat"]
    assert await taking.why(nowhere, tenant_id="99999999-9999-9999-9999-999999999999") == ["tenant_not_allowed"]


async def test_without_a_service_url_the_clouds_own_is_taken_and_a_known_one_is_kept(taking: Taking) -> None:
    await taking.take(reference(serviceUrl=None), as_of=START)
    kept = await taking.reference()
    assert kept is not None
    assert kept.service_url == CLOUDS["public"].default_service_url
    await taking.capture.take("22222222-2222-2222-2222-222222222222", message(minutes=60))
    await taking.take(reference(serviceUrl=None, timestamp=NOW.isoformat()))
    learnt = await taking.reference()
    assert learnt is not None
    assert learnt.service_url == SERVICE_URL


async def test_nothing_that_was_learnt_live_is_overwritten_by_something_older_or_undated(taking: Taking) -> None:
    await taking.capture.take("22222222-2222-2222-2222-222222222222", install(minutes=10))
    before = await taking.reference()
    stale = {"id": "a:1STALE", "conversationType": "personal", "tenantId": TENANT}
    older = reference(conversation=stale, timestamp=START.isoformat())
    assert await taking.why(reference(conversation=stale), older) == ["nothing_new", "nothing_new"]
    assert await taking.reference() == before


async def test_what_is_newer_for_certain_replaces_what_is_known(taking: Taking) -> None:
    await taking.capture.take("22222222-2222-2222-2222-222222222222", install(minutes=10))
    fresh = {"id": "a:1FRESH", "conversationType": "personal", "tenantId": TENANT}
    newer = reference(conversation=fresh, timestamp=(START + timedelta(days=1)).isoformat())
    assert await taking.why(newer) == ["teams_chat"]
    kept = await taking.reference()
    assert kept is not None
    assert (kept.conversation_id, kept.installed_at) == ("a:1FRESH", START + timedelta(minutes=10))


async def test_of_two_entries_of_one_person_the_newer_stays_whatever_their_order(taking: Taking) -> None:
    old = user_data(ConversationId="a:1OLD", Timestamp="2026-11-01T00:00:00Z")
    new = user_data(ConversationId="a:1NEW", Timestamp="2026-11-02T00:00:00Z")
    assert await taking.why(new, old, old, new) == ["teams_chat", "nothing_new", "nothing_new", "nothing_new"]
    kept = await taking.reference()
    assert kept is not None
    assert kept.conversation_id == "a:1NEW"


async def test_copilot_says_nothing_new_of_someone_whose_teams_chat_is_known(taking: Taking) -> None:
    assert await taking.why(reference(), copilot_reference(), columns()) == ["teams_chat", "nothing_new", "nothing_new"]
    assert await taking.seen() == set()


async def test_what_waited_for_the_person_is_woken(taking: Taking) -> None:
    waits = {"state": State.WAITING, "if_unreachable": IfUnreachable.WAIT, "reason": Reason.NEVER_SEEN}
    [waiting] = await accepted(taking.database, a_delivery(PERSON, **waits))
    await taking.take(reference(conversation=GROUP))
    still = await taking.database.read(lambda conn: deliveries.get(conn, waiting.id))
    await taking.take(copilot_reference())
    woken = await taking.database.read(lambda conn: deliveries.get(conn, waiting.id))
    assert still is not None
    assert woken is not None
    assert (still.state, woken.state) == (State.WAITING, State.QUEUED)


async def test_an_unknown_sender_and_too_many_entries_are_refused_as_a_whole(taking: Taking) -> None:
    with pytest.raises(NotFound):
        await taking.take(reference(), sender="nobody")
    with pytest.raises(InvalidInput):
        await taking.take(*[{}] * (MOST_ENTRIES + 1))


async def test_an_export_restores_every_row_as_it_was(taking: Taking) -> None:
    app_id = "22222222-2222-2222-2222-222222222222"
    silent = message(minutes=5, locale=None, entities=None)
    for activity in (install(), message(minutes=1, locale="de-DE"), silent, install("remove", minutes=9)):
        await taking.capture.take(app_id, activity)
    other = changed(copilot_message(minutes=3), "from", "aadObjectId", to=MEGAN.replace("1", "2"))
    await taking.capture.take(app_id, other)
    before = await taking.exported()
    assert [row["surface"] for row in before] == ["teams_personal", "copilot"]
    await taking.forget_everything()
    assert await taking.exported() == []
    await taking.take(*before)
    assert await taking.exported() == before
    assert await taking.why(*before) == ["nothing_new", "nothing_new"]


async def test_an_export_is_merged_with_what_was_learnt_meanwhile(taking: Taking) -> None:
    app_id = "22222222-2222-2222-2222-222222222222"
    await taking.capture.take(app_id, install())
    exported = await taking.exported()
    await taking.capture.take(app_id, changed(message(minutes=7), "conversation", "id", to="a:1LATER"))
    before = await taking.reference()
    assert await taking.why(*exported) == ["nothing_new"]
    assert await taking.reference() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("installed_at", "never"), ("older", "{"), ("older", {"name": "x"}), ("older", [1]), ("source", "magic")],
)
async def test_a_hand_broken_export_is_refused_by_its_field(taking: Taking, field: str, value: object) -> None:
    await taking.take(reference())
    [row] = await taking.exported()
    [finding] = await taking.take({**row, field: value})
    assert (finding.why, finding.field) == (Why.MALFORMED, field)


def test_every_reason_is_explained() -> None:
    assert set(EXPLAINED) == set(Why)
    assert all(each.remedy for each in EXPLAINED.values() if each.verdict not in (Verdict.TAKEN, Verdict.KNOWN))
