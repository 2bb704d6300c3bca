"""What a person does, by the name that the control API gives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bellwire.simulator.actor import Actor
from bellwire.simulator.control.body import Body
from bellwire.simulator.courier import Answer
from bellwire.simulator.signing import Flaw


class Told(Body):
    """A deed that Teams tells the bot of."""

    patch: dict[str, Any] | None = None
    flaw: Flaw | None = None


class Install(Told):
    action: str = "add"


class Uninstall(Told):
    action: str = "remove"


class Say(Told):
    text: str
    on: str = "teams"


class Typing(Told):
    on: str = "teams"


class OnMessage(Body):
    """A deed about one message."""

    message_id: str
    on: str = "teams"
    patch: dict[str, Any] | None = None


class Edit(OnMessage):
    text: str


class React(OnMessage):
    kind: str = "like"
    remove: bool = False


class Press(OnMessage):
    action: dict[str, Any]


class Feedback(OnMessage):
    reaction: str = "like"
    text: str = ""


class Read(Body):
    message_id: str
    patch: dict[str, Any] | None = None


class Leave(Body):
    patch: dict[str, Any] | None = None


class Nothing(Body):
    """A deed that needs no more words."""


class Words(Body):
    text: str


class Move(Body):
    region: str


@dataclass(frozen=True, slots=True)
class Deed:
    """The type of its body, and what it does; the answers are the bot's, none where it is not told."""

    body: type[Body]
    do: Callable[[Actor, Any], Awaitable[list[Answer]]]


async def _install(actor: Actor, body: Install) -> list[Answer]:
    return await actor.install(body.action, patch=body.patch, flaw=body.flaw)


def _reported(deed: Callable[[Actor, Any], Awaitable[Answer]]) -> Callable[[Actor, Any], Awaitable[list[Answer]]]:
    async def do(actor: Actor, body: Any) -> list[Answer]:
        return [await deed(actor, body)]

    return do


def _silent(deed: Callable[[Actor, Any], None]) -> Callable[[Actor, Any], Awaitable[list[Answer]]]:
    async def do(actor: Actor, body: Any) -> list[Answer]:
        deed(actor, body)
        return []

    return do


DEEDS: dict[str, Deed] = {
    "install": Deed(Install, _install),
    "uninstall": Deed(Uninstall, _reported(lambda who, b: who.uninstall(b.action, patch=b.patch, flaw=b.flaw))),
    "say": Deed(Say, _reported(lambda who, b: who.say(b.text, b.on, patch=b.patch, flaw=b.flaw))),
    "typing": Deed(Typing, _reported(lambda who, b: who.typing(b.on, patch=b.patch, flaw=b.flaw))),
    "edit": Deed(Edit, _reported(lambda who, b: who.edit(b.message_id, b.text, b.on, patch=b.patch))),
    "retract": Deed(OnMessage, _reported(lambda who, b: who.retract(b.message_id, b.on, patch=b.patch))),
    "react": Deed(
        React, _reported(lambda who, b: who.react(b.message_id, b.kind, b.on, remove=b.remove, patch=b.patch))
    ),
    "press": Deed(Press, _reported(lambda who, b: who.press(b.message_id, b.action, b.on, patch=b.patch))),
    "feedback": Deed(
        Feedback, _reported(lambda who, b: who.give_feedback(b.message_id, b.reaction, b.text, b.on, patch=b.patch))
    ),
    "read": Deed(Read, _reported(lambda who, b: who.read(b.message_id, patch=b.patch))),
    "leave": Deed(Leave, _reported(lambda who, b: who.leave_organisation(patch=b.patch))),
    "block": Deed(Nothing, _silent(lambda who, _: who.block())),
    "unblock": Deed(Nothing, _silent(lambda who, _: who.unblock())),
    "disable": Deed(Nothing, _silent(lambda who, _: who.disable())),
    "enable": Deed(Nothing, _silent(lambda who, _: who.disable(False))),
    "delete-chat": Deed(Nothing, _silent(lambda who, _: who.delete_chat())),
    "get-agent": Deed(Nothing, _silent(lambda who, _: who.get_agent())),
    "lose-agent": Deed(Nothing, _silent(lambda who, _: who.get_agent(False))),
    "talk-to-agent": Deed(Words, _silent(lambda who, b: who.talk_to_agent(b.text))),
    "leave-agent": Deed(Nothing, _silent(lambda who, _: who.leave_agent())),
    "move": Deed(Move, _silent(lambda who, b: who.move(b.region))),
}
