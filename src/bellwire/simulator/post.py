"""What an accepted request does: opens a chat, adds, changes or removes a message."""

from __future__ import annotations

from typing import Any

from bellwire.simulator import refusal as no
from bellwire.simulator.asked import Asked
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Json, Kind, Line
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.ledger import Entry, Ledger, Opening
from bellwire.simulator.naming import MessageIds
from bellwire.simulator.refusal import Refused
from bellwire.simulator.rules import Rules, asks_for_copilot, only_member, tenant_of
from bellwire.simulator.shapes import check_activity, check_parameters
from bellwire.simulator.size import LIMIT, too_big
from bellwire.simulator.world import World

Done = tuple[int, Json | list[Json] | None]


class Post:
    """The operations of the Bot Connector that write. Each checks first and writes last, without awaiting between."""

    def __init__(self, world: World, rules: Rules, ledger: Ledger, clock: SimulatedClock, ids: MessageIds) -> None:
        self._world = world
        self._rules = rules
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self.size_limit = LIMIT

    def create(self, asked: Asked) -> Done:
        """POST /v3/conversations: the one chat of a person with the bot, with a first message if one is given."""
        bot, parameters = asked.bot, asked.payload
        check_parameters(parameters)
        member_id = only_member(parameters, bot)
        person = self._rules.person_to_open(bot, member_id, tenant_of(parameters, asked.call.tenant))
        first = parameters.get("activity")
        if first is not None:
            self._check(first, asked.received)
        copilot = asks_for_copilot(parameters)
        chat = (
            self._world.copilot_chat(bot, person, Kind.COPILOT) if copilot else self._world.personal_chat(bot, person)
        )
        self._ledger.open(
            Opening(self._clock.now(), bot.app_id, chat.id, person.aad_object_id, member_id, copilot),
        )
        if first is None:
            return 201, {"id": chat.id}
        return 201, {"id": chat.id, "activityId": self._add(self._rules.chat_to_write(bot, chat.id), bot, first)}

    def send(self, asked: Asked) -> Done:
        """POST .../activities, and the same with the id of the activity that it answers."""
        bot, activity = asked.bot, asked.payload
        chat = self._rules.chat_to_write(bot, str(asked.call.conversation_id))
        self._check(activity, asked.received)
        if activity["type"] != "message":
            return 202, {}
        if asked.is_split:
            # Teams returns the id of neither.
            self._add(chat, bot, {key: value for key, value in activity.items() if key != "attachments"})
            self._add(chat, bot, {key: value for key, value in activity.items() if key != "text"})
            return 201, {}
        return 201, {"id": self._add(chat, bot, activity)}

    def update(self, asked: Asked) -> Done:
        """PUT .../activities/{id}: the whole activity is replaced."""
        chat, line = self._own_line(asked)
        activity = asked.payload
        self._check(activity, asked.received)
        entry = self._ledger.find(chat.id, line.id)
        line.activity, line.updated_at = activity, self._clock.now()
        if entry is not None:
            self._ledger.update(entry, activity)
        return 200, {"id": line.id}

    def delete(self, asked: Asked) -> Done:
        """DELETE .../activities/{id}."""
        chat, line = self._own_line(asked)
        line.deleted_at = self._clock.now()
        entry = self._ledger.find(chat.id, line.id)
        if entry is not None:
            self._ledger.delete(entry, line.deleted_at)
        return 200, None

    def _own_line(self, asked: Asked) -> tuple[Chat, Line]:
        chat = self._rules.chat_to_write(asked.bot, str(asked.call.conversation_id))
        line = chat.lines.get(str(asked.call.target))
        if line is None or line.deleted_at is not None:
            raise Refused(no.ACTIVITY_NOT_FOUND)
        if not line.from_bot or line.author != asked.bot.app_id:
            raise Refused(no.NOT_ENOUGH_PERMISSIONS.but(message="A bot may change its own messages only."))
        if chat.kind.is_copilot:
            raise Refused(no.BAD_ARGUMENT.but(message="Messages cannot be changed in this product."))
        return chat, line

    def _check(self, activity: Any, received: int) -> None:
        check_activity(activity)
        if too_big(activity, received, self.size_limit):
            raise Refused(no.MESSAGE_SIZE_TOO_BIG)

    def _add(self, chat: Chat, bot: Bot, activity: Json) -> str:
        now = self._clock.now()
        activity_id = self._ids.next(now)
        chat.add(Line(activity_id, now, bot.app_id, True, activity))
        number = len(self._ledger.entries)
        self._ledger.accept(
            Entry(number, now, bot.app_id, chat.id, chat.kind.value, chat.person, activity_id, activity)
        )
        return activity_id
