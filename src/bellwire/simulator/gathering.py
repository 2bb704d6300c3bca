"""Group chats and teams: the bot in company."""

from __future__ import annotations

from bellwire.simulator import activities
from bellwire.simulator.activities import Stage
from bellwire.simulator.actor import Actor, Patch
from bellwire.simulator.chat import Chat, Json, Team
from bellwire.simulator.courier import Answer
from bellwire.simulator.teams import Teams


class Gathering:
    """A group chat, or a team through its General channel. What is reported there is never about a personal chat."""

    def __init__(self, teams: Teams, chat: Chat) -> None:
        self._teams = teams
        self.chat = chat

    @property
    def id(self) -> str:
        """The conversation's id; for a team, that of its General channel."""
        return self.chat.id

    @property
    def team(self) -> Team | None:
        return self._teams.world.teams.get(self.chat.team_id or "")

    def channel(self, name: str) -> Chat:
        """A channel of the team. Raises KeyError."""
        channels = self.team.channels if self.team is not None else {}
        for thread, called in channels.items():
            if called == name:
                return self._teams.world.chats[thread]
        raise KeyError(name)

    async def install(self, by: Actor, action: str = "add", *, patch: Patch = None) -> list[Answer]:
        """Somebody installs the bot here; the bot is told of the install and of its own arrival."""
        for chat in self._chats():
            chat.bots.add(by.bot.app_id)
        if self.team is not None:
            self.team.bots.add(by.bot.app_id)
        stage = by.stage(self.chat)
        arrival = activities.membership(by.stage(self.chat), added=[activities.bot_member(stage)])
        return [await by.send(activity, patch, None) for activity in (activities.installation(stage, action), arrival)]

    async def uninstall(self, by: Actor, action: str = "remove", *, patch: Patch = None) -> list[Answer]:
        """Somebody takes the bot out."""
        for chat in self._chats():
            chat.bots.discard(by.bot.app_id)
        if self.team is not None:
            self.team.bots.discard(by.bot.app_id)
        stage = by.stage(self.chat)
        leaving = activities.membership(by.stage(self.chat), removed=[activities.bot_member(stage)])
        return [await by.send(activity, patch, None) for activity in (activities.installation(stage, action), leaving)]

    async def add(self, newcomer: Actor, by: Actor, *, patch: Patch = None) -> Answer:
        """Somebody brings somebody in."""
        for members in self._rosters():
            members.append(newcomer.aad_object_id)
        return await by.send(activities.membership(self._stage(by), added=[_member(newcomer)]), patch, None)

    async def remove(self, leaver: Actor, by: Actor, *, patch: Patch = None) -> Answer:
        """Somebody is taken out."""
        for members in self._rosters():
            members.remove(leaver.aad_object_id)
        return await by.send(activities.membership(self._stage(by), removed=[_member(leaver)]), patch, None)

    def _stage(self, by: Actor) -> Stage:
        return by.stage(self.chat)

    def _chats(self) -> list[Chat]:
        channels = self.team.channels if self.team is not None else (self.chat.id,)
        return [self._teams.world.chats[thread] for thread in channels]

    def _rosters(self) -> list[list[str]]:
        """Every list of members once: a team shares one among its channels."""
        rosters = [chat.members for chat in self._chats()] + ([self.team.members] if self.team is not None else [])
        return list({id(roster): roster for roster in rosters}.values())


def _member(actor: Actor) -> Json:
    return {"id": actor.user_id, "aadObjectId": actor.aad_object_id}
