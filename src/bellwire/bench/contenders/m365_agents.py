"""Microsoft 365 Agents SDK for Python: ``CloudAdapter.continue_conversation``."""

from __future__ import annotations

import argparse

import laps
from microsoft_agents.activity import ChannelAccount, ConversationAccount, ConversationReference
from microsoft_agents.hosting.aiohttp import CloudAdapter
from microsoft_agents.hosting.core import TurnContext


class ConstantConnections:
    """The connections and the token provider in one: neither ever asks Entra."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token_provider(self, *_: object) -> ConstantConnections:
        """The one provider."""
        return self

    get_connection = get_default_connection = get_token_provider_from_activity = get_token_provider

    async def get_access_token(self, *_: object, **__: object) -> str:
        """The one token."""
        return self.token


def reference(number: int, url: str) -> ConversationReference:
    """One person's stored reference."""
    return ConversationReference(
        channel_id="msteams",
        service_url=url,
        agent=ChannelAccount(id=f"28:{laps.APP_ID}"),
        user=ChannelAccount(id=f"29:{number}"),
        conversation=ConversationAccount(id=laps.conversation_id(number), tenant_id=laps.TENANT),
    )


async def main(given: argparse.Namespace) -> None:
    """Continue every conversation with one message."""
    adapter = CloudAdapter(connection_manager=ConstantConnections(laps.constant_token(given.url)))
    adapter.on_turn_error = None
    references = [reference(number, given.url) for number in range(given.people)]

    async def say(turn: TurnContext) -> None:
        await turn.send_activity(laps.TEXT)

    async def send(number: int) -> None:
        activity = references[number].get_continuation_activity()
        await adapter.continue_conversation(laps.APP_ID, activity, say)

    await laps.run(send, given)


if __name__ == "__main__":
    laps.start(main)
