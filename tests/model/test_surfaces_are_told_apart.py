"""Each oddity that was seen in the field, or that the reference warns of, has its line here."""

from __future__ import annotations

from typing import Any

import pytest

from bellwire.model.surface import Surface, classify, is_graph_chat_id
from tests.support.activities import (
    CHANNEL,
    COPILOT_CHAT,
    GROUP_CHAT,
    Json,
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


def surface_of(activity: Json) -> Surface:
    found = classify(activity)
    assert found.reason.endswith("."), "every classification says why"
    return found.surface


@pytest.mark.parametrize("activity", [message(), install(), install("remove"), bot_added()])
def test_what_comes_from_the_personal_chat_is_teams_personal(activity: Json) -> None:
    assert surface_of(activity) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize("activity", [group_message(), group_install()])
def test_what_comes_from_a_group_chat_is_teams_group(activity: Json) -> None:
    assert surface_of(activity) is Surface.TEAMS_GROUP


@pytest.mark.parametrize("activity", [channel_message(), team_install(), team_bot_added()])
def test_what_comes_from_a_team_is_teams_channel(activity: Json) -> None:
    assert surface_of(activity) is Surface.TEAMS_CHANNEL


def test_the_captured_copilot_payload_is_copilot_though_it_looks_like_a_group_chat() -> None:
    assert surface_of(copilot_message()) is Surface.COPILOT


def test_copilot_without_its_markers_is_a_group_and_never_personal() -> None:
    bare = without(without(copilot_message(), "channelData", "productContext"), "entities")
    assert surface_of(bare) is Surface.TEAMS_GROUP


@pytest.mark.parametrize(
    "context", ["COPILOT", "Copilot", "copilot", "Word", " ", 0, 1, False, True, [], {}, ["COPILOT"], {"id": "COPILOT"}]
)
def test_a_product_context_of_any_value_and_type_is_copilot(context: Any) -> None:
    assert surface_of(changed(message(), "channelData", "productContext", to=context)) is Surface.COPILOT


@pytest.mark.parametrize("context", [None, ""])
def test_an_absent_or_empty_product_context_says_nothing(context: Any) -> None:
    activity = message()
    activity["channelData"] = {**activity["channelData"], "productContext": context}
    assert surface_of(activity) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize("key", ["ProductContext", "productcontext", "PRODUCTCONTEXT"])
def test_the_product_context_counts_in_any_casing_of_its_key(key: str) -> None:
    assert surface_of(changed(message(), "channelData", key, to="COPILOT")) is Surface.COPILOT


def test_a_product_context_hidden_under_a_second_channel_data_counts() -> None:
    assert surface_of(changed(message(), "ChannelData", to={"productContext": "COPILOT"})) is Surface.COPILOT


@pytest.mark.parametrize("kind", ["ProductInfo", "productInfo", "productinfo", "PRODUCTINFO", " ProductInfo "])
def test_a_product_info_entity_of_any_casing_is_copilot(kind: str) -> None:
    assert surface_of(changed(message(), "entities", to=[{"type": kind, "id": "COPILOT"}])) is Surface.COPILOT


@pytest.mark.parametrize(
    "entities",
    [
        [{"type": "ProductInfo"}],
        [{"Type": "ProductInfo", "Id": "COPILOT"}],
        [{"type": "clientInfo", "subChannelInfo": {"channelId": "COPILOT"}}],
        [{"subChannelInfo": None}],
        [{"SubChannelInfo": "COPILOT"}],
        {"type": "ProductInfo", "id": "COPILOT"},
        [None, 1, "x", [[{"type": "ProductInfo"}]]],
        ["ProductInfo"],
        '[{"type": "ProductInfo", "id": "COPILOT"}]',
    ],
)
def test_a_product_entity_counts_however_malformed_it_comes(entities: Any) -> None:
    assert surface_of(changed(message(), "entities", to=entities)) is Surface.COPILOT


@pytest.mark.parametrize(
    "entities",
    ["", "x", 0, True, {}, [], [None], [1], ["x"], [[]], [{}], [{"type": None}], [{"type": ["ProductInfo"]}]],
)
def test_malformed_entities_without_a_marker_do_no_harm(entities: Any) -> None:
    assert surface_of(changed(message(), "entities", to=entities)) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize("channel_id", ["msteams:COPILOT", "msteams:Copilot", "MSTEAMS:copilot-web", "msteams:x:y"])
def test_a_compound_channel_id_is_copilot(channel_id: str) -> None:
    assert surface_of(message(channelId=channel_id)) is Surface.COPILOT


@pytest.mark.parametrize("channel_id", ["MSTeams", "MSTEAMS", "msteams:"])
def test_the_casing_of_the_channel_id_does_not_matter(channel_id: str) -> None:
    assert surface_of(message(channelId=channel_id)) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize(
    "channel_id",
    [None, "", "webchat", "emulator", "directline", "email", "agents", "m365extensions", "pva-studio", 7, ["msteams"]],
)
def test_other_channels_are_other(channel_id: Any) -> None:
    assert surface_of(message(channelId=channel_id)) is Surface.OTHER


@pytest.mark.parametrize("kind", ["personal", "Personal", "PERSONAL"])
def test_the_casing_of_the_conversation_type_does_not_matter(kind: str) -> None:
    assert surface_of(changed(message(), "conversation", "conversationType", to=kind)) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize("kind", ["GroupChat", "groupchat", "GROUPCHAT"])
def test_a_group_chat_is_one_in_any_casing(kind: str) -> None:
    assert surface_of(changed(group_message(), "conversation", "conversationType", to=kind)) is Surface.TEAMS_GROUP


@pytest.mark.parametrize("kind", [None, "", "tab", 1, True, ["personal"]])
def test_a_missing_or_unknown_conversation_type_is_other(kind: Any) -> None:
    assert surface_of(changed(message(), "conversation", "conversationType", to=kind)) is Surface.OTHER


@pytest.mark.parametrize("is_group", [True, "true", "True", "TRUE", "1", 1, "yes", ["x"]])
def test_is_group_outweighs_the_conversation_type_even_as_a_text(is_group: Any) -> None:
    assert surface_of(changed(message(), "conversation", "isGroup", to=is_group)) is Surface.TEAMS_GROUP


@pytest.mark.parametrize("is_group", [None, False, "false", "False", "", "0", 0])
def test_a_clear_no_to_is_group_stays_personal(is_group: Any) -> None:
    activity = message()
    activity["conversation"] = {**activity["conversation"], "isGroup": is_group}
    assert surface_of(activity) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize(
    ("conversation_id", "surface"),
    [
        (COPILOT_CHAT, Surface.TEAMS_GROUP),
        (GROUP_CHAT.upper(), Surface.TEAMS_GROUP),
        ("19:meeting_MjdhNjM4YzUtYzExZi00@thread.v2", Surface.TEAMS_GROUP),
        (CHANNEL, Surface.TEAMS_CHANNEL),
        ("19:old@thread.skype", Surface.TEAMS_CHANNEL),
    ],
)
def test_the_id_of_a_thread_outweighs_the_conversation_type(conversation_id: str, surface: Surface) -> None:
    assert surface_of(changed(message(), "conversation", "id", to=conversation_id)) is surface


@pytest.mark.parametrize("conversation_id", ["a:1CONV", "opaque-session-id", "a:" + "x" * 400])
def test_ids_of_chats_and_of_sessions_are_opaque(conversation_id: str) -> None:
    assert surface_of(changed(message(), "conversation", "id", to=conversation_id)) is Surface.TEAMS_PERSONAL


def test_graphs_name_of_the_personal_chat_is_accepted_and_known_as_a_stopgap() -> None:
    graph_id = f"19:{'0' * 8}_{'1' * 8}@unq.gbl.spaces"
    assert surface_of(changed(message(), "conversation", "id", to=graph_id)) is Surface.TEAMS_PERSONAL
    assert is_graph_chat_id(graph_id)
    assert not is_graph_chat_id("a:1CONV")


@pytest.mark.parametrize(("key", "surface"), [("meeting", Surface.TEAMS_GROUP), ("team", Surface.TEAMS_CHANNEL)])
def test_a_meeting_or_a_team_in_the_channel_data_outweighs_the_conversation_type(key: str, surface: Surface) -> None:
    assert surface_of(changed(message(), "channelData", key, to={"id": "x"})) is surface


@pytest.mark.parametrize("channel_data", ["COPILOT", 1, True, ["productContext"], '{"productContext":"COPILOT"}'])
def test_unreadable_channel_data_is_never_personal(channel_data: Any) -> None:
    assert surface_of(message(channelData=channel_data)) is Surface.OTHER


@pytest.mark.parametrize("path", [("from",), ("from", "aadObjectId"), ("conversation",), ("conversation", "id")])
def test_without_a_person_or_a_conversation_it_is_never_personal(path: tuple[str, ...]) -> None:
    assert surface_of(without(message(), *path)) is Surface.OTHER


def test_without_any_tenant_it_is_never_personal() -> None:
    nowhere = without(without(message(), "channelData"), "conversation", "tenantId")
    assert surface_of(nowhere) is Surface.OTHER


@pytest.mark.parametrize("path", [("channelData",), ("conversation", "tenantId")])
def test_the_tenant_may_be_named_in_either_place(path: tuple[str, ...]) -> None:
    assert surface_of(without(message(), *path)) is Surface.TEAMS_PERSONAL


def test_a_conversation_update_may_name_the_person_among_its_members() -> None:
    assert surface_of(without(bot_added(), "from", "aadObjectId")) is Surface.TEAMS_PERSONAL


@pytest.mark.parametrize("key", ["from", "conversation", "recipient", "channelData", "entities", "type"])
@pytest.mark.parametrize("value", [None, "x", 1, 1.5, True, [], {}, [[]], [{}]])
def test_wrong_types_anywhere_raise_nothing(key: str, value: Any) -> None:
    assert isinstance(surface_of({**message(), key: value}), Surface)


def test_an_empty_object_is_other() -> None:
    assert surface_of({}) is Surface.OTHER
