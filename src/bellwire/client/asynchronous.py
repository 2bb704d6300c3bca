"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote
from uuid import uuid4

from bellwire.client import answers
from bellwire.client.answers import (
    Books,
    Callback,
    Checked,
    Delivery,
    Finding,
    Mailing,
    Page,
    Person,
    Repairs,
    Sender,
    Told,
    Trial,
)
from bellwire.client.wire import Wire
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, State

DEFAULT_URL: Final = "http://127.0.0.1:3978"
LONGEST_LOOK: Final = 1.0


class TypedCard(Protocol):
    """A card of a library that models cards, such as ``microsoft-teams-cards``."""

    def model_dump(self, *, mode: str = ..., by_alias: bool = ..., exclude_none: bool = ...) -> dict[str, Any]:
        """The card as JSON has it."""


Card: TypeAlias = Mapping[str, Any] | TypedCard
To: TypeAlias = str | Mapping[str, str]


class AsyncClient:
    """Calls to one Bellwire service.

    ``url`` and ``key`` come from ``BELLWIRE_URL`` and ``BELLWIRE_API_KEY`` if they are left out. ``timeout`` is in
    seconds, for one call. Close the client, or use it as ``async with``.

    Every method raises the errors of ``bellwire.errors``: ``InvalidKey``, ``InvalidInput``, ``Unreachable``,
    ``NotFound``, ``Conflict`` as the service says, and ``Unavailable`` if it does not answer.
    """

    def __init__(self, url: str | None = None, *, key: str | None = None, timeout: float = 30.0) -> None:
        self._wire = Wire(
            url or os.environ.get("BELLWIRE_URL", DEFAULT_URL), key or os.environ.get("BELLWIRE_API_KEY", ""), timeout
        )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def send(
        self,
        *,
        to: To,
        text: str | None = None,
        card: Card | None = None,
        summary: str | None = None,
        tenant_id: str | None = None,
        sender: str | None = None,
        priority: str | None = None,
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        if_unreachable: IfUnreachable | str | None = None,
        on_unknown: OnUnknown | str | None = None,
        if_chat_active: IfChatActive | str | None = None,
        reference: str | None = None,
        idempotency_key: str | None = None,
    ) -> Delivery:
        """Have one message sent to one person; returns as soon as the service has written it down.

        ``to`` is the person's Entra object id, an address, or a mapping as the API has it. ``card`` is an Adaptive Card
        as a mapping or a typed one, and needs a ``summary``. Without an ``idempotency_key`` one is made for this call,
        so that a repetition after a lost connection cannot send twice.
        """
        body = {
            "to": _recipient(to, tenant_id),
            **_said(text, card, summary),
            **_terms(sender, priority, send_at, expires_at, if_unreachable, on_unknown, if_chat_active, reference),
        }
        answer = await self._wire.call(
            "POST", "/v1/messages", body=_given(body), idempotency_key=idempotency_key or str(uuid4())
        )
        return answers.delivery(answer)

    async def send_to_many(
        self,
        *,
        to: Iterable[str],
        text: str | None = None,
        card: Card | None = None,
        summary: str | None = None,
        tenant_id: str | None = None,
        sender: str | None = None,
        priority: str | None = None,
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        if_unreachable: IfUnreachable | str | None = None,
        on_unknown: OnUnknown | str | None = None,
        if_chat_active: IfChatActive | str | None = None,
        reference: str | None = None,
        idempotency_key: str | None = None,
    ) -> Mailing:
        """Have one message sent to many people of one tenant, at most 100,000, named by their Entra object ids.

        At most 10,000 of them may be named by user principal name or e-mail address instead.

        Whoever cannot be reached is named in the answer with the reason. Otherwise as ``send``.
        """
        body = {
            "to": list(to),
            "tenant_id": tenant_id,
            **_said(text, card, summary),
            **_terms(sender, priority, send_at, expires_at, if_unreachable, on_unknown, if_chat_active, reference),
        }
        answer = await self._wire.call(
            "POST", "/v1/messages/bulk", body=_given(body), idempotency_key=idempotency_key or str(uuid4())
        )
        return answers.mailing(answer)

    async def delivery(self, delivery_id: str) -> Delivery:
        """Where a delivery stands, with its attempts."""
        return answers.delivery(await self._wire.call("GET", _path(delivery_id)))

    async def deliveries(
        self,
        *,
        state: State | str | None = None,
        sender: str | None = None,
        tenant_id: str | None = None,
        aad_object_id: str | None = None,
        message_id: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Delivery]:
        """Deliveries, the newest first; ``after`` takes the ``next`` of the page before."""
        query = {
            "state": state,
            "sender": sender,
            "tenant_id": tenant_id,
            "aad_object_id": aad_object_id,
            "message_id": message_id,
            "limit": _number(limit),
            "after": after,
        }
        answer = await self._wire.call("GET", "/v1/deliveries", query=query)
        return Page([answers.delivery(one) for one in answer["deliveries"]], answer.get("next"))

    async def wait(self, delivery_id: str, *, timeout: float = 60.0) -> Delivery:
        """The delivery, once it is final; or as it stands after ``timeout`` seconds."""
        until, pause = time.monotonic() + timeout, 0.02
        while True:
            found = await self.delivery(delivery_id)
            left = until - time.monotonic()
            if found.final or left <= 0:
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(LONGEST_LOOK, pause * 1.5)

    async def cancel(self, delivery_id: str) -> Delivery:
        """Stop a delivery that has not gone out yet."""
        return answers.delivery(await self._wire.call("POST", _path(delivery_id, "cancel")))

    async def resend(self, delivery_id: str) -> Delivery:
        """Try a delivery again that ended without being sent; returns the new one, the same one if asked twice."""
        return answers.delivery(await self._wire.call("POST", _path(delivery_id, "resend")))

    async def change(
        self, delivery_id: str, *, text: str | None = None, card: Card | None = None, summary: str | None = None
    ) -> Delivery:
        """Put another text or card in the place of what was sent, or of what is yet to be sent."""
        body = _given(_said(text, card, summary))
        return answers.delivery(await self._wire.call("PUT", _path(delivery_id, "message"), body=body))

    async def take_back(self, delivery_id: str) -> Delivery:
        """Remove what was sent from the person's chat."""
        return answers.delivery(await self._wire.call("DELETE", _path(delivery_id, "message")))

    async def person(self, aad_object_id: str, *, tenant_id: str) -> Person:
        """Whether a person can be reached, by which sender, and if not why and what to do."""
        path = f"/v1/people/{quote(tenant_id, safe='')}/{quote(aad_object_id, safe='')}"
        return answers.person(await self._wire.call("GET", path))

    async def find_person(self, name: str, *, sender: str | None = None, tenant_id: str | None = None) -> Person:
        """The person who has this e-mail address or user principal name, known or not: whether they can be reached.

        It is looked up in ``tenant_id``, or else in the sender's own tenant.
        """
        query = {"name": name, "sender": sender, "tenant_id": tenant_id}
        return answers.person(await self._wire.call("GET", "/v1/people/find", query=query))

    async def people(
        self,
        *,
        sender: str | None = None,
        state: str | None = None,
        surface: str | None = None,
        aad_object_id: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Person]:
        """The people that are known; ``after`` takes the ``next`` of the page before."""
        query = {
            "sender": sender,
            "state": state,
            "surface": surface,
            "aad_object_id": aad_object_id,
            "limit": _number(limit),
            "after": after,
        }
        answer = await self._wire.call("GET", "/v1/people", query=query)
        return Page([answers.person(one) for one in answer["people"]], answer.get("next"))

    async def everyone(self, *, sender: str | None = None, state: str | None = None) -> AsyncIterator[Person]:
        """All people that are known, page by page."""
        after: str | None = None
        while True:
            page = await self.people(sender=sender, state=state, limit=200, after=after)
            for one in page:
                yield one
            if (after := page.next) is None:
                return

    async def tell_activities(
        self, activities: Sequence[Mapping[str, Any]], *, sender: str | None = None
    ) -> list[Told]:
        """Hand over activities that a bot of one's own was sent and has verified; at most 1,000, in any order."""
        body = _given({"activities": list(activities), "sender": sender})
        return answers.told(await self._wire.call("POST", "/v1/activities", body=body))

    async def tell_references(
        self,
        references: Sequence[Mapping[str, Any]],
        *,
        sender: str | None = None,
        tenant_id: str | None = None,
        as_of: datetime | None = None,
        repair: bool = False,
        dry_run: bool = False,
    ) -> list[Finding]:
        """Hand over conversation references that another bot kept, in any shape; at most 1,000.

        ``tenant_id`` is for those that name none, ``as_of`` for those without a time of their own. With ``dry_run``
        nothing is kept. Telling the same again changes nothing. With ``repair`` Teams is asked at once for the chats of
        those whose chat the references do not tell; ``repairs`` says what came of it.
        """
        body = {"references": list(references), "sender": sender, "tenant_id": tenant_id, "as_of": _moment(as_of)}
        wishes = {"repair": repair, "dry_run": dry_run}
        answer = await self._wire.call("POST", "/v1/references", body={**_given(body), **wishes})
        return answers.findings(answer)

    async def repairs(
        self,
        *,
        sender: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Repairs:
        """How far the chats are that ``tell_references`` asked for, and a page of them."""
        query = {"sender": sender, "state": state, "limit": _number(limit), "after": after}
        return answers.repairs(await self._wire.call("GET", "/v1/repairs", query=query))

    async def references(
        self, *, sender: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[Mapping[str, Any]]:
        """What is known of people's Teams chats, as ``tell_references`` takes it in without loss."""
        query = {"sender": sender, "limit": _number(limit), "after": after}
        answer = await self._wire.call("GET", "/v1/references", query=query)
        return Page(answer["references"], answer.get("next"))

    async def check(
        self, to: Sequence[str], *, sender: str | None = None, tenant_id: str | None = None
    ) -> list[Checked]:
        """Whether each of at most 10,000 people can be reached; nothing is sent."""
        body = _given({"to": list(to), "sender": sender, "tenant_id": tenant_id})
        return answers.checked(await self._wire.call("POST", "/v1/people/check", body=body))

    async def add_callback(
        self,
        url: str,
        *,
        sender: str | None = None,
        reference: str | None = None,
        mine: bool = False,
    ) -> Callback:
        """Have a receiver told from now on how deliveries end; its ``secret`` is in this answer alone.

        Told is what ``sender`` sends, what was sent with ``reference``, and if ``mine``, what was sent with this
        client's key. Asking for the same again gives the same callback with a new secret. Receivers check what they
        are told with ``bellwire.client.verify``.
        """
        body = {**_given({"url": url, "sender": sender, "reference": reference}), "mine": mine}
        return answers.callback(await self._wire.call("POST", "/v1/callbacks", body=body))

    async def callbacks(self) -> list[Callback]:
        """All callbacks, the oldest first, and how they fare."""
        answer = await self._wire.call("GET", "/v1/callbacks")
        return [answers.callback(one) for one in answer["callbacks"]]

    async def remove_callback(self, callback_id: str) -> None:
        """Have a receiver told nothing any more."""
        await self._wire.call("DELETE", f"/v1/callbacks/{quote(callback_id, safe='')}")

    async def rotate_callback_secret(self, callback_id: str) -> Callback:
        """Sign with a new secret, which is in this answer alone; for a day the old one signs too."""
        path = f"/v1/callbacks/{quote(callback_id, safe='')}/secret"
        return answers.callback(await self._wire.call("POST", path))

    async def test_callback(self, callback_id: str) -> Trial:
        """Send the receiver one event of type ``callback.test`` now, and say what came of it."""
        return answers.trial(await self._wire.call("POST", f"/v1/callbacks/{quote(callback_id, safe='')}/test"))

    async def senders(self) -> list[Sender]:
        """As whom messages can go out, and whether each of them can send at present."""
        return answers.senders(await self._wire.call("GET", "/v1/senders"))

    async def books(self, *, audit: bool = False) -> Books:
        """What became of everything; with ``audit`` counted anew from the deliveries and compared."""
        return answers.books(await self._wire.call("GET", "/v1/books", query={"audit": "true" if audit else None}))


def _path(delivery_id: str, *rest: str) -> str:
    return "/".join(("/v1/deliveries", quote(delivery_id, safe=""), *rest))


def _recipient(to: To, tenant_id: str | None) -> dict[str, str]:
    named = {("email" if "@" in to else "aad_object_id"): to} if isinstance(to, str) else dict(to)
    return {**named, "tenant_id": tenant_id} if tenant_id else named


def _said(text: str | None, card: Card | None, summary: str | None) -> dict[str, Any]:
    return {"text": text, "card": _card(card), "summary": summary}


def _terms(
    sender: str | None,
    priority: str | None,
    send_at: datetime | None,
    expires_at: datetime | None,
    if_unreachable: str | None,
    on_unknown: str | None,
    if_chat_active: str | None,
    reference: str | None,
) -> dict[str, Any]:
    return {
        "sender": sender,
        "priority": priority,
        "send_at": _moment(send_at),
        "expires_at": _moment(expires_at),
        "if_unreachable": if_unreachable,
        "on_unknown": on_unknown,
        "if_chat_active": if_chat_active,
        "reference": reference,
    }


def _card(card: Card | None) -> dict[str, Any] | None:
    if card is None or isinstance(card, Mapping):
        return None if card is None else dict(card)
    return card.model_dump(mode="json", by_alias=True, exclude_none=True)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
