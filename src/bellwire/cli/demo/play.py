"""Plays one part: what happened before, the message, and what the simulator's own ledger says of it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bellwire.cli.demo.cast import Agent, Letter, Part
from bellwire.cli.demo.stage import Stage
from bellwire.client import Delivery, Person
from bellwire.errors import NotFound, Unreachable
from bellwire.model.delivery import IfChatActive, State
from bellwire.simulator.actor import Actor
from bellwire.simulator.chat import Kind

PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, and whether it held."""

    expected: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happened in one part. ``arrived`` counts by surface where the simulator saw the message."""

    part: Part
    actor: Actor
    known: Person | None
    delivery: Delivery | None
    refusal: Unreachable | None
    milliseconds: float
    arrived: Counter[Kind]
    checks: tuple[Check, ...]


async def played(stage: Stage, part: Part, actor: Actor) -> Scene:
    """Act it out: the past, a look at what Bellwire knows, the message, a look into the ledger."""
    for past in part.past:
        await past.deed(actor)
    if part.agent in (Agent.INSTALLED, Agent.CHATTING):
        actor.get_agent()
    if part.agent is Agent.CHATTING:
        actor.talk_to_agent("How many days of holiday do I have left?")
    known = await _known(stage, actor)
    began = time.perf_counter()
    delivery, refusal = await _sent(stage, part, actor)
    milliseconds = (time.perf_counter() - began) * 1000
    arrived = arrivals(stage, part.letter)
    return Scene(
        part=part,
        actor=actor,
        known=known,
        delivery=delivery,
        refusal=refusal,
        milliseconds=milliseconds,
        arrived=arrived,
        checks=(*_ending(part, delivery, refusal), *_whereabouts(part, arrived), *_opening(stage, part, actor)),
    )


def arrivals(stage: Stage, letter: Letter) -> Counter[Kind]:
    """On which surfaces the simulator accepted this letter, and how often. Bellwire is not asked."""
    return Counter(
        Kind(entry.surface)
        for entry in stage.simulator.ledger.entries
        if (entry.activity.get("text") or entry.activity.get("summary")) == letter.shown
    )


async def _known(stage: Stage, actor: Actor) -> Person | None:
    try:
        return await stage.client.person(actor.aad_object_id, tenant_id=actor.tenant_id)
    except NotFound:
        return None


async def _sent(stage: Stage, part: Part, actor: Actor) -> tuple[Delivery | None, Unreachable | None]:
    letter = part.letter
    try:
        accepted = await stage.client.send(
            to=actor.aad_object_id,
            text=letter.text,
            card=letter.card,
            summary=letter.summary,
            sender=part.sender,
            if_chat_active=IfChatActive.GIVE_UP,
        )
    except Unreachable as refusal:
        return None, refusal
    return await stage.client.wait(accepted.id, timeout=PATIENCE), None


def _ending(part: Part, delivery: Delivery | None, refusal: Unreachable | None) -> list[Check]:
    if part.ends is None:
        return [Check(f"refused: {part.reason}", refusal is not None and refusal.code == part.reason)]
    reason = f": {part.reason}" if part.reason else ""
    held = delivery is not None and delivery.state is part.ends and delivery.reason == part.reason
    return [Check(f"{part.ends}{reason}", held)]


def _whereabouts(part: Part, arrived: Counter[Kind]) -> list[Check]:
    elsewhere = sum(arrived.values()) - arrived[part.place]
    chat = "Teams chat" if part.agent is None else "agent's chat"
    if part.ends is State.SENT:
        return [
            Check(f"arrived once in the {chat}", arrived[part.place] == 1),
            Check("nowhere else", elsewhere == 0),
        ]
    return [Check("arrived nowhere", not arrived)]


def _opening(stage: Stage, part: Part, actor: Actor) -> list[Check]:
    openings = [one for one in stage.simulator.ledger.openings if one.person == actor.aad_object_id]
    if not part.opens_chat:
        return [Check("no chat was opened", not openings)] if openings else []
    held = len(openings) == 1 and not openings[0].copilot
    return [Check("the Teams chat was opened once", held)]
