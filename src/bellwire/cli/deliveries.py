"""``bellwire deliveries``: what became of messages, and what can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.content import CardFile, Summary, Words, read_content
from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Limit, Url, examples
from bellwire.cli.service import ask, plain
from bellwire.cli.terminal import remark, show, show_json, tell_of_the_limit
from bellwire.errors import InvalidInput, NotFound
from bellwire.model.delivery import State

if TYPE_CHECKING:
    from bellwire.client import AsyncClient, Delivery

MOST_ON_A_PAGE = 1_000
Id = Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="As 'bellwire send' printed it.")]


def register(app: typer.Typer) -> None:
    """Hang ``deliveries`` onto the command line."""
    group = typer.Typer(help="What became of messages.", no_args_is_help=True)
    group.command("list", epilog=examples("bellwire deliveries list --state undeliverable --limit 20"))(show_list)
    group.command("show")(show_one)
    group.command("cancel")(cancel)
    group.command("resend")(resend)
    group.command("change", epilog=examples('bellwire deliveries change DELIVERY_ID --text "It is red."'))(change)
    group.command("take-back")(take_back)
    app.add_typer(group, name="deliveries")


def show_list(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only those of this sender.")] = None,
    person: Annotated[str | None, typer.Option(help="Only those to this Entra object id.")] = None,
    message: Annotated[
        str | None, typer.Option(help="Only those of this call to many people.", metavar="MESSAGE_ID")
    ] = None,
    limit: Limit = 50,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""

    wanted = {"state": state, "sender": sender, "aad_object_id": person, "message_id": message}
    found = ask(url, key, lambda client: _newest(client, wanted, limit))
    if as_json:
        show_json(plain(found))
    elif found:
        from bellwire.cli.tables import delivery_table

        show(delivery_table(found))
        tell_of_the_limit(found, limit)
    else:
        remark("No deliveries of which that is so." if any(wanted.values()) else "No deliveries.")


def show_one(delivery_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Show one delivery with every attempt."""
    _tell(_ask_about(url, key, lambda client: client.delivery(delivery_id)), as_json=as_json)


def cancel(delivery_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> Exit:
    """Cancel a delivery that has not gone out yet."""
    ended = _ask_about(url, key, lambda client: client.cancel(delivery_id))
    _tell(ended, as_json=as_json)
    return Exit.OK if ended.state is State.CANCELLED else Exit.NOT_DONE


def resend(delivery_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Send a delivery again that did not end as sent; shows the new one."""
    _tell(_ask_about(url, key, lambda client: client.resend(delivery_id)), as_json=as_json)


def change(
    delivery_id: Id,
    text: Words = None,
    card: CardFile = None,
    summary: Summary = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Put another text or card in the place of what was sent, or of what is yet to be sent."""
    content = read_content(text, card)
    _tell(_ask_about(url, key, lambda client: client.change(delivery_id, summary=summary, **content)), as_json=as_json)


def take_back(delivery_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Remove what was sent from the person's chat; what was not sent yet is cancelled."""
    _tell(_ask_about(url, key, lambda client: client.take_back(delivery_id)), as_json=as_json)


def _ask_about(url: str, key: str, question: Callable[[AsyncClient], Awaitable[Delivery]]) -> Delivery:
    """Ask about one delivery: what cannot be an id is the id of none."""
    try:
        return ask(url, key, question)
    except InvalidInput as error:
        if error.field != "id":
            raise
        raise NotFound(error.detail, field=error.field, remedy="Use the id that 'bellwire send' printed.") from None


async def _newest(client: AsyncClient, wanted: Mapping[str, str | None], limit: int) -> list[Delivery]:
    found: list[Delivery] = []
    after: str | None = None
    while len(found) < limit:
        page = await client.deliveries(**wanted, limit=min(MOST_ON_A_PAGE, limit - len(found)), after=after)
        found += page
        if (after := page.next) is None:
            break
    return found


def _tell(delivery: Delivery, *, as_json: bool) -> None:
    if as_json:
        show_json(plain(delivery))
        return
    from bellwire.cli.tables import attempt_table, delivery_facts

    show(delivery_facts(delivery), *([attempt_table(delivery.attempts)] if delivery.attempts else []))
