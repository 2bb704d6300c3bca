"""Reading raw activities: who, where, when, and what it means for the person's chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bellwire.errors import InvalidActivity
from bellwire.model.recipient import Person
from bellwire.model.reference import Source
from bellwire.model.surface import Surface
from bellwire.teams.activities import Inbound, read
from tests.support.activities import (
    BOT_ID,
    MEGAN,
    MEGAN_IN_TEAMS,
    SERVICE_URL,
    START,
    TEAMS_CHAT,
    TENANT,
    Json,
    activity,
    bot_added,
    changed,
    channel_message,
    copilot_message,
    group_install,
    group_message,
    install,
    message,
    team_bot_added,
    team_install,
    without,
)

NOW = START + timedelta(days=1)


def said(raw: Any) -> Inbound:
    return read(raw, NOW)


def refused(raw: Any) -> str | None:
    with pytest.raises(InvalidActivity) as caught:
        read(raw, NOW)
    return caught.value.field


def test_a_personal_message_names_person_place_and_time() -> None:
    inbound = said(message(minutes=5))
    assert (inbound.tenant_id, inbound.aad_object_id, inbound.user_id) == (TENANT, MEGAN, MEGAN_IN_TEAMS)
    assert (inbound.conversation_id, inbound.service_url, inbound.bot_id) == (TEAMS_CHAT, SERVICE_URL, BOT_ID)
    assert (inbound.name, inbound.locale, inbound.timezone) == ("Megan Bowen", "en-US", "America/Los_Angeles")
    assert inbound.at == START + timedelta(minutes=5)
    assert inbound.by_person
    assert (inbound.installed, inbound.removed) == (False, False)


@pytest.mark.parametrize(
    ("action", "installed", "removed"),
    [
        ("add", True, False),
        ("upgrade", True, False),
        ("add-upgrade", True, False),
        ("remove", False, True),
        ("remove-upgrade", False, True),
        ("ADD", True, False),
        ("Remove-Upgrade", False, True),
    ],
)
def test_all_five_installation_actions_are_understood_in_any_casing(
    action: str, installed: bool, removed: bool
) -> None:
    inbound = said(install(action))
    assert (inbound.installed, inbound.removed) == (installed, removed)
    lesson = inbound.lesson("alerts")
    assert lesson is not None
    assert lesson.source is Source.INSTALL
    assert lesson.app_version == "1.2.3"
    assert not lesson.by_person, "policies install apps too, so an install is not the person's own act"


@pytest.mark.parametrize("action", ["suspend", "", None])
def test_an_installation_action_that_nobody_knows_teaches_nothing(action: str | None) -> None:
    assert said(changed(install(), "action", to=action)).lesson("alerts") is None


def test_members_added_to_the_personal_chat_mean_installed_and_removed_mean_removed() -> None:
    assert said(bot_added()).installed
    assert said(activity("conversationUpdate", membersRemoved=[{"id": BOT_ID}])).removed
    assert said(activity("conversationUpdate", membersRemoved=[{"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN}])).removed
    neither = said(activity("conversationUpdate", topicName="new"))
    assert (neither.installed, neither.removed) == (False, False)


@pytest.mark.parametrize("list_name", ["membersAdded", "membersRemoved"])
@pytest.mark.parametrize("sender", [None, {}, {"id": BOT_ID}, {"id": MEGAN_IN_TEAMS}])
def test_a_conversation_update_falls_back_to_the_member_that_is_not_the_bot(list_name: str, sender: Any) -> None:
    members = [{"id": BOT_ID, "aadObjectId": "bot"}, {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN, "name": "Megan"}]
    inbound = said(activity("conversationUpdate", **{"from": sender, list_name: members}))
    assert inbound.person("alerts") == Person("alerts", TENANT, MEGAN)
    assert (inbound.user_id, inbound.name) == (MEGAN_IN_TEAMS, "Megan")


@pytest.mark.parametrize("raw", [team_install(), team_bot_added(), group_install()])
def test_who_installs_into_a_team_or_a_group_is_seen_there_and_nothing_is_taught(raw: Json) -> None:
    assert said(raw).person("alerts") == Person("alerts", TENANT, MEGAN)
    assert said(raw).lesson("alerts") is None


def test_members_added_to_a_group_are_seen_there() -> None:
    members = [{"id": BOT_ID}, {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN}]
    inbound = said(changed(team_bot_added(), "membersAdded", to=members))
    assert inbound.person("alerts") == Person("alerts", TENANT, MEGAN)
    assert inbound.lesson("alerts") is None


@pytest.mark.parametrize("raw", [group_message(), channel_message(), copilot_message()])
def test_on_other_surfaces_the_person_is_known_and_nothing_is_taught(raw: Json) -> None:
    assert said(raw).person("alerts") == Person("alerts", TENANT, MEGAN)
    assert said(raw).lesson("alerts") is None


def test_what_the_bot_did_itself_is_about_nobody() -> None:
    for bot in ({"id": BOT_ID, "aadObjectId": MEGAN}, {"id": "28:another", "role": "bot", "aadObjectId": MEGAN}):
        assert said(changed(message(), "from", to=bot)).person("alerts") is None


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        (message(), Source.MESSAGE),
        (activity("messageUpdate", channelData={"tenant": {"id": TENANT}, "eventType": "editMessage"}), Source.EVENT),
        (activity("messageDelete"), Source.EVENT),
        (activity("messageReaction", reactionsAdded=[{"type": "like"}]), Source.EVENT),
        (activity("invoke", name="adaptiveCard/action", value={}), Source.EVENT),
        (activity("typing"), Source.EVENT),
        (
            activity("event", name="application/vnd.microsoft.readReceipt", value={"lastReadMessageId": "1"}),
            Source.EVENT,
        ),
        (activity("MESSAGE"), Source.MESSAGE),
    ],
)
def test_the_persons_own_acts_are_told_from_the_rest(raw: Json, source: Source) -> None:
    lesson = said(raw).lesson("alerts")
    assert lesson is not None
    assert lesson.by_person
    assert lesson.source is source


def test_events_that_are_no_read_receipt_are_not_the_persons_own_act() -> None:
    lesson = said(activity("event", name="application/vnd.microsoft.meetingStart")).lesson("alerts")
    assert lesson is not None
    assert not lesson.by_person


@pytest.mark.parametrize("kind", ["endOfConversation", "trace", "somethingNew"])
def test_unknown_types_are_read_and_teach_nothing(kind: str) -> None:
    inbound = said(activity(kind))
    assert inbound.classification.surface is Surface.TEAMS_PERSONAL
    assert inbound.lesson("alerts") is None


def test_without_a_service_url_nothing_is_taught() -> None:
    assert said(without(message(), "serviceUrl")).lesson("alerts") is None


def test_the_tenant_is_the_channel_datas_first_and_the_conversations_second() -> None:
    other = changed(message(), "conversation", "tenantId", to="99999999-9999-9999-9999-999999999999")
    assert said(other).tenant_id == TENANT
    assert said(without(message(), "channelData", "tenant")).tenant_id == TENANT


def test_ids_are_kept_in_lower_case() -> None:
    shouted = changed(message(), "from", "aadObjectId", to=MEGAN.upper())
    shouted = changed(shouted, "channelData", "tenant", "id", to=TENANT.upper())
    assert said(shouted).person("alerts") == Person("alerts", TENANT, MEGAN)


def test_a_conversation_id_of_400_characters_and_a_service_url_with_a_path_are_kept_to_the_letter() -> None:
    long_id, url = "a:" + "Xy9-_" * 80, "https://smba.trafficmanager.net/amer-client-ss.msg/X/"
    inbound = said(changed(message(serviceUrl=url), "conversation", "id", to=long_id))
    assert (inbound.conversation_id, inbound.service_url) == (long_id, url)


def test_locale_and_time_zone_come_from_the_activity_before_the_client_info() -> None:
    assert said(message(locale="de-DE", localTimezone="Europe/Berlin")).locale == "de-DE"
    assert said(message(locale="de-DE", localTimezone="Europe/Berlin")).timezone == "Europe/Berlin"
    assert said(message(locale=None)).locale == "en-US"
    assert said(message(locale=None, entities=None)).locale is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T09:00:00.1234567Z", datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-22T10:00:00+01:00", START),
        ("2026-11-22T09:00:00", START),
    ],
)
def test_timestamps_are_read_with_any_fraction_and_offset(text: str, moment: datetime) -> None:
    assert said(message(timestamp=text)).at == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", 17, ["x"], "2" * 9999]
)
def test_an_unusable_timestamp_gives_way_to_the_local_one_and_then_to_now(text: Any) -> None:
    assert said(message(timestamp=text)).at == NOW
    assert said(message(timestamp=text, localTimestamp="2026-11-22T10:00:00.000+01:00")).at == START


def test_a_timestamp_from_the_future_is_now() -> None:
    assert said(message(timestamp="2099-01-01T00:00:00Z")).at == NOW


@pytest.mark.parametrize("raw", [None, [], "x", 7, True])
def test_what_is_no_object_is_refused(raw: Any) -> None:
    assert refused(raw) == "body"


@pytest.mark.parametrize("kind", [None, "", "  ", 7, [], {}, True, "x" * 10_000])
def test_the_type_must_be_a_text(kind: Any) -> None:
    assert refused({**message(), "type": kind}) == "type"


@pytest.mark.parametrize("wrong", ["x", 7, True, [], 1.5])
@pytest.mark.parametrize("name", ["from", "conversation", "recipient", "channelData"])
def test_an_object_that_is_none_is_refused_by_name(name: str, wrong: Any) -> None:
    assert refused({**message(), name: wrong}) == name


@pytest.mark.parametrize("wrong", [7, True, [], {}, "NUL \x00 inside", "half a pair \ud800", "line\nbreak", "x" * 5000])
@pytest.mark.parametrize(
    "path",
    [
        ("conversation", "id"),
        ("conversation", "tenantId"),
        ("from", "id"),
        ("from", "aadObjectId"),
        ("recipient", "id"),
        ("channelData", "tenant", "id"),
        ("serviceUrl",),
    ],
)
def test_a_wrong_address_or_id_is_refused_by_name(path: tuple[str, ...], wrong: Any) -> None:
    assert refused(changed(message(), *path, to=wrong)) == ".".join(path)


@pytest.mark.parametrize("wrong", ["two words", "ümlaut", "x" * 101])
def test_a_key_of_the_store_is_plain_ascii_of_bounded_length(wrong: str) -> None:
    assert refused(changed(message(), "from", "aadObjectId", to=wrong)) == "from.aadObjectId"


@pytest.mark.parametrize("wrong", ["x", {}, 7])
@pytest.mark.parametrize("name", ["membersAdded", "membersRemoved"])
def test_members_that_are_no_list_are_refused_by_name(name: str, wrong: Any) -> None:
    assert refused(activity("conversationUpdate", **{name: wrong})) == name


@pytest.mark.parametrize("odd", [7, [], {}, "NUL \x00 inside", "half a pair \ud800", "x" * 5000, "   "])
def test_odd_values_that_nothing_hangs_on_count_as_absent(odd: Any) -> None:
    raw = changed(message(id=odd, locale=odd, localTimezone=odd, entities=odd), "from", "name", to=odd)
    inbound = said(changed(raw, "channelData", "app", to={"version": odd}))
    assert inbound.activity_id is None
    assert (inbound.name, inbound.locale, inbound.timezone, inbound.app_version) == (None, None, None, None)
