"""The step of a flow that posts as a Copilot Studio agent, as the Microsoft Teams connector does it.

The names of its parameters and their values are those of a run that somebody showed; Microsoft publishes none of them
(platform reference §9.1).
"""

from __future__ import annotations

import orjson

from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Json, Kind, Line
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.flow import Flow
from bellwire.simulator.ledger import Entry, Ledger
from bellwire.simulator.naming import MessageIds, agent_chat_id
from bellwire.simulator.person import Person
from bellwire.simulator.world import World

OPERATIONS = {"PostMessageToConversation": "text", "PostCardToConversation": "card"}
AS_AGENT = {"poster": "Power Virtual Agents", "location": "powerva"}
SUCCEED = "Succeed with status code"
CARD = "application/vnd.microsoft.card.adaptive"


class AgentStep:
    """Posts for all flows, into the chats that people have with their agents."""

    def __init__(self, world: World, ledger: Ledger, clock: SimulatedClock, ids: MessageIds) -> None:
        self._world = world
        self._ledger = ledger
        self._clock = clock
        self._ids = ids

    def connector(self, flow: Flow, summary: str | None, operation: str, given: Json) -> Json | None:
        """One call of the connector as a definition makes it; None if the step fails."""
        kind = OPERATIONS.get(operation)
        known = kind and AS_AGENT.items() <= given.items() and given.get("body/bot") == flow.agent_name
        content, person = given.get("body/messageBody"), given.get("body/recipient")
        if not known or not isinstance(content, str) or not isinstance(person, str):
            return None
        fails = given.get("body/installedError") != SUCCEED
        return self.post(flow, person.lower(), activity(str(kind), content, summary), fails_without_agent=fails)

    def post(self, flow: Flow, person: str, said: Json | None, *, fails_without_agent: bool) -> Json | None:
        """What the step says: 200, 100 without the agent, 300 amid a chat; None if it fails."""
        if said is None or (person not in flow.installed and fails_without_agent):
            return None
        if person not in flow.installed:
            return {"statusCode": 100}
        if person in flow.chatting and not flow.sends_amid_chat:
            return {"statusCode": 300}
        return {"statusCode": 200, "id": self._add(flow.agent, person, said)}

    def install(self, flow: Flow, person: Person, *, there: bool = True) -> None:
        """The person gets the agent, or loses it and every chat with it."""
        chosen = flow.installed.add if there else flow.installed.discard
        chosen(person.aad_object_id)
        if not there:
            flow.chatting.discard(person.aad_object_id)

    def talk(self, flow: Flow, person: Person, text: str) -> None:
        """The person says something to the agent, and is in the middle of a chat with it from now on."""
        line_id = self._ids.next(self._clock.now())
        said = {"type": "message", "text": text}
        chat = self._world.agent_chat(flow.agent, person)
        chat.add(Line(line_id, self._clock.now(), person.aad_object_id, from_bot=False, activity=said))
        flow.chatting.add(person.aad_object_id)

    def _add(self, agent: Bot, person: str, said: Json) -> str:
        now = self._clock.now()
        activity_id = self._ids.next(now)
        chat = self._chat(agent, person)
        if chat is not None:
            chat.add(Line(activity_id, now, agent.app_id, from_bot=True, activity=said))
        place = agent_chat_id(agent.app_id, person) if chat is None else chat.id
        number = len(self._ledger.entries)
        self._ledger.accept(Entry(number, now, agent.app_id, place, Kind.AGENT.value, person, activity_id, said))
        return activity_id

    def _chat(self, agent: Bot, person: str) -> Chat | None:
        """Nobody needs to be made known for a flow to find them; then no page shows their chat."""
        known = self._world.people.get(person)
        return None if known is None else self._world.agent_chat(agent, known)


def activity(kind: str, content: str, summary: str | None = None) -> Json | None:
    """What stands in the chat: a text, or a card that was handed over as JSON; None if that is no object."""
    if kind == "text":
        return {"type": "message", "text": content}
    try:
        card = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(card, dict):
        return None
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card}], "summary": summary}
