"""Microsoft Teams SDK for Python: ``App.send``."""

from __future__ import annotations

import argparse

import laps
from microsoft_teams.apps import App
from microsoft_teams.common import ClientOptions


async def main(given: argparse.Namespace) -> None:
    """Send to every chat as the documentation of proactive messages says."""
    token = laps.constant_token(given.url)

    def constant(_scope: object, _tenant: object) -> str:
        return token

    app = App(
        client_id=laps.APP_ID,
        tenant_id=laps.TENANT,
        token=constant,
        service_url=given.url,
        client=ClientOptions(timeout=30),
    )
    await app.initialize()

    async def send(number: int) -> object:
        return await app.send(laps.conversation_id(number), laps.TEXT)

    await laps.run(send, given)


if __name__ == "__main__":
    laps.start(main)
