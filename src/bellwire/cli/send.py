"""``bellwire send``: one message to one person, through a running service."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bellwire.cli.content import CardFile, Summary, Words, read_content
from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url, examples
from bellwire.cli.service import connected, plain
from bellwire.cli.terminal import show, show_json
from bellwire.errors import InvalidInput
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, State

if TYPE_CHECKING:
    from bellwire.client import Delivery


EXAMPLES: Final = examples(
    'bellwire send adele@contoso.example --text "The build is **green** again." --wait',
    'bellwire send OBJECT_ID --card card.json --summary "Approval needed: order 4711"',
    'echo "Disk 90 % full" | bellwire send OBJECT_ID --priority urgent',
)


Unreached = Annotated[
    IfUnreachable,
    typer.Option(
        help="If they cannot be reached: 'fail' refuses at once, 'wait' keeps the message until they can be, 'install' "
        "has the app installed for them first."
    ),
]
Unanswered = Annotated[
    OnUnknown,
    typer.Option(help="If Teams' answer is lost: 'hold' never says it twice, 'resend' rather twice than not at all."),
]
Talking = Annotated[
    IfChatActive,
    typer.Option(
        help="By a flow, to somebody who is talking to the agent: 'wait' tries for an hour, 'give_up' ends at once."
    ),
]


class PriorityName(StrEnum):
    """As the API names them."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


def register(app: typer.Typer) -> None:
    """Hang ``send`` onto the command line."""
    app.command("send", epilog=EXAMPLES)(send)


def send(
    to: Annotated[str, typer.Argument(metavar="PERSON", help="The person's Entra object id, or e-mail address.")],
    text: Words = None,
    card: CardFile = None,
    summary: Summary = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="ID", help="The person's tenant, if not the sender's own.")
    ] = None,
    sender: Annotated[str | None, typer.Option(help="Which sender, if there are several.")] = None,
    priority: Annotated[
        PriorityName, typer.Option(help="Urgent overtakes all that waits; bulk lets others go first.")
    ] = PriorityName.NORMAL,
    if_unreachable: Unreached = IfUnreachable.FAIL,
    on_unknown: Unanswered = OnUnknown.HOLD,
    if_chat_active: Talking = IfChatActive.WAIT,
    send_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Not before this time, such as 2030-01-15T09:30:00Z.")
    ] = None,
    expires_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Not after this time; it ends as expired then.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="A word of your own, kept with the delivery.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Makes it safe to repeat: for a day the same key sends once only.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the delivery to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to follow it at most, with --wait.", min=0)] = 120.0,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> Exit:
    """Send a text or an Adaptive Card to one person's Teams chat.

    Ends with 0 as soon as the delivery is stored; with --wait, by how it ended.
    """
    message = {
        "to": to,
        **read_content(text, card),
        "summary": summary,
        "tenant_id": tenant,
        "sender": sender,
        "priority": priority.value,
        "if_unreachable": if_unreachable,
        "on_unknown": on_unknown,
        "if_chat_active": if_chat_active,
        "send_at": _moment(send_at, "--send-at"),
        "expires_at": _moment(expires_at, "--expires-at"),
        "reference": reference,
        "idempotency_key": idempotency_key,
    }
    delivery = _sent(url, key, message, timeout if wait else None)
    _tell(delivery, followed=wait, as_json=as_json)
    return ended(delivery) if wait else Exit.OK


def ended(delivery: Delivery) -> Exit:
    """How a delivery that was followed ended, as an exit code."""
    if delivery.state is State.SENT:
        return Exit.OK
    return Exit.UNDECIDED if delivery.state is State.UNKNOWN or not delivery.final else Exit.NOT_DONE


def _sent(url: str, key: str, message: dict[str, Any], seconds: float | None) -> Delivery:
    from bellwire.cli.follow import follow
    from bellwire.cli.serving import run_async

    async def sending() -> Delivery:
        async with connected(url, key) as client:
            delivery = await client.send(**message)
            return delivery if seconds is None else await follow(client, delivery, seconds)

    return run_async(sending)


def _tell(delivery: Delivery, *, followed: bool, as_json: bool) -> None:
    if as_json:
        show_json(plain(delivery))
        return
    from bellwire.cli.tables import attempt_table, delivery_facts

    show(delivery_facts(delivery), *([attempt_table(delivery.attempts)] if followed and delivery.attempts else []))


def _moment(value: str | None, option: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput("It is no time with a zone.", field=option, remedy="Write it as 2030-01-15T09:30:00Z.")
    return moment
