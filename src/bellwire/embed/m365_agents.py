"""The Microsoft 365 Agents SDK for Python, on aiohttp and on FastAPI.

from bellwire.embed import m365_agents
bellwire = m365_agents.attach(ADAPTER)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from microsoft_agents.hosting.core import ChannelAdapter, TurnContext

from bellwire.config import Settings
from bellwire.embed.attached import Attached
from bellwire.embed.opening import Service, opening
from bellwire.embed.told import told

Logic = Callable[[TurnContext], Awaitable[Any]]

_CONTENT = {
    "text",
    "attachments",
    "value",
    "summary",
    "speak",
    "suggested_actions",
    "text_highlights",
    "code",
    "relates_to",
}
"""As ``told.CONTENT``: left out before it is written, since writing it takes longest."""


def attach(adapter: ChannelAdapter, at: Settings | Service | None = None) -> Attached:
    """Have every activity that the adapter takes in captured; returns what sends messages.

    ``at`` is where Bellwire runs: ``Settings`` for this process, a ``Service``, or as the environment says.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    attached = Attached(opening(at))
    adapter.use(Listener(attached))
    return attached


class Listener:
    """A middleware that hands on what the turn begins with, and touches nothing."""

    def __init__(self, attached: Attached) -> None:
        self._attached = attached

    async def on_turn(self, context: TurnContext, logic: Logic) -> None:
        """Called by the adapter in each turn."""
        self._attached.offer(lambda: told(getattr(context.identity, "claims", {}), raw(context.activity)))
        await logic(context)


def raw(activity: Any) -> dict[str, Any]:
    """The activity as Teams sent it, without its content.

    The SDK writes ``msteams:COPILOT`` into the channel id and its own spelling into the ``ProductInfo`` entity; its
    serializer writes the plain channel id and the entity again.
    """
    fields: dict[str, Any] = activity.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=_CONTENT)
    return fields
