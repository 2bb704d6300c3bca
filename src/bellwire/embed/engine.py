"""Bellwire in the bot's own process: the store, capture and the worker that sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bellwire.app import Bellwire, cloud_of
from bellwire.config import Settings
from bellwire.embed.home import TeamsChat, no_chat
from bellwire.embed.told import Told
from bellwire.errors import BellwireError, InvalidActivity, Unavailable, Unreachable
from bellwire.model.reach import Obstacle
from bellwire.model.reason import EXPLANATIONS
from bellwire.service.command import SendCommand
from bellwire.service.people import SenderReach

CALLER = "embedded"
"""In the place of an API key's id: the bot itself asked."""


class Engine:
    """A Bellwire that was opened from settings."""

    def __init__(self, bellwire: Bellwire) -> None:
        self._bellwire = bellwire
        self._cloud = cloud_of(bellwire.settings.cloud)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Engine]:
        """Open it, for as long as the block runs. Raises as ``Bellwire.open``."""
        async with Bellwire.open(settings) as bellwire:
            yield cls(bellwire)

    async def take(self, several: Sequence[Told]) -> Sequence[BellwireError | None]:
        """Keep what activities say, all in few commits; in the place of each, why it was refused, if it was."""
        return await asyncio.gather(*(self._take(one) for one in several))

    async def send(self, command: SendCommand, idempotency_key: str | None) -> str:
        """Write one message down; returns the delivery's id."""
        accept = self._bellwire.sending.accept
        return (await accept(command, caller=CALLER, idempotency_key=idempotency_key)).delivery.id

    async def chat(self, tenant_id: str, aad_object_id: str, sender: str | None) -> TeamsChat:
        """A person's Teams chat with the sender, or with the only sender that has one."""
        person = await self._bellwire.people.get(tenant_id, aad_object_id)
        known = [one for one in person.senders if one.sender == (sender or one.sender) and one.reference is not None]
        if len(known) != 1:
            raise no_chat()
        return self._chat(known[0])

    async def ended(self) -> None:
        """Return, or raise, when the worker has ended."""
        assert self._bellwire.worker is not None
        await self._bellwire.worker.ended()

    async def _take(self, told: Told) -> BellwireError | None:
        try:
            activity = told.read()
            if not self._cloud.admits(str(activity.get("serviceUrl"))):
                raise InvalidActivity("It is no host of the cloud.", field="serviceUrl", code="host_not_allowed")
            classification = await self._bellwire.capture.take(told.app_id, activity)
        except Unavailable:
            raise
        except BellwireError as error:
            return error
        self._bellwire.metrics.captured(classification)
        return None

    def _chat(self, known: SenderReach) -> TeamsChat:
        reference = known.reference
        assert reference is not None
        if isinstance(known.found, Obstacle):
            fact, remedy, _ = EXPLANATIONS[known.found.reason]
            raise Unreachable(fact, code=known.found.reason, remedy=remedy)
        return TeamsChat(
            bot_id=f"28:{self._bellwire.settings.senders[known.sender].app_id}",
            tenant_id=reference.person.tenant_id,
            aad_object_id=reference.person.aad_object_id,
            conversation_id=reference.conversation_id,
            service_url=reference.service_url,
            user_id=reference.user_id,
        )
