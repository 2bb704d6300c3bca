"""``bellwire send``: one message to one person, through a running service."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url
from bellwire.cli.service import connected, plain
from bellwire.cli.terminal import show, show_json
from bellwire.errors import InvalidInput
from bellwire.model.delivery import IfUnreachable, OnUnknown, State

if TYPE_CHECKING:
    from bellwire.client import Delivery


class PriorityName(StrEnum):
    """As the API names them."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


def register(app: typer.Typer) -> None:
    """Hang ``send`` onto the command line."""
    app.command("send")(send)


def send(
    to: Annotated[str, typer.Argument(metavar="OBJECT_ID", help="The person's Entra object id.")],
    text: Annotated[str | None, typer.Option(help="What to say; without it and --card, standard input.")] = None,
    card: Annotated[Path | None, typer.Option(help="A file with an Adaptive Card; '-' is standard input.")] = None,
    summary: Annotated[str | None, typer.Option(help="What the toast shows; needed with --card.")] = None,
    tenant: Annotated[str | None, typer.Option(help="The person's tenant, if not the sender's own.")] = None,
    sender: Annotated[str | None, typer.Option(help="Which sender, if there are several.")] = None,
    priority: Annotated[PriorityName, typer.Option(help="Urgent overtakes all that waits.")] = PriorityName.NORMAL,
    if_unreachable: Annotated[IfUnreachable, typer.Option(help="If they cannot be reached.")] = IfUnreachable.FAIL,
    on_unknown: Annotated[OnUnknown, typer.Option(help="If Teams' answer is lost.")] = OnUnknown.HOLD,
    send_at: Annotated[str | None, typer.Option(metavar="TIME", help="Not before 2030-01-15T09:30:00Z, say.")] = None,
    expires_at: Annotated[str | None, typer.Option(metavar="TIME", help="Never after this time.")] = None,
    reference: Annotated[str | None, typer.Option(help="A word of your own, kept with the delivery.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key sends once only.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the delivery to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to follow it at most.", min=0)] = 120.0,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> Exit:
    """Send a text or an Adaptive Card to one person's Teams chat.

    Ends with 0 as soon as the delivery is stored; with --wait, by how it ended.
    """
    message = {
        "to": to,
        **_content(text, card),
        "summary": summary,
        "tenant_id": tenant,
        "sender": sender,
        "priority": priority.value,
        "if_unreachable": if_unreachable,
        "on_unknown": on_unknown,
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


def _content(text: str | None, card: Path | None) -> dict[str, Any]:
    if card is not None:
        return {"text": text, "card": _card(card)}
    if text is None or text == "-":
        text = _input().rstrip("\n")
    return {"text": text}


def _card(path: Path) -> dict[str, Any]:
    try:
        content = _input() if str(path) == "-" else path.read_text(encoding="utf-8")
        card = json.loads(content)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else "It is not JSON in UTF-8."
        raise InvalidInput(problem, field="--card", remedy="Name a file that holds one Adaptive Card.") from error
    if not isinstance(card, dict):
        raise InvalidInput("It is no JSON object.", field="--card", remedy="Name a file that holds one Adaptive Card.")
    return card


def _input() -> str:
    if sys.stdin.isatty():
        raise InvalidInput("There is nothing to say.", field="--text", remedy="Use --text, --card or standard input.")
    return sys.stdin.read()


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
