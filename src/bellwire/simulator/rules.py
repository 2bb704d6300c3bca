"""Who may write where: Teams' own rules for opening a conversation and for writing into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bellwire.simulator import refusal as no
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Kind
from bellwire.simulator.naming import GUID
from bellwire.simulator.person import Person
from bellwire.simulator.refusal import Envelope, Refused
from bellwire.simulator.world import World


@dataclass(slots=True)
class Manners:
    """How Teams says what it refuses: its answers differ between versions, so all of them can be chosen.

    ``uninstalled`` and ``blocked`` are the codes for those two states, ``envelope`` the form of refused sends.
    """

    uninstalled: str = no.BOT_NOT_IN_ROSTER.code
    blocked: str = no.BLOCKED_BY_USER.code
    envelope: Envelope = Envelope.MODERN
    by_person: dict[str, Manners] = field(default_factory=dict)

    def towards(self, person: Person) -> Manners:
        """The manners for this person's chat; one person's may differ."""
        return self.by_person.get(person.aad_object_id, self)


class Rules:
    """Asked before anything is written; each refusal is one of platform reference §5."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.manners = Manners()

    def chat_to_write(self, bot: Bot, conversation_id: str) -> Chat:
        """The conversation, if this bot may write into it now. Raises Refused."""
        chat = self.chat_to_read(bot, conversation_id)
        if chat.kind is Kind.M365:
            # Microsoft 365 Copilot takes no proactive messages (platform reference §2.4).
            raise Refused(no.NOT_INSTALLED.but(message="Proactive messages are not supported in this product."))
        if chat.kind is Kind.TEAMS:
            self._check_personal(bot, self._world.people[chat.members[0]])
        return chat

    def chat_to_read(self, bot: Bot, conversation_id: str) -> Chat:
        """The conversation, if this bot is in it. Raises Refused."""
        chat = self._world.chats.get(conversation_id)
        if chat is None or chat.deleted:
            raise Refused(no.CONVERSATION_NOT_FOUND)
        if not chat.kind.is_shared and chat.app_id != bot.app_id:
            raise Refused(no.CONVERSATION_NOT_FOUND)
        if chat.kind.is_shared and bot.app_id not in chat.bots:
            raise Refused(no.BOT_NOT_IN_ROSTER)
        if not chat.kind.is_shared and self._world.people[chat.members[0]].deleted:
            raise Refused(no.CONVERSATION_NOT_FOUND)
        return chat

    def _check_personal(self, bot: Bot, person: Person) -> None:
        presence, manners = self._world.presence(bot, person), self.manners.towards(person)
        if self._world.forbids(bot, person):
            raise Refused(no.BOT_DISABLED_BY_ADMIN.but(envelope=manners.envelope))
        if presence.blocked:
            raise Refused(no.BY_CODE[manners.blocked].but(envelope=manners.envelope))
        if not (presence.writable or self._through_team(bot, person)):
            raise Refused(no.BY_CODE[manners.uninstalled].but(envelope=manners.envelope))

    def _through_team(self, bot: Bot, person: Person) -> bool:
        return not self._world.presence(bot, person).removed and self._world.in_a_team_with(bot, person)

    def person_to_open(self, bot: Bot, member_id: str, tenant_id: str) -> Person:
        """Whom a create means by this member id, if this bot may open the conversation. Raises Refused."""
        if GUID.fullmatch(member_id):
            person = self._world.people.get(member_id.lower())
            allowed = person is not None and self._world.presence(bot, person).writable
        elif member_id.startswith("29:"):
            person = self._world.by_user_id(bot, member_id)
            if person is None:
                raise Refused(no.BAD_SYNTAX.but(message="Unknown user id for this bot."))
            allowed = self._world.presence(bot, person).writable or self._through_team(bot, person)
        else:
            raise Refused(no.BAD_SYNTAX.but(message="Bad format of member id: use aadObjectId or a 29: id."))
        if person is None or person.deleted or person.tenant_id != tenant_id or not allowed:
            raise Refused(no.NOT_INSTALLED)
        if self._world.forbids(bot, person):
            raise Refused(no.BOT_DISABLED_BY_ADMIN)
        return person


def tenant_of(parameters: Mapping[str, Any], tenant_in_path: str | None) -> str:
    """The tenant that a create names, in lower case. Raises Refused where there is none, or several."""
    data = parameters.get("channelData", {}).get("tenant")
    if data is not None and not isinstance(data, dict):
        raise Refused(no.BAD_SYNTAX.but(message="Could not parse tenant id"))
    given = [parameters.get("tenantId"), data.get("id") if data else None]
    named = [tenant for tenant in given if tenant]
    if not named:
        raise Refused(no.BAD_SYNTAX.but(message="Could not parse tenant id"))
    if not all(isinstance(tenant, str) and GUID.fullmatch(tenant) for tenant in named):
        raise Refused(no.BAD_SYNTAX.but(message="Malformed tenant id"))
    tenants = {tenant.lower() for tenant in [*named, *([tenant_in_path] if tenant_in_path else [])]}
    if len(tenants) > 1:
        raise Refused(no.BAD_SYNTAX.but(message="The tenant ids of the request differ."))
    return str(tenants.pop())


def only_member(parameters: Mapping[str, Any], bot: Bot) -> str:
    """The id of the one other member of a new chat. Raises Refused for groups and for another bot's name."""
    if parameters.get("isGroup"):
        raise Refused(no.BAD_ARGUMENT.but(message="Bots cannot create group chats."))
    members = parameters.get("members")
    if not members:
        raise Refused(no.BAD_SYNTAX.but(message="Incorrect conversation creation parameters: members are missing."))
    if len(members) != 1 or not members[0].get("id"):
        raise Refused(no.BAD_SYNTAX.but(message="Incorrect conversation creation parameters: give one member's id."))
    named = parameters.get("bot", {}).get("id")
    if named is not None and named not in (bot.account_id, bot.app_id):
        raise Refused(no.BAD_ARGUMENT.but(message="The bot of the request is not the bot of the token."))
    return str(members[0]["id"])


def asks_for_copilot(parameters: Mapping[str, Any]) -> bool:
    """Whether a create carries a product context (platform reference §2.4): it then opens a Copilot conversation."""
    context = parameters.get("channelData", {}).get("productContext")
    return isinstance(context, str) and context.lower() == "copilot"
