"""What goes over the wire, and what never does."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.message import Message
from bellwire.model.recipient import Person
from bellwire.teams.bodies import activity, new_chat

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Disk full"}]}


def test_a_text_becomes_a_markdown_message_that_rings() -> None:
    assert orjson.loads(activity(Message(id="1", text="**Disk** full on db1"))) == {
        "type": "message",
        "text": "**Disk** full on db1",
        "textFormat": "markdown",
        "channelData": {"notification": {"alert": True}},
    }


def test_a_card_becomes_an_attachment_with_a_summary_and_no_text_beside_it() -> None:
    assert orjson.loads(activity(Message(id="1", card=CARD, summary="The disk is full"))) == {
        "type": "message",
        "summary": "The disk is full",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}],
        "channelData": {"notification": {"alert": True}},
    }


def test_text_and_card_never_go_together_since_teams_would_split_them_and_return_no_id() -> None:
    said = orjson.loads(activity(Message(id="1", text="The disk is full", card=CARD)))
    assert "text" not in said
    assert said["summary"] == "The disk is full"


def test_a_chat_is_asked_for_by_object_id_and_tenant() -> None:
    person = Person("alerts", "11111111-1111-1111-1111-111111111111", "aaaaaaaa-0000-0000-0000-000000000001")
    assert orjson.loads(new_chat("2222", person)) == {
        "bot": {"id": "28:2222"},
        "isGroup": False,
        "members": [{"id": "aaaaaaaa-0000-0000-0000-000000000001"}],
        "tenantId": "11111111-1111-1111-1111-111111111111",
        "channelData": {"tenant": {"id": "11111111-1111-1111-1111-111111111111"}},
    }


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_no_body_ever_carries_a_product_context(text: str, tenant: str, name: str) -> None:
    for body in (activity(Message(id="1", text=text, summary=name)), new_chat(name, Person("s", tenant, name))):
        data = orjson.loads(body)["channelData"]
        assert set(data) <= {"notification", "tenant"}
