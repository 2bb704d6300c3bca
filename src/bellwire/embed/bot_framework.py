"""The Bot Framework SDK for Python (``botbuilder``), with ``CloudAdapter`` as with ``BotFrameworkAdapter``.

    from bellwire.embed import bot_framework
    bellwire = bot_framework.attach(ADAPTER)

Code that was written for ``ADAPTER.continue_conversation(reference, callback, app_id)`` calls
``bellwire.continue_conversation(aad_object_id, callback, tenant_id=...)`` instead, and keeps no references.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from botbuilder.core import BotAdapter, TurnContext
from botbuilder.schema import ChannelAccount, ConversationAccount, ConversationReference
from msrest.serialization import Model

from bellwire.config import Settings
from bellwire.embed.attached import Attached
from bellwire.embed.home import TeamsChat
from bellwire.embed.opening import Opening, Service, opening
from bellwire.embed.told import told
from bellwire.model.surface import TEAMS

Logic = Callable[[TurnContext], Awaitable[Any]]


def attach(adapter: BotAdapter, at: Settings | Service | None = None) -> AttachedBot:
    """Have every activity that the adapter takes in captured; returns what sends messages.

    ``at`` is where Bellwire runs: ``Settings`` for this process, a ``Service``, or as the environment says.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    attached = AttachedBot(adapter, opening(at))
    adapter.use(Listener(attached))
    return attached


class AttachedBot(Attached):
    """Also runs a bot's own code in a turn on a person's Teams chat."""

    def __init__(self, adapter: BotAdapter, opening: Opening) -> None:
        self._adapter = adapter
        super().__init__(opening)

    async def continue_conversation(
        self, aad_object_id: str, callback: Logic, *, tenant_id: str, sender: str | None = None
    ) -> None:
        """Run ``callback`` in a turn on the person's Teams chat, and on no other conversation of theirs.

        What the callback sends goes out by the SDK: neither paced nor repeated nor in Bellwire's books; ``send`` is
        all of that.

        Raises:
            NotFound: the person was never seen, or not in a Teams chat.
            Unreachable: the chat cannot be written to at present, and why.
            Unavailable: Bellwire does not answer.
        """
        chat = await self.chat(aad_object_id, tenant_id=tenant_id, sender=sender)
        await self._adapter.continue_conversation(reference_of(chat), callback, chat.app_id)


class Listener:
    """A middleware that hands on what the turn begins with, and touches nothing."""

    def __init__(self, attached: Attached) -> None:
        self._attached = attached

    async def on_turn(self, context: TurnContext, logic: Callable[[], Awaitable[Any]]) -> Any:
        """Called by the adapter in each turn."""
        identity = context.turn_state.get(BotAdapter.BOT_IDENTITY_KEY)
        self._attached.offer(lambda: told(getattr(identity, "claims", {}), raw(context.activity)))
        return await logic()


def reference_of(chat: TeamsChat) -> ConversationReference:
    """The SDK's own form of the reference."""
    return ConversationReference(
        channel_id=TEAMS,
        service_url=chat.service_url,
        bot=ChannelAccount(id=chat.bot_id, role="bot"),
        user=ChannelAccount(id=chat.user_id, aad_object_id=chat.aad_object_id, role="user"),
        conversation=ConversationAccount(id=chat.conversation_id, conversation_type="personal", is_group=False),
    )


def raw(model: Model) -> dict[str, Any]:
    """The activity as Teams sent it. The SDK's own serializer loses the tenant and all but the type of an entity."""
    fields: dict[str, Any] = dict(model.additional_properties or {})
    for name, wire in model._attribute_map.items():
        value = getattr(model, name, None)
        if value is not None and name != "additional_properties":
            fields[wire["key"]] = _plain(value)
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return raw(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value
