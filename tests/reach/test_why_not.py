"""What is in the way of a person: one true obstacle, its remedy, and whose move it is; the same wherever one asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from bellwire.cli import Exit, main
from bellwire.cli.people_check import names
from bellwire.errors import InvalidInput, NotFound, Unreachable
from bellwire.model.delivery import State
from bellwire.simulator import Actor, Flow, Simulator
from bellwire.simulator.policies import TenantPolicy
from bellwire.simulator.rules import Manners
from tests.support.service import Running, running

from .scenes import TEXT, refused, roster_read, said, send, steps, team_with_the_app

Scene = Callable[[Running, Actor], Awaitable[None]]


async def installed(at_work: Running, who: Actor) -> None:
    await who.install()


async def in_a_team(at_work: Running, who: Actor) -> None:
    await team_with_the_app(at_work, who)


async def in_copilot(at_work: Running, who: Actor) -> None:
    await who.say("Hello", on="copilot")


async def deleted_the_chat(at_work: Running, who: Actor) -> None:
    await who.install()
    who.delete_chat()


async def reinstalled(at_work: Running, who: Actor) -> None:
    await who.install()
    await who.uninstall()
    await who.install()


async def never(at_work: Running, who: Actor) -> None:
    """Nothing has happened."""


async def in_a_group(at_work: Running, who: Actor) -> None:
    group = at_work.teams.group("Lunch", who)
    await group.install(by=who)


async def uninstalled(at_work: Running, who: Actor) -> None:
    await who.install()
    await who.uninstall()


async def blocked(at_work: Running, who: Actor) -> None:
    await who.install()
    who.block()
    await send(at_work, who)


async def disabled(at_work: Running, who: Actor) -> None:
    await who.install()
    who.disable()
    await send(at_work, who)


async def disabled_in_a_team(at_work: Running, who: Actor) -> None:
    await team_with_the_app(at_work, who)
    who.disable()
    await send(at_work, who)


async def app_blocked_for_the_tenant(at_work: Running, who: Actor) -> None:
    await who.install()
    at_work.teams.policy().blocked.add(at_work.teams.bot.app_id)
    await send(at_work, who)


async def custom_apps_forbidden(at_work: Running, who: Actor) -> None:
    await who.install()
    at_work.teams.policy().custom_apps = False
    await send(at_work, who)


async def forbidden_by_a_permission_policy(at_work: Running, who: Actor) -> None:
    await who.install()
    at_work.teams.policy().assigned[who.aad_object_id] = False
    await send(at_work, who)


async def guest_in_a_team(at_work: Running, who: Actor) -> None:
    who.person.guest = True
    await team_with_the_app(at_work, who)


async def team_lost_the_app(at_work: Running, who: Actor) -> None:
    owner = at_work.teams.person("Oscar Owner")
    team = at_work.teams.team("Sales", owner, who)
    async with roster_read(at_work, team):
        await team.install(by=owner)
    await team.uninstall(by=owner)


async def lost_the_app_without_a_word(at_work: Running, who: Actor) -> None:
    await who.install()
    who.drop_app()
    await send(at_work, who)


async def no_app_found(at_work: Running, who: Actor) -> None:
    await who.install()
    who.presence.installed = False
    at_work.teams.rules.manners.by_person[who.aad_object_id] = Manners("ForbiddenOperationException")
    await send(at_work, who)


async def in_copilot_and_refused(at_work: Running, who: Actor) -> None:
    await in_copilot(at_work, who)
    who.presence.acquired = False
    await send(at_work, who)


async def in_copilot_and_disabled(at_work: Running, who: Actor) -> None:
    await in_copilot(at_work, who)
    who.disable()
    await send(at_work, who)


OPEN: Final = ["open_chat", "post"]
NAMES: Final = ("aad_object_id", "upn", "email")
REACHED: Final = [
    (installed, "teams_chat", ["post"]),
    (reinstalled, "teams_chat", ["post"]),
    (deleted_the_chat, "teams_chat", ["post", *OPEN]),
    (in_copilot, "open_chat", OPEN),
    (in_a_team, "team_roster", ["open_chat_as_member", "post"]),
]
NOT_REACHED: Final = [
    (never, "never_seen", "caller"),
    (in_a_group, "seen_elsewhere_only", "person"),
    (team_lost_the_app, "never_seen", "caller"),
    (uninstalled, "uninstalled", "person"),
    (lost_the_app_without_a_word, "uninstalled", "person"),
    (no_app_found, "not_installed", "person"),
    (in_copilot_and_refused, "not_installed", "person"),
    (in_copilot_and_disabled, "disabled_by_admin", "teams_administrator"),
    (blocked, "blocked", "person"),
    (disabled, "disabled_by_admin", "teams_administrator"),
    (disabled_in_a_team, "disabled_by_admin", "teams_administrator"),
    (app_blocked_for_the_tenant, "disabled_by_admin", "teams_administrator"),
    (custom_apps_forbidden, "disabled_by_admin", "teams_administrator"),
    (forbidden_by_a_permission_policy, "disabled_by_admin", "teams_administrator"),
    (guest_in_a_team, "guest", "caller"),
]


@pytest.mark.parametrize("if_unreachable", ["fail", "wait", "install"])
@pytest.mark.parametrize(("scene", "way", "asked"), REACHED, ids=lambda value: getattr(value, "__name__", ""))
async def test_whoever_may_be_reached_is_reached_in_the_teams_chat(
    at_work: Running, scene: Scene, way: str, asked: list[str], if_unreachable: str
) -> None:
    for by in NAMES:
        adele = at_work.teams.person(f"Adele {by}")
        await scene(at_work, adele)
        (known,) = (await at_work.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)).senders
        assert (known.reachable, known.way, known.since is not None) == (True, way, True)
        done = await send(at_work, adele, by=by, if_unreachable=if_unreachable)
        assert (done.state, [step for step, _ in steps(done)]) == (State.SENT, asked)
        assert (said(adele), said(adele, on="copilot")) == ([TEXT], [])


@pytest.mark.parametrize(
    ("scene", "reason", "whose_move"), NOT_REACHED, ids=lambda value: getattr(value, "__name__", "")
)
async def test_whoever_may_not_be_reached_is_explained_everywhere_in_the_same_words(
    at_work: Running, scene: Scene, reason: str, whose_move: str
) -> None:
    adele = at_work.teams.person("Adele")
    await scene(at_work, adele)
    for by in NAMES:
        refusal = await refused(at_work, adele, by=by)
        assert refusal.code == reason
        if reason == "guest" and by != "aad_object_id":
            continue  # the directory says so before anything is accepted: there is nothing to wait for
        waits = await send(at_work, adele, by=by, if_unreachable="wait")
        assert (waits.state, waits.reason, waits.whose_move) == (State.WAITING, reason, whose_move)
    problem = await at_work.call("POST", "/v1/messages", {"to": {"aad_object_id": adele.aad_object_id}, "text": "Hi"})
    (checked,) = await at_work.client.check([adele.aad_object_id])
    assert (problem.body["whose_move"], bool(problem.body["remedy"])) == (whose_move, True)
    assert (checked.reachable, checked.reason, checked.whose_move) == (False, reason, whose_move)
    if reason == "never_seen":
        with pytest.raises(NotFound):
            await at_work.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)
    else:
        (known,) = (await at_work.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)).senders
        assert (known.reason, known.whose_move, bool(known.remedy)) == (reason, whose_move, True)
    assert said(adele) == []


@pytest.mark.parametrize("by", NAMES)
@pytest.mark.parametrize(
    "scene",
    [
        never,
        in_a_group,
        team_lost_the_app,
        uninstalled,
        lost_the_app_without_a_word,
        no_app_found,
        in_copilot_and_refused,
    ],
    ids=lambda scene: scene.__name__,
)
async def test_whoever_lacks_the_app_gets_it_and_the_message_if_the_caller_wants_that(
    at_work: Running, scene: Scene, by: str
) -> None:
    adele = at_work.teams.person("Adele")
    await scene(at_work, adele)
    done = await send(at_work, adele, by=by, if_unreachable="install")
    assert (done.state, steps(done)[0], said(adele)) == (State.SENT, ("install", "installed"), [TEXT])


@pytest.mark.parametrize(
    ("scene", "reason"),
    [(case[0], case[1]) for case in NOT_REACHED if case[1] in ("blocked", "disabled_by_admin", "guest")],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_no_install_gets_around_what_somebody_decided(at_work: Running, scene: Scene, reason: str) -> None:
    adele = at_work.teams.person("Adele")
    await scene(at_work, adele)
    for by in NAMES:
        with pytest.raises(Unreachable) as refusal:
            await send(at_work, adele, by=by, if_unreachable="install")
        assert refusal.value.code == reason
    assert said(adele) == []


def block_the_app(policy: TenantPolicy, app_id: str) -> None:
    policy.blocked.add(app_id)


def forbid_custom_apps(policy: TenantPolicy, _app_id: str) -> None:
    policy.custom_apps = False


def permit_nobody(policy: TenantPolicy, _app_id: str) -> None:
    policy.everybody = False


@pytest.mark.parametrize("decide", [block_the_app, forbid_custom_apps, permit_nobody], ids=lambda each: each.__name__)
async def test_what_administrators_forbid_the_whole_tenant_is_installed_for_nobody(
    at_work: Running, decide: Callable[[TenantPolicy, str], None]
) -> None:
    adele = at_work.teams.person("Adele")
    decide(at_work.teams.policy(), at_work.teams.bot.app_id)
    for by in NAMES:
        done = await send(at_work, adele, by=by, if_unreachable="install")
        assert (done.state, done.reason, done.whose_move) == ("undeliverable", "policy_forbids", "teams_administrator")
        assert steps(done) == [("install", "undeliverable")]
    assert said(adele) == []


async def test_a_permission_policy_that_was_assigned_to_somebody_counts_for_them(at_work: Running) -> None:
    adele, bert = at_work.teams.person("Adele"), at_work.teams.person("Bert")
    policy = at_work.teams.policy()
    policy.everybody, policy.assigned = False, {adele.aad_object_id: True}
    done = [(await send(at_work, who, if_unreachable="install")).state for who in (adele, bert)]
    assert done == [State.SENT, State.UNDELIVERABLE]


async def test_who_left_the_organisation_is_gone_by_every_name(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await adele.install()
    await adele.leave_organisation()
    codes = [(await refused(at_work, adele, by=by)).code for by in NAMES]
    assert codes == ["uninstalled", "no_such_person", "no_such_person"]
    assert said(adele) == []


@pytest.mark.parametrize("by", ["upn", "email"])
async def test_a_name_that_nobody_has_is_no_such_person(at_work: Running, by: str) -> None:
    (checked,) = await at_work.client.check(["nobody@contoso.example"])
    assert (checked.reason, checked.whose_move) == ("no_such_person", "caller")
    for if_unreachable in ("fail", "wait", "install"):
        with pytest.raises(Unreachable) as refusal:
            await at_work.client.send(to={by: "nobody@contoso.example"}, text=TEXT, if_unreachable=if_unreachable)
        assert refusal.value.code == "no_such_person"


async def test_a_person_is_found_by_object_id_without_their_tenant(at_work: Running) -> None:
    people = [at_work.teams.person("Adele"), at_work.teams.person("Bert")]
    for one in people:
        await one.install()
    page = await at_work.client.people(aad_object_id=people[1].aad_object_id)
    assert [one.aad_object_id for one in page] == [people[1].aad_object_id]


@pytest.mark.parametrize("by", ["upn", "email"])
async def test_a_person_is_asked_about_by_the_name_that_a_caller_knows(at_work: Running, by: str) -> None:
    adele, bert = at_work.teams.person("Adele"), at_work.teams.person("Bert")
    await adele.install()
    for who, reachable, reason in ((adele, True, None), (bert, False, "never_seen")):
        found = await at_work.client.find_person(getattr(who.person, by).upper())
        (reach,) = found.senders
        assert (found.aad_object_id, reach.reachable, reach.reason) == (who.aad_object_id, reachable, reason)
    refusal = await at_work.call("GET", "/v1/people/find?name=nobody@contoso.example")
    assert (refusal.status, refusal.code, refusal.body["field"]) == (409, "no_such_person", "name")
    assert refusal.body["whose_move"] == "caller"


async def test_each_bot_that_has_not_seen_a_person_says_so_beside_a_flow(sqlite_url: str) -> None:
    async with Simulator() as teams:
        flow = teams.flows.settings("studio", teams.flows.add(Flow(teams.bot)), teams.url)
        settings = {**flow, "BELLWIRE_DEFAULT_SENDER": "alerts"}
        async with running(sqlite_url, teams=teams, environment=settings) as service:
            bert = teams.person("Bert")
            for seen, reason in ((False, "never_seen"), (True, None)):
                if seen:
                    await bert.install()
                found = await service.client.find_person(bert.person.upn)
                assert [(each.sender, each.reason) for each in found.senders] == [("alerts", reason), ("studio", None)]
                narrowed = await service.client.find_person(bert.person.upn, sender="studio")
                assert [each.sender for each in narrowed.senders] == ["studio"]


async def test_a_name_that_is_no_address_is_refused(at_work: Running) -> None:
    assert (await at_work.call("GET", "/v1/people/find?name=adele")).status == 422


async def test_the_command_line_shows_a_person_by_their_address(
    at_work: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    adele = at_work.teams.person("Adele")
    await adele.install()
    command = ["people", "show", adele.person.email, "--url", at_work.url, "--key", at_work.key]
    assert await asyncio.to_thread(main, [*command, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["aad_object_id"] == adele.aad_object_id


async def test_ten_thousand_people_are_checked_in_one_go(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await adele.install()
    strangers = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(9_999)]
    found = await at_work.client.check([adele.aad_object_id, *strangers])
    assert [each.reachable for each in found] == [True, *[False] * 9_999]


async def test_the_command_line_checks_a_list(
    at_work: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    adele, never_seen = at_work.teams.person("Adele"), at_work.teams.person("Bert")
    await adele.install()
    listed = tmp_path / "people.csv"
    listed.write_text(f"\ufeffname,aad_object_id\nAdele,{adele.aad_object_id}\nBert,{never_seen.aad_object_id}\n")
    command = ["people", "check", "--csv", str(listed), "--url", at_work.url, "--key", at_work.key]
    assert await asyncio.to_thread(main, [*command, "--json"]) == Exit.NOT_DONE
    assert [one["reason"] for one in json.loads(capsys.readouterr().out)] == [None, "never_seen"]
    await asyncio.to_thread(main, command)
    said = capsys.readouterr().out
    assert all(word in said for word in (never_seen.aad_object_id, "never_seen", "app setup policy"))
    assert adele.aad_object_id not in said


@pytest.mark.parametrize("text", ["", "name\nAdele\n", "upn\n", "upn,email\nadele@contoso.example,\n,\n"])
def test_a_list_that_does_not_say_who_is_meant_is_refused(tmp_path: Path, text: str) -> None:
    listed = tmp_path / "people.csv"
    listed.write_text(text)
    with pytest.raises(InvalidInput, match="names nobody"):
        names(listed)
