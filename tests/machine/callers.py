"""What callers and people do: send, think better of it, install the app and remove it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import Connection

from bellwire.errors import Conflict, Unreachable
from bellwire.model.delivery import IfUnreachable, OnUnknown, Priority, State
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import Lesson, Source, learn
from bellwire.service.amending import Amending
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.service.deliveries import Deliveries
from bellwire.service.send import Sending
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import queue, references
from tests.machine.clockwork import clockwork
from tests.machine.scripted import SERVICE_URL, chat_of
from tests.machine.stage import OTHER_TENANT, PEOPLE, TENANT, WITH_A_CHAT, Stage


class Callers(Stage):
    """The rules of those outside."""

    @rule(
        person=st.sampled_from([*PEOPLE, *WITH_A_CHAT]),
        number=st.integers(1, 4),
        priority=st.sampled_from(Priority),
        on_unknown=st.sampled_from(OnUnknown),
        unreachable=st.sampled_from([IfUnreachable.FAIL, IfUnreachable.WAIT]),
        later=st.sampled_from([None, None, None, None, 2, 20]),
        worth=st.sampled_from([None, None, None, None, 0.5, 3, 30]),
    )
    def send(
        self,
        person: Person,
        number: int,
        priority: Priority,
        on_unknown: OnUnknown,
        unreachable: IfUnreachable,
        later: float | None,
        worth: float | None,
    ) -> None:
        """A caller has something to say to somebody, perhaps later, perhaps for a while only."""
        self.busy = True
        now = self.now()
        send_at = None if later is None else now + timedelta(seconds=later)
        terms = Terms(
            priority=priority,
            on_unknown=on_unknown,
            if_unreachable=unreachable,
            send_at=send_at,
            expires_at=None if worth is None else (send_at or now) + timedelta(seconds=worth),
        )
        for _ in range(number):
            self.run(self._send(person, terms))

    async def _send(self, person: Person, terms: Terms) -> None:
        self.texts += 1
        content = Content(text=f"marker-{self.texts:06d}")
        to = Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id, person.tenant_id)
        command = SendCommand(to=to, content=content, terms=terms)
        try:
            accepted = await self._sending().accept(command, caller="caller")
        except Unreachable:
            self.happened("refused")
        else:
            self.happened("accepted")
            self.model.accepted(accepted.delivery, content.text or "")

    @precondition(lambda self: self.busy and self.model.promises)
    @rule(back=st.integers(0, 5), wish=st.sampled_from(["cancel", "change", "take back", "resend"]))
    def think_better(self, back: int, wish: str) -> None:
        """A caller thinks better of something that was sent lately."""
        self.busy = False
        wishes = {
            "cancel": self._cancel,
            "change": self._change,
            "take back": self._take_back,
            "resend": self._resend,
        }
        promises = list(self.model.promises)
        try:
            self.run(wishes[wish](promises[-1 - back % len(promises)]))
        except (Conflict, Unreachable) as refused:
            self.happened(f"{wish}: {refused.code}")
        else:
            self.happened(wish)

    async def _cancel(self, delivery_id: str) -> None:
        desk = Deliveries(self.reception(), clockwork().now)
        story = await desk.cancel(delivery_id)
        assert story.delivery.state is State.CANCELLED
        self.model.promises[delivery_id].cancelled = True

    async def _change(self, delivery_id: str) -> None:
        self.texts += 1
        promise = self.model.promises[delivery_id]
        text = f"{promise.marker} or rather {self.texts}"
        await self._amending().change(delivery_id, Content(text=text))
        promise.says = text

    async def _take_back(self, delivery_id: str) -> None:
        story = await self._amending().take_back(delivery_id)
        promise = self.model.promises[delivery_id]
        if story.delivery.state is State.CANCELLED:
            promise.cancelled = True
        else:
            promise.says = None

    async def _resend(self, delivery_id: str) -> None:
        accepted = await self._sending().resend(delivery_id, caller="caller")
        if accepted.delivery.id not in self.model.promises:
            self.model.accepted(accepted.delivery, self.model.promises[delivery_id].says or "")

    @precondition(lambda self: self.busy)
    @rule(person=st.sampled_from(PEOPLE), installs=st.sampled_from([True, True, False]))
    def install(self, person: Person, installs: bool) -> None:
        """Somebody installs the app, or removes it."""
        self.busy = False
        self.run(self._learn(person, installs=installs))

    async def _learn(self, person: Person, *, installs: bool) -> None:
        now = clockwork().now()
        lesson = Lesson(
            person=person,
            at=now,
            source=Source.INSTALL,
            conversation_id=chat_of(person),
            service_url=SERVICE_URL,
            by_person=installs,
            installed=installs,
            removed=not installs,
        )

        def keep(conn: Connection) -> None:
            references.put(conn, learn(references.get(conn, person), lesson, now))
            if installs:
                queue.wake(conn, person, now)

        await self.reception().write(keep)

    def _sending(self) -> Sending:
        own = Senders(own_tenants={"alerts": TENANT}, default=None, allowed_tenants=frozenset({TENANT, OTHER_TENANT}))
        clock, database = clockwork().now, self.reception()
        return Sending(database, own, Who(database, own, {}, clock), clock)

    def _amending(self) -> Amending:
        return Amending(self.reception(), clockwork().now)
