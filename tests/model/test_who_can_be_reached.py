"""Who can be reached, by which way, and what becomes of a message to someone who cannot."""

from __future__ import annotations

import pytest

from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.reach import Obstacle, Reachable, Way, first_state, reach
from bellwire.model.reason import Reason
from bellwire.model.reference import ReachState
from bellwire.model.surface import Surface


def test_a_stored_chat_is_the_way() -> None:
    assert reach(ReachState.REACHABLE, {}) == Reachable(Way.TEAMS_CHAT)


def test_a_stored_chat_is_the_way_whatever_was_seen_elsewhere() -> None:
    assert reach(ReachState.REACHABLE, dict.fromkeys(Surface)) == Reachable(Way.TEAMS_CHAT)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (ReachState.UNINSTALLED, Reason.UNINSTALLED),
        (ReachState.NOT_INSTALLED, Reason.NOT_INSTALLED),
        (ReachState.BLOCKED, Reason.BLOCKED),
        (ReachState.DISABLED, Reason.DISABLED_BY_ADMIN),
    ],
)
@pytest.mark.parametrize("seen", [{}, {Surface.COPILOT: None}])
def test_what_stands_in_the_way_is_named_and_copilot_is_no_way_around_it(
    state: ReachState, reason: Reason, seen: dict[Surface, Reason | None]
) -> None:
    assert reach(state, seen) == Obstacle(reason)


def test_someone_known_from_copilot_gets_their_chat_opened() -> None:
    assert reach(None, {Surface.COPILOT: None}) == Reachable(Way.OPEN_CHAT)
    assert reach(None, {Surface.TEAMS_GROUP: None, Surface.COPILOT: None}) == Reachable(Way.OPEN_CHAT)


def test_a_refusal_to_open_the_chat_stands_until_something_newer_is_seen() -> None:
    refused = {Surface.COPILOT: Reason.NOT_INSTALLED}
    assert reach(None, refused) == Obstacle(Reason.NOT_INSTALLED)
    assert reach(None, {Surface.TEAMS_GROUP: None, **refused}) == Obstacle(Reason.NOT_INSTALLED)
    assert reach(None, {Surface.TEAMS_PERSONAL: None, **refused}) == Reachable(Way.OPEN_CHAT)


@pytest.mark.parametrize("surface", [Surface.TEAMS_GROUP, Surface.TEAMS_CHANNEL, Surface.OTHER])
def test_someone_known_from_elsewhere_only_is_told_apart_from_someone_unknown(surface: Surface) -> None:
    assert reach(None, {surface: None}) == Obstacle(Reason.SEEN_ELSEWHERE_ONLY)
    assert reach(None, {}) == Obstacle(Reason.NEVER_SEEN)


def test_fail_refuses_and_wait_waits() -> None:
    obstacle = Obstacle(Reason.NEVER_SEEN)
    assert first_state(obstacle, IfUnreachable.FAIL) == obstacle
    assert first_state(obstacle, IfUnreachable.WAIT) is State.WAITING


@pytest.mark.parametrize("policy", [IfUnreachable.FAIL, IfUnreachable.WAIT])
def test_whoever_can_be_reached_is_queued_whatever_the_policy(policy: IfUnreachable) -> None:
    assert first_state(Reachable(Way.OPEN_CHAT), policy) is State.QUEUED
