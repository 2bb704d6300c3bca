"""What one person does with one bot, on every surface, in generated order; the Teams chat is always the same chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.support.activities import (
    BOT_ID,
    MEGAN,
    MEGAN_IN_TEAMS,
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

ACTIONS = ("add", "remove", "upgrade", "add-upgrade", "remove-upgrade", "ADD", "suspend")
READ = "application/vnd.microsoft.readReceipt"
REMOVED = [{"id": BOT_ID}, {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN}]

Make = Callable[[float], Json]


def _in_teams() -> list[Make]:
    return [
        lambda m: message(minutes=m),
        lambda m: message(minutes=m, locale="de-DE", entities=None, id=f"de-{m}"),
        lambda m: changed(message(minutes=m, id=f"name-{m}"), "from", "name", to="Megan B."),
        lambda m: without(message(minutes=m, id=f"noname-{m}", locale=None, entities=None), "from", "name"),
        lambda m: message(minutes=m, id=f"moved-{m}", serviceUrl="https://smba.trafficmanager.net/amer/moved/"),
        lambda m: activity("messageReaction", minutes=m, reactionsAdded=[{"type": "like"}], replyToId="1"),
        lambda m: activity("invoke", minutes=m, name="adaptiveCard/action", value={"action": {}}),
        lambda m: activity("event", minutes=m, name=READ, value={"lastReadMessageId": "1"}, locale=None, entities=None),
        lambda m: activity("messageUpdate", minutes=m),
        lambda m: activity("typing", minutes=m),
        lambda m: bot_added(minutes=m),
        lambda m: activity("conversationUpdate", minutes=m, membersRemoved=REMOVED, id=f"gone-{m}"),
        lambda m: activity("somethingNew", minutes=m),
        *(lambda m, action=action: install(action, minutes=m) for action in ACTIONS),
    ]


def _elsewhere() -> list[Make]:
    return [
        lambda m: copilot_message(minutes=m),
        lambda m: without(copilot_message(minutes=m, id=f"entity-{m}"), "channelData", "productContext"),
        lambda m: without(copilot_message(minutes=m, id=f"context-{m}"), "entities"),
        lambda m: without(without(copilot_message(minutes=m), "entities"), "channelData", "productContext"),
        lambda m: changed(message(minutes=m, id=f"pane-{m}"), "channelData", "productContext", to="Copilot"),
        lambda m: message(minutes=m, id=f"compound-{m}", channelId="msteams:COPILOT"),
        lambda m: install(
            minutes=m, id=f"cinst-{m}", channelData={"tenant": {"id": TENANT}, "productContext": "copilot"}
        ),
        lambda m: group_message(minutes=m),
        lambda m: group_install(minutes=m),
        lambda m: changed(group_message(minutes=m), "conversation", "id", to="19:meeting_x@thread.v2"),
        lambda m: changed(group_message(minutes=m), "conversation", "isGroup", to="true"),
        lambda m: channel_message(minutes=m),
        lambda m: team_install(minutes=m),
        lambda m: team_bot_added(minutes=m),
        lambda m: without(copilot_message(minutes=m, id=f"type-{m}"), "conversation", "conversationType"),
    ]


TEAMS = _in_teams()
ELSEWHERE = _elsewhere()


def _acts(makers: list[Make]) -> st.SearchStrategy[Json]:
    return st.builds(lambda make, minutes: make(minutes), st.sampled_from(makers), st.integers(0, 9))


acts_in_teams = _acts(TEAMS)
acts_elsewhere = _acts(ELSEWHERE)


@st.composite
def stories(draw: st.DrawFn, *, most: int = 8) -> list[Json]:
    """A person's activities, on the Teams chat and elsewhere, in any order."""
    return draw(st.lists(acts_in_teams | acts_elsewhere, min_size=1, max_size=most))


@st.composite
def retold(draw: st.DrawFn, story: list[Any]) -> list[Any]:
    """The same story in another order, with some of it told twice."""
    return draw(st.permutations(story + draw(st.lists(st.sampled_from(story), max_size=4))))
