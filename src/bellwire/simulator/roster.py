"""Who is in a conversation, as the Bot Connector tells it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bellwire.simulator import refusal as no
from bellwire.simulator.asked import Asked
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Json
from bellwire.simulator.person import Person
from bellwire.simulator.post import Done
from bellwire.simulator.refusal import Refused
from bellwire.simulator.rules import Rules
from bellwire.simulator.world import World

PAGE = 200
LARGEST_PAGE = 500


class Roster:
    """The operations of the Bot Connector that read."""

    def __init__(self, world: World, rules: Rules) -> None:
        self._world = world
        self._rules = rules

    def members(self, asked: Asked) -> Done:
        """GET .../members: all at once."""
        return 200, [self._account(asked.bot, person) for person in self._people(self._chat(asked))]

    def paged(self, asked: Asked) -> Done:
        """GET .../pagedMembers: a page, and a token for the next one while there is a next one."""
        people = self._people(self._chat(asked))
        size, start = _size(asked.query.get("pageSize")), _start(asked.query.get("continuationToken"))
        page: Json = {"members": [self._account(asked.bot, person) for person in people[start : start + size]]}
        if start + size < len(people):
            page["continuationToken"] = _token(start + size)
        return 200, page

    def member(self, asked: Asked) -> Done:
        """GET .../members/{id}: by 29: id or Entra object id."""
        target = str(asked.call.target)
        person = self._world.by_user_id(asked.bot, target) or self._world.people.get(target.lower())
        if person is None or person.aad_object_id not in self._chat(asked).members:
            raise Refused(no.MEMBER_NOT_FOUND)
        return 200, self._account(asked.bot, person)

    def _chat(self, asked: Asked) -> Chat:
        return self._rules.chat_to_read(asked.bot, str(asked.call.conversation_id))

    def _people(self, chat: Chat) -> list[Person]:
        return [self._world.people[member] for member in chat.members if not self._world.people[member].deleted]

    def _account(self, bot: Bot, person: Person) -> dict[str, Any]:
        return {
            "id": self._world.presence(bot, person).user_id,
            "name": person.name,
            "aadObjectId": person.aad_object_id,
            "objectId": person.aad_object_id,
            "givenName": person.given_name,
            "surname": person.surname,
            "email": person.email,
            "userPrincipalName": person.upn,
            "tenantId": person.tenant_id,
            "userRole": "guest" if person.guest else "user",
        }


def _size(given: str | None) -> int:
    if given is None:
        return PAGE
    if len(given) > 10 or not (given.isascii() and given.isdecimal()) or not 0 < int(given) < 2**31:
        raise Refused(no.BAD_ARGUMENT.but(message="pageSize is no positive int32."))
    return min(int(given), LARGEST_PAGE)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode()


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, number = base64.b64decode(token, altchars=b"-_", validate=True).decode().split(" ")
        if word == "from":
            return max(0, int(number))
    except (binascii.Error, ValueError):
        pass
    raise Refused(no.BAD_ARGUMENT.but(message="continuationToken is not one of ours."))
