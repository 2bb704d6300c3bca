"""Bellwire as a service elsewhere, which a bot tells what it hears, over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bellwire.client import AsyncClient
from bellwire.client.answers import Told as Answer
from bellwire.embed.home import TeamsChat, no_chat
from bellwire.embed.told import Told
from bellwire.errors import BellwireError, InvalidActivity, Unauthorized, Unavailable, Unreachable
from bellwire.model.recipient import RecipientKind
from bellwire.service.command import SendCommand


class Remote:
    """A service that is called with a key."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, key: str) -> AsyncIterator[Remote]:
        """Be ready to call it, for as long as the block runs; whether it answers is seen with the first call."""
        async with AsyncClient(url, key=key) as client:
            yield cls(client)

    async def take(self, several: Sequence[Told]) -> Sequence[BellwireError | None]:
        """Tell what was heard; in the place of each, why it was refused, if it was."""
        try:
            answers = await self._client.tell_activities([one.read() for one in several])
        except Unauthorized as error:  # nothing is wrong with what is told: it waits for a good key
            raise Unavailable(error.detail, code=error.code, remedy=error.remedy) from error
        return [_refusal(answer) for answer in answers]

    async def send(self, command: SendCommand, idempotency_key: str | None) -> str:
        """Have a message sent; returns the delivery's id."""
        to, content, terms = command.to, command.content, command.terms
        named = to.value if to.kind is RecipientKind.AAD_OBJECT_ID else {to.kind.value: to.value}
        delivery = await self._client.send(
            to=named,
            text=content.text,
            card=content.card,
            summary=content.summary,
            tenant_id=to.tenant_id,
            sender=terms.sender,
            priority=terms.priority.name.lower(),
            send_at=terms.send_at,
            expires_at=terms.expires_at,
            if_unreachable=terms.if_unreachable,
            on_unknown=terms.on_unknown,
            reference=terms.reference,
            idempotency_key=idempotency_key,
        )
        return delivery.id

    async def chat(self, tenant_id: str, aad_object_id: str, sender: str | None) -> TeamsChat:
        """A person's Teams chat with the sender, or with the only sender that has one."""
        person = await self._client.person(aad_object_id, tenant_id=tenant_id)
        known = [one for one in person.senders if one.sender == (sender or one.sender) and one.conversation_id]
        if len(known) != 1:
            raise no_chat()
        (reach,) = known
        if not reach.reachable:
            raise Unreachable(reach.fact or "", code=reach.reason, remedy=reach.remedy)
        if reach.conversation_id is None or reach.service_url is None or reach.bot_id is None:
            raise no_chat()
        return TeamsChat(
            bot_id=reach.bot_id,
            tenant_id=person.tenant_id,
            aad_object_id=person.aad_object_id,
            conversation_id=reach.conversation_id,
            service_url=reach.service_url,
            user_id=reach.user_id,
        )

    async def ended(self) -> None:
        """Never: a service that is away is asked again."""
        await asyncio.Event().wait()


def _refusal(answer: Answer) -> BellwireError | None:
    if answer.taken:
        return None
    return InvalidActivity(answer.detail or "It was not taken.", field=answer.field, code=answer.code)
