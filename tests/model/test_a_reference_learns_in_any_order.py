"""Merging what activities say into one reference (platform reference §1.4: no order is promised, repeats happen)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, Lesson, ReachState, Source, in_team, learn, suspend
from bellwire.model.surface import Surface

MEGAN = Person("alerts", "11111111-1111-1111-1111-111111111111", "aaaaaaaa-0000-0000-0000-000000000001")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=1)
GRAPH_ID = "19:00000000_11111111@unq.gbl.spaces"


def lesson(minutes: int = 0, **said: Any) -> Lesson:
    fields: dict[str, Any] = {
        "person": MEGAN,
        "at": NOON + timedelta(minutes=minutes),
        "source": Source.MESSAGE,
        "conversation_id": "a:1",
        "service_url": "https://smba.trafficmanager.net/emea/",
    }
    return Lesson(**(fields | said))


def learnt(*lessons: Lesson) -> ConversationReference:
    reference: ConversationReference | None = None
    for one in lessons:
        reference = learn(reference, one, NOW)
    assert reference is not None
    return reference


words = st.sampled_from(["a", "b", "c"])
lessons = st.builds(
    lesson,
    st.integers(0, 5),
    source=st.sampled_from(Source),
    conversation_id=st.sampled_from(["a:1", "a:2", GRAPH_ID]),
    service_url=st.sampled_from(["https://smba.trafficmanager.net/amer/", "https://smba.trafficmanager.net/emea/"]),
    name=st.none() | words,
    locale=st.none() | words,
    timezone=st.none() | words,
    app_version=st.none() | words,
    user_id=st.none() | words,
    installed=st.booleans(),
    removed=st.booleans(),
    by_person=st.booleans(),
)
suspensions = st.tuples(
    st.sampled_from([Reason.BLOCKED, Reason.DISABLED_BY_ADMIN, Reason.UNINSTALLED, Reason.NOT_INSTALLED]),
    st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)


@given(st.data())
def test_any_order_and_any_repetition_leaves_the_same_reference(data: st.DataObject) -> None:
    told = data.draw(st.lists(lessons, min_size=1, max_size=7))
    again = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=7))))
    assert learnt(*again) == learnt(*told)


@given(st.data())
def test_suspensions_commute_with_lessons(data: st.DataObject) -> None:
    first = data.draw(lessons)
    events: list[Any] = data.draw(st.lists(lessons | suspensions, max_size=6))

    def after(reference: ConversationReference, event: Any) -> ConversationReference:
        return learn(reference, event, NOW) if isinstance(event, Lesson) else suspend(reference, *event)

    reordered = data.draw(st.permutations(events + events[:2]))
    assert reduce(after, reordered, learnt(first)) == reduce(after, events, learnt(first))


@given(st.lists(lessons, min_size=1, max_size=7))
def test_a_reference_never_loses_a_value_and_is_always_the_teams_chats(told: list[Lesson]) -> None:
    reference = learnt(*told)
    assert reference.surface is Surface.TEAMS_PERSONAL
    for name in ("name", "locale", "timezone", "app_version", "user_id"):
        said = {getattr(one, name) for one in told} - {None}
        assert (getattr(reference, name) is not None) == bool(said)


def test_the_first_lesson_makes_a_reachable_reference() -> None:
    reference = learnt(lesson(name="Megan", by_person=True))
    assert (reference.person, reference.name, reference.state) == (MEGAN, "Megan", ReachState.REACHABLE)
    assert (reference.created_at, reference.seen_at) == (NOW, NOON)


@pytest.mark.parametrize("name", ["service_url", "conversation_id", "locale", "name", "timezone", "app_version"])
def test_newer_values_replace_older_ones_whatever_comes_first(name: str) -> None:
    old, new = lesson(1, **{name: "old"}), lesson(2, **{name: "new"})
    assert getattr(learnt(old, new), name) == "new"
    assert getattr(learnt(new, old), name) == "new"


def test_nothing_never_replaces_something() -> None:
    assert learnt(lesson(1, name="Megan", locale="de-DE"), lesson(2)).name == "Megan"


def test_an_older_activity_fills_blanks_only() -> None:
    reference = learnt(lesson(2, name="Megan"), lesson(1, name="Meg", locale="de-DE"))
    assert (reference.name, reference.locale) == ("Megan", "de-DE")


def test_a_value_that_the_newest_activity_left_out_still_knows_its_age() -> None:
    first, middle, newest = lesson(1, locale="en-US"), lesson(2, locale="de-DE"), lesson(3)
    assert learnt(first, newest, middle).locale == "de-DE"
    assert learnt(middle, newest, first).locale == "de-DE"


def test_a_value_said_again_is_as_fresh_as_its_last_mention() -> None:
    assert learnt(lesson(1, name="Megan"), lesson(3, name="Megan"), lesson(2, name="Meg")).name == "Megan"


def test_graphs_name_of_the_chat_never_replaces_the_connectors() -> None:
    assert learnt(lesson(1), lesson(2, conversation_id=GRAPH_ID)).conversation_id == "a:1"
    assert learnt(lesson(2, conversation_id=GRAPH_ID), lesson(1)).conversation_id == "a:1"
    assert learnt(lesson(conversation_id=GRAPH_ID)).conversation_id == GRAPH_ID


def test_uninstalling_marks_the_reference_and_keeps_all_that_is_known() -> None:
    reference = learnt(lesson(1, installed=True, name="Megan"), lesson(2, removed=True))
    assert reference.state is ReachState.UNINSTALLED
    assert (reference.conversation_id, reference.name) == ("a:1", "Megan")
    assert reference.installed_at == NOON + timedelta(minutes=1)


def test_reinstalling_ends_an_uninstall() -> None:
    removed, again = lesson(2, removed=True), lesson(3, installed=True)
    assert learnt(removed, again).state is ReachState.REACHABLE
    assert learnt(again, removed).state is ReachState.REACHABLE


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.BLOCKED, ReachState.BLOCKED),
        (Reason.DISABLED_BY_ADMIN, ReachState.DISABLED),
        (Reason.UNINSTALLED, ReachState.UNINSTALLED),
        (Reason.NOT_INSTALLED, ReachState.NOT_INSTALLED),
    ],
)
def test_what_a_send_found_suspends_until_the_person_acts(reason: Reason, state: ReachState) -> None:
    suspended = suspend(learnt(lesson(1, installed=True)), reason, NOON + timedelta(minutes=2))
    assert suspended.state is state
    assert learn(suspended, lesson(1, by_person=True), NOW).state is state
    assert learn(suspended, lesson(3), NOW).state is state
    assert learn(suspended, lesson(3, by_person=True), NOW).state is ReachState.REACHABLE


def test_who_never_had_the_app_for_themselves_has_not_removed_it() -> None:
    suspended = suspend(learnt(lesson(1)), Reason.UNINSTALLED, NOON + timedelta(minutes=2))
    assert suspended.state is ReachState.NOT_INSTALLED


def test_a_team_with_the_app_ends_that_none_was_found_but_never_a_removal() -> None:
    at = NOON + timedelta(minutes=2)
    absent = suspend(learnt(lesson(1)), Reason.NOT_INSTALLED, at)
    assert in_team(absent, at - timedelta(seconds=1)).state is ReachState.NOT_INSTALLED
    assert in_team(absent, at + timedelta(seconds=1)).state is ReachState.REACHABLE
    removed = learnt(lesson(1, installed=True), lesson(2, removed=True))
    assert in_team(removed, at + timedelta(seconds=1)).state is ReachState.UNINSTALLED


def test_an_install_ends_what_the_administrator_did_but_never_a_block() -> None:
    at = NOON + timedelta(minutes=2)
    again = lesson(3, installed=True)
    assert learn(suspend(learnt(lesson(1)), Reason.DISABLED_BY_ADMIN, at), again, NOW).state is ReachState.REACHABLE
    assert learn(suspend(learnt(lesson(1)), Reason.BLOCKED, at), again, NOW).state is ReachState.BLOCKED


def test_other_reasons_say_nothing_about_the_person() -> None:
    reference = learnt(lesson(1))
    assert suspend(reference, Reason.MESSAGE_TOO_BIG, NOW) == reference


def test_a_lesson_about_somebody_else_is_refused() -> None:
    with pytest.raises(ValueError, match="another"):
        learn(learnt(lesson()), lesson(person=replace(MEGAN, aad_object_id="somebody")), NOW)


def test_the_source_is_what_taught_us_first() -> None:
    install, message = lesson(1, source=Source.INSTALL), lesson(2, source=Source.MESSAGE)
    assert learnt(message, install).source is Source.INSTALL
    assert learnt(install, message).source is Source.INSTALL


def test_a_removal_found_before_the_install_was_told_is_a_removal_all_the_same() -> None:
    known, told = lesson(0), lesson(1, installed=True)
    found = (Reason.UNINSTALLED, NOON + timedelta(minutes=2))
    late = learn(suspend(learnt(known), *found), told, NOW)
    assert late == suspend(learn(learnt(known), told, NOW), *found)
    assert late.state is ReachState.UNINSTALLED
    assert suspend(learnt(known), *found).state is ReachState.NOT_INSTALLED


@pytest.mark.parametrize("reason", [Reason.UNINSTALLED, Reason.NOT_INSTALLED])
@pytest.mark.parametrize("found_after", [-1, 1])
def test_a_removal_that_was_told_stays_one_whatever_teams_finds(reason: Reason, found_after: int) -> None:
    removed, found = lesson(2, removed=True), (reason, NOON + timedelta(minutes=2 + found_after))
    told_first = suspend(learnt(lesson(0), removed), *found)
    assert told_first == learn(suspend(learnt(lesson(0)), *found), removed, NOW)
    assert (told_first.state, told_first.install_told_at) == (ReachState.UNINSTALLED, None)
    assert in_team(told_first, NOON + timedelta(minutes=4)).state is ReachState.UNINSTALLED
