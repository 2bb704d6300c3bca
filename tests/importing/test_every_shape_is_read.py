"""Three spellings, wrapped, flat, as text: the same chat is found in all of them, and the same doubts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellwire.errors import InvalidInput
from bellwire.model.surface import Surface
from bellwire.teams.entries import Entry, read_entry
from tests.importing.heaps import (
    NOW,
    columns,
    copilot_reference,
    in_pascal_case,
    in_snake_case,
    reference,
    user_data,
)
from tests.support.activities import APP_ID, COPILOT_CHAT, GROUP_CHAT, MEGAN, SERVICE_URL, TEAMS_CHAT, TENANT, changed


def told(record: object) -> Entry:
    return read_entry(record, NOW)


TEAMS_CHATS = {
    "camelCase": reference(),
    "snake_case": in_snake_case(reference()),
    "PascalCase": in_pascal_case(reference()),
    "agent instead of bot": reference(agent={"id": f"28:{APP_ID}"}, bot=None),
    "agent and bot": reference(agent={"id": f"28:{APP_ID}"}),
    "with claims": {"claims": {"aud": APP_ID}, "reference": reference()},
    "with claims in .NET": {"Claims": {"aud": APP_ID}, "Reference": in_pascal_case(reference())},
    "wrapped in snake_case": {"conversation_reference": in_snake_case(reference()), "last_seen": "2026-11-22"},
    "as text": {"RowKey": "1", "conversationReference": json.dumps(reference())},
    "parts as text": {name: json.dumps(v) if isinstance(v, dict) else v for name, v in reference().items()},
    "a whole activity": {**reference(user=None, bot=None), "type": "message", "from": reference()["user"]},
    "Company Communicator": user_data(),
    "columns that say the kind": columns(conversation_type="personal"),
    "columns in another casing": {
        "AAD Object ID": MEGAN,
        "Tenant-Id": TENANT,
        "ConversationID": TEAMS_CHAT,
        "ServiceURL": SERVICE_URL,
        "Conversation Type": "personal",
    },
}


@pytest.mark.parametrize("name", TEAMS_CHATS)
def test_a_teams_chat_is_found_in_every_shape(name: str) -> None:
    entry = told(TEAMS_CHATS[name])
    assert entry.classification.surface is Surface.TEAMS_PERSONAL, entry.classification.reason
    assert (entry.tenant_id, entry.aad_object_id) == (TENANT, MEGAN)
    assert (entry.conversation_id, entry.service_url) == (TEAMS_CHAT, SERVICE_URL)


IN_A_GROUP = {"id": GROUP_CHAT, "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
MARKED_COPILOT = {
    "compound channel": copilot_reference(),
    "compound channel in lower case": copilot_reference(channelId="msteams:copilot"),
    "compound channel in snake_case": in_snake_case(copilot_reference()),
    "compound channel and personal": reference(channelId="msteams:COPILOT"),
    "channel as an object": copilot_reference(channelId={"channel": "msteams", "sub_channel": "COPILOT"}),
    "product context": reference(channelData={"productContext": "COPILOT"}),
    "product context in snake_case": reference(channel_data={"product_context": "copilot"}),
    "product context as text": reference(channelData=json.dumps({"ProductContext": "Copilot"})),
    "product entity": reference(entities=[{"type": "ProductInfo", "id": "COPILOT"}]),
    "product entity as text": {**columns(conversation_type="personal"), "entities": '[{"type": "ProductInfo"}]'},
    "a column of its own": columns(conversation_type="personal", product_context="COPILOT"),
    "a label": columns(conversation_type="personal", surface="copilot"),
}


@pytest.mark.parametrize("name", MARKED_COPILOT)
def test_any_mark_of_a_product_is_copilot_whatever_else_it_says(name: str) -> None:
    assert told(MARKED_COPILOT[name]).classification.surface is Surface.COPILOT


@pytest.mark.parametrize(
    ("record", "surface"),
    [
        (reference(conversation=IN_A_GROUP), Surface.TEAMS_GROUP),
        (columns(conversation_id=COPILOT_CHAT), Surface.TEAMS_GROUP),
        (columns(conversation_id=COPILOT_CHAT, conversation_type="personal"), Surface.TEAMS_GROUP),
        (columns(is_group="True", conversation_type="personal"), Surface.TEAMS_GROUP),
        (user_data(ConversationId=GROUP_CHAT), Surface.TEAMS_GROUP),
        (columns(conversation_id="19:x@thread.tacv2"), Surface.TEAMS_CHANNEL),
        (columns(surface="teams_personal", conversation_id="19:x@thread.tacv2"), Surface.TEAMS_CHANNEL),
        (reference(channelId="webchat"), Surface.OTHER),
        (columns(surface="slack", conversation_type="personal"), Surface.OTHER),
    ],
)
def test_what_is_no_chat_of_a_person_is_told_apart(record: object, surface: Surface) -> None:
    assert told(record).classification.surface is surface


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        (columns(), True),
        (reference(conversation={"id": TEAMS_CHAT, "tenantId": TENANT}), True),
        (columns(conversation_id="19:x_y@unq.gbl.spaces"), True),
        (columns(conversation_id="opaque"), False),
        (columns(conversation_id=COPILOT_CHAT), False),
        (columns(product_context="COPILOT"), False),
        (reference(), False),
    ],
)
def test_a_chat_between_two_that_does_not_say_of_which_kind_it_is_is_known_as_such(
    record: object, missing: bool
) -> None:
    entry = told(record)
    assert entry.kind_missing is missing
    assert not missing or entry.classification.surface is Surface.OTHER


def test_the_bot_is_known_by_its_app_id_with_and_without_its_prefix() -> None:
    assert told(reference()).app_id == told(columns(bot_id=APP_ID.upper())).app_id == APP_ID
    assert told(columns(bot_id="notify-bot")).app_id is None


@pytest.mark.parametrize(
    ("record", "time"),
    [
        (user_data(), "2026-11-22T09:00:00+00:00"),
        (columns(last_seen="2026-11-22T10:00:00+01:00"), "2026-11-22T09:00:00+00:00"),
        (reference(activityId="1485983408511"), "2017-02-01T21:10:08.511000+00:00"),
        (columns(updatedAt="2999-01-01"), NOW.isoformat()),
        (columns(timestamp="yesterday"), None),
        (columns(timestamp="0001-01-01T00:00:00Z"), None),
        (reference(), None),
    ],
)
def test_when_it_was_said_is_read_or_left_open(record: object, time: str | None) -> None:
    said_at = told(record).said_at
    assert (said_at and said_at.isoformat()) == time


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ("a text", "entry"),
        (["a list"], "entry"),
        (None, "entry"),
        ({"reference": "no object"}, "reference"),
        ({"reference": {"reference": {"reference": {"reference": {}}}}}, "entry"),
        (reference(user="29:1MEGAN"), "user"),
        (changed(reference(), "user", "aadObjectId", to="two words"), "user.aadObjectId"),
        (columns(conversation_id="a:1\x00"), "conversationId"),
        (columns(conversation_id="a:\udcff"), "conversationId"),
        (columns(service_url=17), "serviceUrl"),
        ({**columns(), "conversationId": "a:another"}, "conversationId"),
        ({**reference(), "ServiceUrl": "https://elsewhere.example/"}, "serviceUrl"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(record: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        told(record)
    assert caught.value.field == field
