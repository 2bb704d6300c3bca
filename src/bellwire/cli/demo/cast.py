"""Who plays in the demo: what each of them did before, what is sent to them, and what has to come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from bellwire.model.delivery import State
from bellwire.model.reason import Reason
from bellwire.simulator.actor import Actor
from bellwire.simulator.chat import Kind

Deed = Callable[[Actor], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Past:
    """Something that a person did before the message was sent."""

    told: str
    deed: Deed


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: a text, or a card with what the toast says."""

    text: str | None = None
    card: dict[str, Any] | None = None
    summary: str | None = None

    @property
    def shown(self) -> str:
        """What stands in the chat, to look for."""
        return self.text or str(self.summary)


class Agent(Enum):
    """What a person has to do with the Copilot Studio agent as which the flow posts."""

    INSTALLED = "has the agent"
    MISSING = "does not have the agent"
    CHATTING = "is talking to the agent at this moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One person's part. ``ends`` is the delivery's state, or none where the service must refuse to accept it.

    With an ``agent`` the message goes by the flow, else by the bot.
    """

    name: str
    role: str
    letter: Letter
    past: tuple[Past, ...] = ()
    in_group: bool = False
    agent: Agent | None = None
    ends: State | None = State.SENT
    reason: Reason | None = None
    opens_chat: bool = False
    point: str = field(default="")

    @property
    def sender(self) -> str:
        """As whom the message goes out."""
        return BOT if self.agent is None else FLOW

    @property
    def place(self) -> Kind:
        """Where the message belongs."""
        return Kind.TEAMS if self.agent is None else Kind.AGENT


BOT: Final = "alerts"
FLOW: Final = "studio"


CARD: Final[dict[str, Any]] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Order 4711 waits for you", "weight": "Bolder", "size": "Medium"},
        {
            "type": "FactSet",
            "facts": [{"title": "Amount", "value": "€ 1,280"}, {"title": "From", "value": "Purchasing"}],
        },
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Open the order", "url": "https://orders.contoso.example/4711"}],
}


async def _install(actor: Actor) -> None:
    await actor.install()


async def _uninstall(actor: Actor) -> None:
    await actor.uninstall()


async def _block(actor: Actor) -> None:
    actor.block()


async def _delete_chat(actor: Actor) -> None:
    actor.delete_chat()


def _say(text: str, on: str) -> Deed:
    async def said(actor: Actor) -> None:
        await actor.say(text, on)

    return said


INSTALLS: Final = Past("installs the app", _install)

CAST: Final[tuple[Part, ...]] = (
    Part(
        name="Adele Vance",
        role="installed the app, and never wrote a word",
        past=(INSTALLS,),
        letter=Letter(card=CARD, summary="Order 4711 waits for you"),
        point="An Adaptive Card; the toast shows its summary.",
    ),
    Part(
        name="Ben Okafor",
        role="wrote in Teams, and then in Copilot",
        past=(
            INSTALLS,
            Past("writes in the Teams chat", _say("Good morning", "teams")),
            Past("writes in Copilot inside Teams", _say("What is open today?", "copilot")),
            Past("writes in Microsoft 365 Copilot", _say("And tomorrow?", "m365")),
        ),
        letter=Letter(text="Ben, the night shift needs a second pair of eyes."),
        point="The last conversation was Copilot's. The message belongs into the Teams chat.",
    ),
    Part(
        name="Chen Li",
        role="is known from Copilot only",
        past=(Past("writes in Microsoft 365 Copilot", _say("Summarise my week", "m365")),),
        letter=Letter(text="Chen, your report is ready."),
        opens_chat=True,
        point="No Teams chat yet: Teams is asked to open it by object id.",
    ),
    Part(
        name="Dana Petrov",
        role="is in a group with the bot, and nothing else",
        in_group=True,
        letter=Letter(text="Dana, this is for you alone."),
        ends=None,
        reason=Reason.SEEN_ELSEWHERE_ONLY,
        point="A group is no place for a personal message.",
    ),
    Part(
        name="Elif Kaya",
        role="installed the app, and removed it",
        past=(INSTALLS, Past("uninstalls it", _uninstall)),
        letter=Letter(text="Elif, are you still there?"),
        ends=None,
        reason=Reason.UNINSTALLED,
        point="Refused at once, with the remedy.",
    ),
    Part(
        name="Farid Haddad",
        role="has never met the bot",
        letter=Letter(text="Farid, nice to meet you."),
        ends=None,
        reason=Reason.NEVER_SEEN,
        point="No context, no send.",
    ),
    Part(
        name="Grace Mbeki",
        role="deleted the chat",
        past=(INSTALLS, Past("deletes the chat; Teams tells nobody", _delete_chat)),
        letter=Letter(text="Grace, the door code has changed."),
        opens_chat=True,
        point="404: the chat is opened again, once, and the message arrives.",
    ),
    Part(
        name="Hugo Brandt",
        role="blocked the bot",
        past=(INSTALLS, Past("blocks the bot; Teams tells nobody", _block)),
        letter=Letter(text="Hugo, your badge expires tomorrow."),
        ends=State.UNDELIVERABLE,
        reason=Reason.BLOCKED,
        point="Teams answers 403. Bellwire names the fact, and whose move it is.",
    ),
    Part(
        name="Ines Duarte",
        role="is reached by a flow, as a Copilot Studio agent",
        agent=Agent.INSTALLED,
        letter=Letter(text="Ines, your holiday is approved."),
        point="The same call, queue and books; a Power Automate flow posts as the agent.",
    ),
    Part(
        name="Jonas Berg",
        role="does not have the agent",
        agent=Agent.MISSING,
        letter=Letter(text="Jonas, your holiday is approved."),
        ends=State.UNDELIVERABLE,
        reason=Reason.AGENT_NOT_INSTALLED,
        point="The flow answers 100. What it means, and what to do, stands beside it.",
    ),
    Part(
        name="Kira Novak",
        role="is in the middle of a chat with the agent",
        agent=Agent.CHATTING,
        letter=Letter(text="Kira, your holiday is approved."),
        ends=State.UNDELIVERABLE,
        reason=Reason.CHAT_ACTIVE,
        point="The flow answers 300, and this caller does not want to wait for the chat's end.",
    ),
)
