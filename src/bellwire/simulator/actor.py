"""What a person does to a bot: each deed changes the simulated Teams and sends the bot what Teams would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellwire.simulator import activities, naming
from bellwire.simulator.activities import Stage
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Json, Kind, Line
from bellwire.simulator.courier import Answer
from bellwire.simulator.person import Person, Presence
from bellwire.simulator.signing import Flaw
from bellwire.simulator.teams import Teams

Patch = Mapping[str, Any] | None


class Actor:
    """One person, acting towards one bot.

    Every deed that Teams reports takes ``patch``, a JSON merge patch for what is sent (hostile casing, missing keys),
    and ``flaw``, one thing wrong with its token; it returns what the bot answered.
    """

    def __init__(self, teams: Teams, person: Person, bot: Bot) -> None:
        self._teams = teams
        self.person = person
        self.bot = bot

    @property
    def aad_object_id(self) -> str:
        return self.person.aad_object_id

    @property
    def tenant_id(self) -> str:
        return self.person.tenant_id

    @property
    def presence(self) -> Presence:
        """Installed, blocked and so on; change it to set the scene without telling the bot."""
        return self._teams.world.presence(self.bot, self.person)

    @property
    def user_id(self) -> str:
        """The 29: id that this bot knows the person by."""
        return self.presence.user_id

    @property
    def service_url(self) -> str:
        return self._teams.regions.service_url(self.person)

    def chat(self, on: str = "teams") -> Chat:
        """The conversation on one of ``teams``, ``copilot``, ``m365`` and ``agent``, or the one with this id."""
        world = self._teams.world
        if on in world.chats:
            return world.chats[on]
        match Kind(on):
            case Kind.TEAMS:
                return world.personal_chat(self.bot, self.person)
            case Kind.AGENT:
                return world.agent_chat(self.bot, self.person)
            case kind:
                return world.copilot_chat(self.bot, self.person, kind)

    def received(self, on: str = "teams") -> list[Line]:
        """What the bot wrote to this person there and did not delete."""
        return [line for line in self.chat(on).lines.values() if line.from_bot and line.deleted_at is None]

    async def install(self, action: str = "add", *, patch: Patch = None, flaw: Flaw | None = None) -> list[Answer]:
        """Installs (or upgrades) the app for this person; the first time Teams also reports the new members."""
        presence = self.presence
        presence.installed, presence.removed = True, False
        stage = self.stage(self.chat())
        sent = [activities.installation(stage, action)]
        if not presence.greeted:
            presence.greeted = True
            both = [activities.bot_member(stage), activities.user_member(stage)]
            sent.append(activities.membership(self.stage(self.chat()), added=both))
        return [await self.send(activity, patch, flaw) for activity in sent]

    async def uninstall(self, action: str = "remove", *, patch: Patch = None, flaw: Flaw | None = None) -> Answer:
        """Uninstalls the app; the chat stays, and writing into it is refused."""
        self.drop_app()
        return await self.send(activities.installation(self.stage(self.chat()), action), patch, flaw)

    def drop_app(self) -> None:
        """Uninstalled, without a word to the bot."""
        self.presence.installed, self.presence.acquired, self.presence.removed = False, False, True

    async def say(self, text: str, on: str = "teams", *, patch: Patch = None, flaw: Flaw | None = None) -> Answer:
        """Writes to the bot on a surface, or in the conversation with this id."""
        chat = self.chat(on)
        self._use(chat)
        message_id = self._teams.ids.next(self._teams.clock.now())
        stage = self.stage(chat, message_id)
        activity = activities.message(stage, text)
        chat.add(Line(message_id, stage.now, self.aad_object_id, False, activity))
        return await self.send(activity, patch, flaw)

    async def typing(self, on: str = "teams", *, patch: Patch = None, flaw: Flaw | None = None) -> Answer:
        """Begins to type."""
        return await self.send(activities.typing(self.stage(self.chat(on))), patch, flaw)

    async def edit(self, message_id: str, text: str, on: str = "teams", *, patch: Patch = None) -> Answer:
        """Changes what this person wrote."""
        chat = self.chat(on)
        line = chat.lines[message_id]
        activity = activities.edited(self.stage(chat), message_id, text)
        line.activity, line.updated_at = activity, self._teams.clock.now()
        return await self.send(activity, patch, None)

    async def retract(self, message_id: str, on: str = "teams", *, patch: Patch = None) -> Answer:
        """Deletes what this person wrote."""
        chat = self.chat(on)
        chat.lines[message_id].deleted_at = self._teams.clock.now()
        return await self.send(activities.retracted(self.stage(chat), message_id), patch, None)

    async def react(
        self, message_id: str, kind: str = "like", on: str = "teams", *, remove: bool = False, patch: Patch = None
    ) -> Answer:
        """Puts a reaction on one of the bot's messages, or takes it away."""
        chat = self.chat(on)
        reactions = chat.lines[message_id].reactions
        (reactions.remove if remove else reactions.append)(kind)
        added, removed = ([], [kind]) if remove else ([kind], [])
        activity = activities.reaction(self.stage(chat), message_id, added=added, removed=removed)
        return await self.send(activity, patch, None)

    async def press(
        self, message_id: str, action: Mapping[str, Any], on: str = "teams", *, patch: Patch = None
    ) -> Answer:
        """Presses a button of a card: ``action`` is the card's Action.Execute."""
        stage = self.stage(self.chat(on))
        value = {"action": dict(action), "trigger": "manual"}
        return await self.send(activities.invoke(stage, "adaptiveCard/action", value, message_id), patch, None)

    async def give_feedback(
        self, message_id: str, reaction: str = "like", text: str = "", on: str = "teams", *, patch: Patch = None
    ) -> Answer:
        """Answers the feedback buttons under one of the bot's messages."""
        stage = self.stage(self.chat(on))
        value = {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": text}}
        return await self.send(activities.invoke(stage, "message/submitAction", value, message_id), patch, None)

    async def read(self, message_id: str, *, patch: Patch = None) -> Answer:
        """Reads the Teams chat up to this message."""
        return await self.send(activities.read_receipt(self.stage(self.chat()), message_id), patch, None)

    async def leave_organisation(self, *, patch: Patch = None) -> Answer:
        """The account is deleted: the person is taken out of the chat, and nothing reaches them any longer."""
        stage = self.stage(self.chat())
        self.person.deleted = True
        gone = [activities.user_member(stage)]
        return await self.send(activities.membership(stage, removed=gone), patch, None)

    def _use(self, chat: Chat) -> None:
        """Who writes has the app: through Copilot without an install, in Teams with one; and blocks it no longer."""
        if chat.kind is Kind.TEAMS:
            self.presence.installed, self.presence.removed, self.presence.blocked = True, False, False
        elif chat.kind.is_copilot and not self.presence.removed:
            self.presence.acquired = True

    def block(self) -> None:
        """Blocks the bot. Teams tells nobody (platform reference §1.2)."""
        self.presence.blocked = True
        self._changed()

    def unblock(self) -> None:
        self.presence.blocked = False
        self._changed()

    def disable(self, disabled: bool = True) -> None:
        """An administrator forbids (or allows) the app for this person. Teams tells nobody."""
        self.presence.disabled = disabled
        self._changed()

    def delete_chat(self) -> None:
        """Deletes the Teams chat with the bot: its id is dead, a create makes a new one."""
        self._teams.world.forget_personal_chat(self.bot, self.person)
        self._changed()

    def move(self, region: str) -> None:
        """This person's service URL changes; the bot learns it with their next activity."""
        self.person.region = region
        self._changed()

    def get_agent(self, there: bool = True) -> None:
        """Has the Copilot Studio agents of all flows from now on, or loses them. No bot is told."""
        for flow in self._teams.flows.all:
            self._teams.flows.step.install(flow, self.person, there=there)
        self._changed()

    def talk_to_agent(self, text: str) -> None:
        """Says something to each agent, and is in the middle of a chat with it until ``leave_agent``."""
        for flow in self._teams.flows.all:
            self._teams.flows.step.talk(flow, self.person, text)
        self._changed()

    def leave_agent(self) -> None:
        """The chats with agents are over."""
        for flow in self._teams.flows.all:
            flow.chatting.discard(self.aad_object_id)
        self._changed()

    @property
    def agent(self) -> str | None:
        """``missing``, ``installed`` or ``chatting``; None where no flow has an agent."""
        flows = self._teams.flows.all
        if any(self.aad_object_id in flow.chatting for flow in flows):
            return "chatting"
        if any(self.aad_object_id in flow.installed for flow in flows):
            return "installed"
        return "missing" if flows else None

    def _changed(self) -> None:
        state = {"person": self.aad_object_id, "state": self.presence.state}
        self._teams.events.happened("person", lambda: state)

    def stage(self, chat: Chat, activity_id: str | None = None) -> Stage:
        """Everything that an activity of this person in this conversation needs to know."""
        return Stage(
            bot=self.bot,
            person=self.person,
            user_id=self.user_id,
            chat=chat,
            service_url=self.service_url,
            now=self._teams.clock.now(),
            id=activity_id or naming.event_id(),
            team=self._teams.world.teams.get(chat.team_id or ""),
        )

    async def send(self, activity: Json, patch: Patch, flaw: Flaw | None) -> Answer:
        """Carries an activity to the bot, after a change that the page may want to show."""
        self._changed()
        if patch:
            activity = activities.patched(activity, patch)
        return await self._teams.courier.deliver(self.bot, activity, flaw)
