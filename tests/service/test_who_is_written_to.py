"""Whoever can be reached is queued; whoever cannot is refused with the reason, or waited for if the caller said so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellwire.errors import InvalidInput, NotFound, TenantNotAllowed, Unreachable
from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.reason import Reason
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.model.surface import Surface
from bellwire.service.command import Content, SendCommand
from bellwire.service.send import Sending
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import books, deliveries, messages

from .people import ALERTS, CALLER, NOW, OTHER_TENANT, TENANT, Story, to, unknown

LATER = NOW + timedelta(minutes=1)


async def test_someone_with_a_teams_chat_is_queued_with_the_message_stored(story: Story) -> None:
    person = await story.someone()
    delivery = (await story.sending.accept(to(person, reference="build-4711"), caller=CALLER)).delivery
    stored = await story.database.read(lambda conn: deliveries.get(conn, delivery.id))
    message = await story.database.read(lambda conn: messages.get(conn, delivery.message_id))
    assert stored == delivery
    assert (delivery.state, delivery.person, delivery.caller_reference) == (State.QUEUED, person, "build-4711")
    assert message is not None
    assert message.text == "The build is green again."


async def test_someone_known_from_copilot_is_queued_too(story: Story) -> None:
    person = await story.seen(Surface.COPILOT)
    assert (await story.sending.accept(to(person), caller=CALLER)).delivery.state is State.QUEUED


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"removed_at": LATER}, Reason.UNINSTALLED),
        ({"blocked_at": LATER}, Reason.BLOCKED),
        ({"disabled_at": LATER}, Reason.DISABLED_BY_ADMIN),
    ],
)
async def test_what_is_in_the_way_is_said_with_its_remedy_and_nothing_is_stored(
    story: Story, facts: dict[str, object], reason: Reason
) -> None:
    person = await story.someone(**facts)
    with pytest.raises(Unreachable) as refused:
        await story.sending.accept(to(person), caller=CALLER)
    assert refused.value.code == reason
    assert refused.value.remedy
    assert await story.database.read(deliveries.page) == []
    assert await story.database.read(books.read) == []


@pytest.mark.parametrize("surface", [Surface.TEAMS_GROUP, Surface.TEAMS_CHANNEL])
async def test_someone_from_a_group_only_is_told_apart_from_someone_unknown(story: Story, surface: Surface) -> None:
    with pytest.raises(Unreachable) as in_group:
        await story.sending.accept(to(await story.seen(surface)), caller=CALLER)
    with pytest.raises(Unreachable) as nobody:
        await story.sending.accept(to(unknown()), caller=CALLER)
    assert (in_group.value.code, nobody.value.code) == (Reason.SEEN_ELSEWHERE_ONLY, Reason.NEVER_SEEN)


async def test_whoever_is_waited_for_is_stored_with_what_is_waited_for(story: Story) -> None:
    person = await story.someone(removed_at=LATER)
    command = to(person, if_unreachable=IfUnreachable.WAIT)
    delivery = (await story.sending.accept(command, caller=CALLER)).delivery
    assert (delivery.state, delivery.reason) == (State.WAITING, Reason.UNINSTALLED)
    (book,) = await story.database.read(books.read)
    assert (book.accepted, book.open) == (1, 1)


async def test_someone_without_the_app_is_accepted_to_be_installed_for(story: Story) -> None:
    accepted = await story.sending.accept(to(unknown(), if_unreachable=IfUnreachable.INSTALL), caller=CALLER)
    assert (accepted.delivery.state, accepted.delivery.reason) == (State.QUEUED, None)


async def test_an_install_undoes_no_block(story: Story) -> None:
    person = await story.someone(blocked_at=NOW)
    with pytest.raises(Unreachable) as refused:
        await story.sending.accept(to(person, if_unreachable=IfUnreachable.INSTALL), caller=CALLER)
    assert refused.value.code == Reason.BLOCKED


@pytest.mark.parametrize("kind", [RecipientKind.UPN, RecipientKind.EMAIL])
async def test_names_that_need_a_directory_are_refused_with_the_object_id_as_the_remedy(
    story: Story, kind: RecipientKind
) -> None:
    command = SendCommand(to=Recipient(kind, "adele@contoso.example"), content=Content(text="hi"))
    with pytest.raises(Unreachable) as refused:
        await story.sending.accept(command, caller=CALLER)
    assert (refused.value.code, refused.value.field) == ("recipient_not_resolvable", f"to.{kind}")
    assert "aad_object_id" in refused.value.remedy


async def test_ids_are_compared_in_lower_case(story: Story) -> None:
    person = await story.someone()
    named = Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id.upper(), TENANT.upper())
    command = SendCommand(to=named, content=Content(text="hi"))
    assert (await story.sending.accept(command, caller=CALLER)).delivery.person == person


async def test_a_tenant_that_is_not_on_the_list_is_refused(story: Story) -> None:
    strangers = Recipient(RecipientKind.AAD_OBJECT_ID, unknown().aad_object_id, "99999999-9999-4999-8999-999999999999")
    with pytest.raises(TenantNotAllowed) as refused:
        await story.sending.accept(SendCommand(to=strangers, content=Content(text="hi")), caller=CALLER)
    assert refused.value.field == "to.tenant_id"


@pytest.mark.parametrize(
    ("own", "default", "named", "chosen"),
    [
        ([ALERTS], None, None, ALERTS),
        ([ALERTS, "news"], "news", None, "news"),
        ([ALERTS, "news"], "news", ALERTS, ALERTS),
    ],
)
def test_the_sender_is_the_named_or_the_default_or_the_only_one(
    own: list[str], default: str | None, named: str | None, chosen: str
) -> None:
    assert Senders(dict.fromkeys(own), default, frozenset()).choose(named) == chosen


def test_an_unclear_or_unknown_sender_is_refused_with_the_names_to_choose_from() -> None:
    several = Senders({ALERTS: None, "news": None}, None, frozenset())
    with pytest.raises(InvalidInput) as unclear:
        several.choose(None)
    with pytest.raises(NotFound) as unknown_sender:
        several.choose("nobody")
    with pytest.raises(NotFound):
        Senders({}, None, frozenset()).choose(None)
    assert unclear.value.field == unknown_sender.value.field == "sender"
    assert "alerts, news" in unclear.value.remedy
    assert unknown_sender.value.code == "sender_unknown"


async def test_a_sender_without_a_tenant_of_its_own_needs_one_named(story: Story) -> None:
    anywhere = Senders({ALERTS: None}, None, frozenset({OTHER_TENANT}))
    sending = Sending(story.database, anywhere, Who(story.database, anywhere, {}, lambda: NOW), lambda: NOW)
    with pytest.raises(InvalidInput) as refused:
        await sending.accept(to(unknown()), caller=CALLER)
    assert refused.value.field == "to.tenant_id"


async def test_one_refusal_among_many_harms_no_other(story: Story) -> None:
    good = [await story.someone() for _ in range(3)]
    commands = [to(good[0]), to(unknown()), to(good[1]), to(good[2], reference="")]
    outcomes = await story.sending.accept_many(commands, caller=CALLER)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Accepted", "Unreachable", "Accepted", "InvalidInput"]
    assert len(await story.database.read(deliveries.page)) == 2
