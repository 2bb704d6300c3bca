"""Properties of the classification, over generated activities."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.surface import Surface, classify
from tests.support.activities import (
    Json,
    bot_added,
    channel_message,
    copilot_message,
    group_message,
    install,
    message,
    team_install,
)

BASES = [message(), install(), bot_added(), copilot_message(), group_message(), channel_message(), team_install()]
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
KEYS = ["type", "channelId", "from", "conversation", "recipient", "entities", "channelData", "membersAdded", "id"]
INNER = ["id", "aadObjectId", "conversationType", "isGroup", "tenantId", "tenant", "productContext", "type", "team"]


def any_casing(word: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
        lambda upper: "".join(c.upper() if up else c.lower() for c, up in zip(word, upper, strict=True))
    )


@st.composite
def activities(draw: st.DrawFn) -> Json:
    """A true activity with some fields replaced by anything, or something that is hardly an activity."""
    activity = copy.deepcopy(draw(st.sampled_from(BASES)))
    activity.update(draw(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3)))
    for key, changes in draw(
        st.dictionaries(
            st.sampled_from(KEYS), st.dictionaries(st.sampled_from(INNER), json_values, max_size=2), max_size=2
        )
    ).items():
        if isinstance(activity.get(key), dict):
            activity[key] = {**activity[key], **changes}
    return activity


def _context(activity: Json, key: str, value: Any) -> Json:
    data = activity.get("channelData")
    return {**activity, "channelData": {**(data if isinstance(data, dict) else {}), key: value}}


def _entity(activity: Json, entity: Json, place: int) -> Json:
    entities = activity.get("entities")
    listed = list(entities) if isinstance(entities, list) else []
    return {**activity, "entities": [*listed[:place], entity, *listed[place:]]}


something = json_values.filter(lambda value: value not in (None, ""))
markers = st.one_of(
    st.builds(lambda key, value: lambda a: _context(a, key, value), any_casing("productContext"), something),
    st.builds(
        lambda key, kind, more, place: lambda a: _entity(a, {**more, key: kind}, place),
        any_casing("type"),
        any_casing("ProductInfo"),
        st.dictionaries(st.sampled_from(["id", "name"]), json_values, max_size=2),
        st.integers(0, 3),
    ),
    st.builds(
        lambda key, value, place: lambda a: _entity(a, {"type": "clientInfo", key: value}, place),
        any_casing("subChannelInfo"),
        json_values,
        st.integers(0, 3),
    ),
    st.builds(
        lambda base, product: lambda a: {**a, "channelId": f"{base}:{product}"},
        any_casing("msteams"),
        st.text(min_size=1),
    ),
)


@given(activity=activities(), mark=markers)
def test_no_activity_with_a_product_marker_is_ever_teams_personal(activity: Json, mark: Any) -> None:
    assert classify(mark(activity)).surface is not Surface.TEAMS_PERSONAL


@given(mark=markers)
def test_a_marker_turns_a_personal_message_into_copilot(mark: Any) -> None:
    assert classify(mark(message())).surface is Surface.COPILOT


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), json_values))
def test_anything_at_all_is_classified(anything: Json) -> None:
    assert isinstance(classify(anything).surface, Surface)


@given(activities())
def test_what_is_personal_names_a_person_a_tenant_and_a_chat_that_is_no_thread(activity: Json) -> None:
    if classify(activity).surface is not Surface.TEAMS_PERSONAL:
        return
    conversation = activity["conversation"]
    assert activity["channelId"].lower().rstrip(":") == "msteams"
    assert conversation["conversationType"].strip().lower() == "personal"
    assert conversation.get("isGroup") in (None, False, 0, "", "false", "False", "0")
    assert conversation["id"].strip()
    assert "@thread." not in conversation["id"]


@given(activities())
def test_the_order_of_keys_does_not_matter(activity: Json) -> None:
    assert classify(dict(reversed(activity.items()))) == classify(activity)


def test_nesting_as_deep_as_a_parser_lets_through_is_classified() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    activity = message(entities=deep, channelData={"productContext": deep, "tenant": deep})
    assert classify(activity).surface is Surface.COPILOT
