"""Who exists, which bots they use, and the conversations between them. State only: nothing here speaks HTTP."""

from __future__ import annotations

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Kind, Team
from bellwire.simulator.person import Person, Presence
from bellwire.simulator.policies import TenantPolicy


class World:
    """All state of one simulated Teams but its ledger."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.bots = {bot.app_id: bot}
        self.people: dict[str, Person] = {}
        self.chats: dict[str, Chat] = {}
        self.teams: dict[str, Team] = {}
        self.chat_id_length = naming.PERSONAL_CHAT_LENGTH
        self.policies: dict[str, TenantPolicy] = {}
        self._presences: dict[tuple[str, str], Presence] = {}
        self._by_user_id: dict[str, tuple[str, Person]] = {}

    def clear(self) -> None:
        """Everybody goes; the bots stay."""
        for part in (self.people, self.chats, self.teams, self.policies, self._presences, self._by_user_id):
            part.clear()

    def add_person(self, person: Person) -> None:
        self.people[person.aad_object_id] = person

    def presence(self, bot: Bot, person: Person) -> Presence:
        """What this person has to do with this bot; a 29: id is made at the first question."""
        key = (bot.app_id, person.aad_object_id)
        found = self._presences.get(key)
        if found is None:
            found = self._presences[key] = Presence(user_id=naming.user_id())
            self._by_user_id[found.user_id] = (bot.app_id, person)
        return found

    def policy(self, tenant_id: str) -> TenantPolicy:
        """What the administrators of a tenant decide; nothing is forbidden until they do."""
        return self.policies.setdefault(tenant_id, TenantPolicy())

    def forbids(self, bot: Bot, person: Person) -> bool:
        """Whether an administrator keeps this bot from this person, by a policy or for them alone."""
        return self.presence(bot, person).disabled or not self.policy(person.tenant_id).allows(bot.app_id, person)

    def by_user_id(self, bot: Bot, user_id: str) -> Person | None:
        """The person behind a 29: id, if the id was made for this bot: ids are not shared between bots."""
        app_id, person = self._by_user_id.get(user_id, ("", None))
        return person if app_id == bot.app_id else None

    def personal_chat(self, bot: Bot, person: Person) -> Chat:
        """The one Teams chat of this person with this bot, made when it is needed (platform reference §2.5)."""
        presence = self.presence(bot, person)
        if presence.chat_id is not None:
            return self.chats[presence.chat_id]
        chat = self._open(naming.personal_chat_id(self.chat_id_length), Kind.TEAMS, bot, person)
        presence.chat_id = chat.id
        return chat

    def copilot_chat(self, bot: Bot, person: Person, host: Kind) -> Chat:
        """The conversation of this person with this bot in one of Copilot's two hosts."""
        presence = self.presence(bot, person)
        known = presence.copilot_ids.get(host)
        if known is not None:
            return self.chats[known]
        chat = self._open(naming.thread_id(), host, bot, person)
        presence.copilot_ids[host] = chat.id
        return chat

    def agent_chat(self, agent: Bot, person: Person) -> Chat:
        """This person's Teams chat with a Copilot Studio agent, made when it is needed."""
        chat_id = naming.agent_chat_id(agent.app_id, person.aad_object_id)
        return self.chats.get(chat_id) or self._open(chat_id, Kind.AGENT, agent, person)

    def agent_chats(self, person: Person) -> list[Chat]:
        """The chats of this person with agents."""
        ids = (naming.agent_chat_id(app_id, person.aad_object_id) for app_id in self.bots)
        return [self.chats[chat_id] for chat_id in ids if chat_id in self.chats]

    def forget_personal_chat(self, bot: Bot, person: Person) -> None:
        """The person deletes the chat: its id is dead, and the next chat has another one."""
        presence = self.presence(bot, person)
        if presence.chat_id is not None:
            self.chats[presence.chat_id].deleted = True
        presence.chat_id = None

    def add_group(self, members: list[Person], name: str | None) -> Chat:
        """A group chat; the bot is not in it until it is installed there."""
        ids = [person.aad_object_id for person in members]
        chat = Chat(naming.thread_id(), Kind.GROUP, None, members[0].tenant_id, ids, name)
        self.chats[chat.id] = chat
        return chat

    def add_team(self, members: list[Person], name: str, channels: list[str]) -> Team:
        """A team with its General channel and others; the bot is not in it until it is installed there."""
        ids = [person.aad_object_id for person in members]
        tenant_id = members[0].tenant_id
        threads = {naming.thread_id("thread.tacv2"): channel for channel in ["General", *channels]}
        team = Team(next(iter(threads)), naming.guid(), tenant_id, name, ids, threads)
        self.teams[team.id] = team
        for thread, channel in threads.items():
            self.chats[thread] = Chat(thread, Kind.CHANNEL, None, tenant_id, ids, channel, team_id=team.id)
        return team

    def in_a_team_with(self, bot: Bot, person: Person) -> bool:
        """Whether the bot is installed in some team that has this person on its roster."""
        return any(bot.app_id in team.bots and person.aad_object_id in team.members for team in self.teams.values())

    def shared_with(self, person: Person) -> list[Chat]:
        """The group chats and channels that this person is in."""
        chats = self.chats.values()
        return [chat for chat in chats if chat.kind.is_shared and person.aad_object_id in chat.members]

    def _open(self, chat_id: str, kind: Kind, bot: Bot, person: Person) -> Chat:
        chat = Chat(chat_id, kind, bot.app_id, person.tenant_id, [person.aad_object_id])
        self.chats[chat.id] = chat
        return chat
