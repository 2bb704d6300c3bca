"""Who is only in a team that has the app is reached in their own Teams chat, by the id that the roster gives."""

from __future__ import annotations

import pytest

from bellwire.model.delivery import State
from bellwire.simulator import Limits
from tests.support.service import Running

from .scenes import refused, roster_read, said, send, steps, team_with_the_app


async def test_a_member_is_reached_by_the_id_of_the_roster(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    team = await team_with_the_app(at_work, adele)
    done = await send(at_work, adele)
    assert (done.state, steps(done)) == (State.SENT, [("open_chat_as_member", "opened"), ("post", "sent")])
    assert (said(adele), list(team.chat.lines)) == (["The build is green again."], [])
    assert steps(await send(at_work, adele)) == [("post", "sent")]


async def test_who_deletes_the_chat_is_reached_as_a_member_again(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await team_with_the_app(at_work, adele)
    await send(at_work, adele)
    adele.delete_chat()
    done = await send(at_work, adele)
    assert [step for step, _ in steps(done)] == ["post", "open_chat", "open_chat_as_member", "post"]
    assert (done.state, said(adele)) == (State.SENT, ["The build is green again."])


async def test_who_used_copilot_and_lost_the_app_is_reached_as_a_member(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await team_with_the_app(at_work, adele)
    await adele.say("Hello", on="copilot")
    adele.presence.acquired = False
    done = await send(at_work, adele)
    expected = [("open_chat", "undeliverable"), ("open_chat_as_member", "opened"), ("post", "sent")]
    assert (done.state, steps(done)) == (State.SENT, expected)


async def test_whoever_is_waited_for_is_reached_when_they_join(at_work: Running) -> None:
    adele, owner = at_work.teams.person("Adele"), at_work.teams.person("Olivia")
    team = await team_with_the_app(at_work, owner)
    waiting = await send(at_work, adele, if_unreachable="wait")
    assert waiting.state == State.WAITING
    await team.add(adele, by=owner)
    assert (await at_work.client.wait(waiting.id)).state == State.SENT


async def test_whoever_is_waited_for_is_reached_when_the_app_comes_into_their_team(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    waiting = await send(at_work, adele, if_unreachable="wait")
    await team_with_the_app(at_work, adele)
    assert (await at_work.client.wait(waiting.id)).state == State.SENT


async def test_who_leaves_the_team_cannot_be_reached_by_it(at_work: Running) -> None:
    adele, owner = at_work.teams.person("Adele"), at_work.teams.person("Olivia")
    team = await team_with_the_app(at_work, owner, adele)
    async with roster_read(at_work, team):
        await team.remove(adele, by=owner)
    assert (await refused(at_work, adele)).code in ("never_seen", "seen_elsewhere_only")


async def test_nobody_is_reached_by_a_team_that_the_app_has_left(at_work: Running) -> None:
    adele, owner = at_work.teams.person("Adele"), at_work.teams.person("Olivia")
    team = await team_with_the_app(at_work, owner, adele)
    await team.uninstall(by=owner)
    assert (await refused(at_work, adele)).code == "never_seen"


async def test_a_team_that_the_app_left_unnoticed_is_found_out_at_the_next_reading(at_work: Running) -> None:
    adele, owner = at_work.teams.person("Adele"), at_work.teams.person("Olivia")
    team = await team_with_the_app(at_work, owner, adele)
    team.chat.bots.clear()
    assert team.team is not None
    team.team.bots.clear()
    async with roster_read(at_work, team):
        await team.add(at_work.teams.person("Nestor"), by=owner)
    assert (await refused(at_work, adele)).code == "never_seen"


async def test_a_guest_on_a_roster_is_refused_as_a_guest(at_work: Running) -> None:
    guest = at_work.teams.person("Greta Guest")
    guest.person.guest = True
    await team_with_the_app(at_work, guest)
    assert (await refused(at_work, guest)).code == "guest"


async def test_a_member_whose_chat_teams_would_not_open_is_not_asked_for_again(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await team_with_the_app(at_work, adele)
    adele.disable()
    done = await send(at_work, adele)
    assert (done.state, done.reason) == (State.UNDELIVERABLE, "disabled_by_admin")
    assert (await refused(at_work, adele)).code == "disabled_by_admin"


async def test_whose_team_lost_the_app_is_reached_again_when_it_comes_back(at_work: Running) -> None:
    adele, owner = at_work.teams.person("Adele"), at_work.teams.person("Olivia")
    team = await team_with_the_app(at_work, owner, adele)
    await send(at_work, adele)
    await team.uninstall(by=owner)
    lost = await send(at_work, adele, if_unreachable="wait")
    assert (lost.state, (await refused(at_work, adele)).code) == (State.WAITING, "not_installed")
    async with roster_read(at_work, team):
        await team.install(by=owner)
    assert (await at_work.client.wait(lost.id)).state == State.SENT
    assert steps(await send(at_work, adele)) == [("post", "sent")]


async def test_who_removed_the_app_is_not_approached_by_way_of_a_team(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await adele.install()
    await adele.uninstall()
    await team_with_the_app(at_work, adele)
    assert (await refused(at_work, adele)).code == "uninstalled"


@pytest.mark.parametrize("members", [1200])
async def test_a_large_roster_is_read_in_pages_within_the_limits(at_work: Running, members: int) -> None:
    crowd = at_work.teams.crowd(members, installed=False)
    at_work.teams.gate.change(Limits())
    await team_with_the_app(at_work, *crowd)
    assert (await send(at_work, crowd[-1])).state == State.SENT
    assert not at_work.teams.exceeded
