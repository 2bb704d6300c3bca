"""Hands each operation of the Bot Connector to the part that does it."""

from __future__ import annotations

from collections.abc import Callable

from bellwire.simulator.asked import Asked
from bellwire.simulator.person import Person
from bellwire.simulator.post import Done, Post
from bellwire.simulator.roster import Roster
from bellwire.simulator.world import World


class Desk:
    """Performs what is asked, and knows whom it is about."""

    def __init__(self, world: World, post: Post, roster: Roster) -> None:
        self._world = world
        self._operations: dict[str, Callable[[Asked], Done]] = {
            "create": post.create,
            "send": post.send,
            "reply": post.send,
            "update": post.update,
            "delete": post.delete,
            "members": roster.members,
            "paged": roster.paged,
            "member": roster.member,
        }

    def perform(self, asked: Asked) -> Done:
        """Status and document. Raises Refused."""
        return self._operations[asked.call.operation](asked)

    def person(self, asked: Asked) -> Person | None:
        """The person whose conversation it is or will be; None for shared and unknown ones."""
        chat = self._world.chats.get(asked.call.conversation_id or "")
        if chat is not None:
            return self._world.people.get(chat.person or "")
        named = asked.member_id
        if named is None:
            return None
        return self._world.by_user_id(asked.bot, named) or self._world.people.get(named.lower())
