"""What people do to a bot, and how a bot behaves when it is told of it: compared byte for byte."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from bellwire.simulator import Actor
from bellwire.simulator.chat import Json
from tests.embed.recording import RecordingTeams, Sent

BUTTON = {"type": "Action.Execute", "verb": "ok", "data": {}}


@dataclass(frozen=True)
class Behaviour:
    """What a bot answers, with status and body, and every byte that it writes to Teams."""

    answers: list[tuple[int | None, bytes]]
    sent: list[Sent]


async def told(teams: RecordingTeams, endpoint: str, activities: list[Json]) -> Behaviour:
    """How the bot there behaves when it is told all this. Whoever bot it was that people talk to, it is again."""
    talked_to, teams.bot_endpoint = teams.bot_endpoint, endpoint
    teams.sent.clear()
    answers = [await teams.courier.deliver(teams.bot, activity) for activity in activities]
    teams.bot_endpoint = talked_to
    written = [sent for sent in teams.sent if sent.method != "GET"]  # Bellwire itself reads who is in a team
    return Behaviour([(answer.status, answer.body) for answer in answers], written)


async def everything(teams: RecordingTeams, person: Actor, seed: str) -> list[Json]:
    """What Teams sends of a person who uses all that a chat has, on several surfaces, in mixed order."""
    heard = len(teams.courier.answers)
    group, team = teams.group(f"Coffee {person.person.name}", person), teams.team(f"Ops {person.person.name}", person)
    await person.install()
    await group.install(person)
    await team.install(person)
    for on in ("teams", "copilot", group.id, team.id):
        await person.typing(on)
        await person.say("hi", on=on)
    reply = next(iter(person.received()))
    await person.press(reply.id, BUTTON)
    await person.press(next(iter(person.received(group.id))).id, BUTTON, on=group.id)
    await person.give_feedback(reply.id)
    await person.react(reply.id)
    await person.edit(next(key for key, line in person.chat().lines.items() if not line.from_bot), "hello")
    activities = [answer.activity for answer in teams.courier.answers[heard:]]
    Random(seed).shuffle(activities)
    return activities


def said(activities: list[Json]) -> int:
    """How many of them are messages: each is answered with one."""
    return sum(activity["type"] == "message" for activity in activities)


@dataclass(frozen=True)
class Crowd:
    """Four people of whom three have a Teams chat, and the fourth is known from a group alone."""

    reachable: tuple[Actor, ...]
    stranger: Actor

    def chats(self, text: str) -> set[tuple[str, str, str, str | None]]:
        """Where a message to everybody has to be found, as the ledger has it: there, and nowhere else."""
        return {(each.aad_object_id, "teams", each.chat().id, text) for each in self.reachable}


async def talking(teams: RecordingTeams, seed: str) -> Crowd:
    """People talk to the bot on Teams, Copilot, group and channel surfaces, in mixed order."""
    adele, bo, cai, dee = (teams.person(name) for name in ("Adele", "Bo", "Cai", "Dee"))
    group, team = teams.group("Lunch", adele, cai), teams.team("Operations", bo, adele)
    deeds: list[Callable[[], Awaitable[object]]] = [
        adele.install,
        dee.install,
        lambda: bo.say("hi", on="copilot"),
        lambda: bo.say("hi"),
        lambda: adele.say("hi", on="copilot"),
        lambda: adele.say("hi", on="m365"),
        lambda: group.install(adele),
        lambda: team.install(bo),
        lambda: adele.say("hi", on=group.id),
        lambda: cai.say("hi", on=group.id),
        lambda: bo.say("hi", on=team.id),
        lambda: adele.say("hi", on=team.id),
    ]
    Random(seed).shuffle(deeds)
    for deed in deeds:
        await deed()
    return Crowd((adele, bo, dee), cai)
