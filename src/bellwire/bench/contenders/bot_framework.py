"""Bot Framework SDK for Python: ``CloudAdapter.continue_conversation``."""

from __future__ import annotations

import argparse

import laps
from botbuilder.core import TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import ChannelAccount, ConversationAccount, ConversationReference
from botframework.connector.auth import MicrosoftAppCredentials, PasswordServiceClientCredentialFactory


class ConstantCredentials(MicrosoftAppCredentials):
    """Credentials that never ask Entra."""

    token = ""

    def get_access_token(self, force_refresh: bool = False) -> str:  # noqa: ARG002 - the signature is the SDK's
        """The one token."""
        return self.token


class ConstantFactory(PasswordServiceClientCredentialFactory):
    """Hands out the same credentials every time: cheaper than the SDK's own, which are made anew per message."""

    def __init__(self, token: str) -> None:
        super().__init__(laps.APP_ID, "unused", laps.TENANT)
        self.credentials = ConstantCredentials(laps.APP_ID, "unused", laps.TENANT)
        self.credentials.token = token

    async def create_credentials(self, *_: object, **__: object) -> ConstantCredentials:
        """The one pair of credentials."""
        return self.credentials


def reference(number: int, url: str) -> ConversationReference:
    """One person's stored reference."""
    return ConversationReference(
        channel_id="msteams",
        service_url=url,
        bot=ChannelAccount(id=f"28:{laps.APP_ID}"),
        user=ChannelAccount(id=f"29:{number}"),
        conversation=ConversationAccount(id=laps.conversation_id(number), tenant_id=laps.TENANT),
    )


async def main(given: argparse.Namespace) -> None:
    """Continue every conversation with one message."""
    factory = ConstantFactory(laps.constant_token(given.url))
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(object(), credentials_factory=factory))
    adapter.on_turn_error = None
    references = [reference(number, given.url) for number in range(given.people)]

    async def say(turn: TurnContext) -> None:
        await turn.send_activity(laps.TEXT)

    async def send(number: int) -> None:
        await adapter.continue_conversation(references[number], say, laps.APP_ID)

    await laps.run(send, given)


if __name__ == "__main__":
    laps.start(main)
