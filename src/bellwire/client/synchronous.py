"""The client for ordinary code: the asyncio client, run on a thread of its own, so that it works anywhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

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
from bellwire.client.asynchronous import AsyncClient, Card, To
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, State

T = TypeVar("T")


class Client:
    """Calls to one Bellwire service, each of which blocks until it is answered.

    It may be shared by threads and used inside a running event loop (a notebook's, say). Parameters, methods and
    errors are those of ``AsyncClient``. Close the client, or use it as ``with``.
    """

    def __init__(self, url: str | None = None, *, key: str | None = None, timeout: float = 30.0) -> None:
        self._client = AsyncClient(url, key=key, timeout=timeout)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bellwire-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The client is of no use afterwards."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(
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
        """Have one message sent to one person; see ``AsyncClient.send``."""
        return self._run(
            self._client.send(
                to=to,
                text=text,
                card=card,
                summary=summary,
                tenant_id=tenant_id,
                sender=sender,
                priority=priority,
                send_at=send_at,
                expires_at=expires_at,
                if_unreachable=if_unreachable,
                on_unknown=on_unknown,
                if_chat_active=if_chat_active,
                reference=reference,
                idempotency_key=idempotency_key,
            )
        )

    def send_to_many(
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
        """Have one message sent to many people; see ``AsyncClient.send_to_many``."""
        return self._run(
            self._client.send_to_many(
                to=to,
                text=text,
                card=card,
                summary=summary,
                tenant_id=tenant_id,
                sender=sender,
                priority=priority,
                send_at=send_at,
                expires_at=expires_at,
                if_unreachable=if_unreachable,
                on_unknown=on_unknown,
                if_chat_active=if_chat_active,
                reference=reference,
                idempotency_key=idempotency_key,
            )
        )

    def delivery(self, delivery_id: str) -> Delivery:
        """Where a delivery stands, with its attempts."""
        return self._run(self._client.delivery(delivery_id))

    def deliveries(
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
        return self._run(
            self._client.deliveries(
                state=state,
                sender=sender,
                tenant_id=tenant_id,
                aad_object_id=aad_object_id,
                message_id=message_id,
                limit=limit,
                after=after,
            )
        )

    def wait(self, delivery_id: str, *, timeout: float = 60.0) -> Delivery:
        """The delivery, once it is final; or as it stands after ``timeout`` seconds."""
        return self._run(self._client.wait(delivery_id, timeout=timeout))

    def cancel(self, delivery_id: str) -> Delivery:
        """Stop a delivery that has not gone out yet."""
        return self._run(self._client.cancel(delivery_id))

    def resend(self, delivery_id: str) -> Delivery:
        """Try a delivery again that ended without being sent; returns the new one, the same one if asked twice."""
        return self._run(self._client.resend(delivery_id))

    def change(
        self, delivery_id: str, *, text: str | None = None, card: Card | None = None, summary: str | None = None
    ) -> Delivery:
        """Put another text or card in the place of what was sent, or of what is yet to be sent."""
        return self._run(self._client.change(delivery_id, text=text, card=card, summary=summary))

    def take_back(self, delivery_id: str) -> Delivery:
        """Remove what was sent from the person's chat."""
        return self._run(self._client.take_back(delivery_id))

    def check(self, to: Sequence[str], *, sender: str | None = None, tenant_id: str | None = None) -> list[Checked]:
        """Whether each of at most 10,000 people can be reached; nothing is sent."""
        return self._run(self._client.check(to, sender=sender, tenant_id=tenant_id))

    def person(self, aad_object_id: str, *, tenant_id: str) -> Person:
        """Whether a person can be reached, by which sender, and if not why and what to do."""
        return self._run(self._client.person(aad_object_id, tenant_id=tenant_id))

    def find_person(self, name: str, *, sender: str | None = None, tenant_id: str | None = None) -> Person:
        """The person who has this e-mail address or user principal name; see ``AsyncClient.find_person``."""
        return self._run(self._client.find_person(name, sender=sender, tenant_id=tenant_id))

    def people(
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
        return self._run(
            self._client.people(
                sender=sender, state=state, surface=surface, aad_object_id=aad_object_id, limit=limit, after=after
            )
        )

    def everyone(self, *, sender: str | None = None, state: str | None = None) -> Iterator[Person]:
        """All people that are known, page by page."""
        after: str | None = None
        while True:
            page = self.people(sender=sender, state=state, limit=200, after=after)
            yield from page
            if (after := page.next) is None:
                return

    def tell_activities(self, activities: Sequence[Mapping[str, Any]], *, sender: str | None = None) -> list[Told]:
        """Hand over activities that a bot of one's own was sent; see ``AsyncClient.tell_activities``."""
        return self._run(self._client.tell_activities(activities, sender=sender))

    def tell_references(
        self,
        references: Sequence[Mapping[str, Any]],
        *,
        sender: str | None = None,
        tenant_id: str | None = None,
        as_of: datetime | None = None,
        repair: bool = False,
        dry_run: bool = False,
    ) -> list[Finding]:
        """Hand over conversation references that another bot kept; see ``AsyncClient.tell_references``."""
        return self._run(
            self._client.tell_references(
                references, sender=sender, tenant_id=tenant_id, as_of=as_of, repair=repair, dry_run=dry_run
            )
        )

    def repairs(
        self,
        *,
        sender: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Repairs:
        """How far the chats are that were asked for; see ``AsyncClient.repairs``."""
        return self._run(self._client.repairs(sender=sender, state=state, limit=limit, after=after))

    def references(
        self, *, sender: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[Mapping[str, Any]]:
        """What is known of people's Teams chats; see ``AsyncClient.references``."""
        return self._run(self._client.references(sender=sender, limit=limit, after=after))

    def add_callback(
        self, url: str, *, sender: str | None = None, reference: str | None = None, mine: bool = False
    ) -> Callback:
        """Have a receiver told from now on how deliveries end; see ``AsyncClient.add_callback``."""
        return self._run(self._client.add_callback(url, sender=sender, reference=reference, mine=mine))

    def callbacks(self) -> list[Callback]:
        """All callbacks, the oldest first, and how they fare."""
        return self._run(self._client.callbacks())

    def remove_callback(self, callback_id: str) -> None:
        """Have a receiver told nothing any more."""
        self._run(self._client.remove_callback(callback_id))

    def rotate_callback_secret(self, callback_id: str) -> Callback:
        """Sign with a new secret, which is in this answer alone; for a day the old one signs too."""
        return self._run(self._client.rotate_callback_secret(callback_id))

    def test_callback(self, callback_id: str) -> Trial:
        """Send the receiver one event of type ``callback.test`` now, and say what came of it."""
        return self._run(self._client.test_callback(callback_id))

    def senders(self) -> list[Sender]:
        """As whom messages can go out, and whether each of them can send at present."""
        return self._run(self._client.senders())

    def books(self, *, audit: bool = False) -> Books:
        """What became of everything; with ``audit`` counted anew from the deliveries and compared."""
        return self._run(self._client.books(audit=audit))

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()
