"""One person plays Teams, Copilot, groups and channels in every order: what is left is the Teams chat's reference."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.model.reference import ConversationReference, learn
from bellwire.model.surface import Surface
from bellwire.teams.activities import read
from tests.support.activities import (
    START,
    TEAMS_CHAT,
    Json,
    channel_message,
    copilot_message,
    group_message,
    install,
    message,
)
from tests.support.stories import acts_elsewhere, retold, stories

NOW = START + timedelta(days=1)


def reference_after(story: list[Json]) -> ConversationReference | None:
    reference: ConversationReference | None = None
    for activity in story:
        lesson = read(activity, NOW).lesson("alerts")
        reference = reference if lesson is None else learn(reference, lesson, NOW)
    return reference


@settings(max_examples=2000)
@given(st.data())
def test_any_order_and_any_repetition_leaves_the_same_reference(data: st.DataObject) -> None:
    story = data.draw(stories())
    reference = reference_after(story)
    assert reference_after(data.draw(retold(story))) == reference
    if reference is not None:
        assert (reference.surface, reference.conversation_id) == (Surface.TEAMS_PERSONAL, TEAMS_CHAT)


@settings(max_examples=1000)
@given(st.data())
def test_what_happens_elsewhere_leaves_no_trace_in_the_reference(data: st.DataObject) -> None:
    story = data.draw(stories())
    elsewhere = data.draw(st.lists(acts_elsewhere, max_size=4))
    mixed = data.draw(st.permutations(story + elsewhere))
    assert reference_after(mixed) == reference_after(story)


@given(st.lists(acts_elsewhere, min_size=1))
def test_elsewhere_alone_makes_no_reference(story: list[Json]) -> None:
    assert reference_after(story) is None


def test_teams_copilot_teams_group_and_channel_in_all_120_orders() -> None:
    story = [
        install(minutes=0),
        copilot_message(minutes=1),
        message(minutes=2),
        group_message(minutes=3),
        channel_message(minutes=4),
    ]
    references = [reference_after(list(order)) for order in permutations(story)]
    assert all(reference == references[0] for reference in references)
    assert references[0] is not None
    assert references[0].conversation_id == TEAMS_CHAT
