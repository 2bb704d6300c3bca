"""``bellwire callbacks``: who is told what happens, and how that goes."""

from __future__ import annotations

from typing import Annotated

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url, examples
from bellwire.cli.service import ask, plain
from bellwire.cli.terminal import remark, show, show_json
from bellwire.errors import InvalidInput

Id = Annotated[str, typer.Argument(metavar="CALLBACK_ID", help="As 'bellwire callbacks list' shows it.")]


def register(app: typer.Typer) -> None:
    """Hang ``callbacks`` onto the command line."""
    group = typer.Typer(help="Who is told how deliveries end.", no_args_is_help=True)
    group.command(
        "add", epilog=examples("bellwire callbacks add https://receiver.contoso.example/bellwire --sender alerts")
    )(add)
    group.command("list")(show_list)
    group.command("test")(try_out)
    group.command("new-secret")(new_secret)
    group.command("remove")(remove)
    app.add_typer(group, name="callbacks")


def add(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            envvar="BELLWIRE_CALLBACK_URL",
            help="The receiver's https address; if it holds a secret, better in the environment.",
            show_default=False,
        ),
    ],
    sender: Annotated[str | None, typer.Option(help="Only what this sender sends.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only what was sent with this reference.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only what is sent with the same API key.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Have a receiver told how deliveries end. The secret that signs is shown here once."""
    try:
        made = ask(url, key, lambda client: client.add_callback(address, sender=sender, reference=reference, mine=mine))
    except InvalidInput as error:
        if error.field != "url":
            raise
        # On this command --url is the service's address.
        raise InvalidInput(error.detail, field="ADDRESS", code=error.code, remedy=error.remedy) from None
    if as_json:
        show_json(plain(made))
        return
    show(made.secret or "")
    remark(f"This is the secret of {made.id}, which tells {made.host}. It is not shown again.")


def show_list(url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """List the callbacks, and whether their receivers take what they are told."""
    found = ask(url, key, lambda client: client.callbacks())
    if as_json:
        show_json(plain(found))
    elif found:
        from bellwire.cli.tables import callback_table

        show(callback_table(found))
    else:
        remark("No callbacks. Add one with 'bellwire callbacks add ADDRESS'.")


def try_out(callback_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> Exit:
    """Send one event for trial now, and say what the receiver answers."""
    found = ask(url, key, lambda client: client.test_callback(callback_id))
    if as_json:
        show_json(plain(found))
    else:
        remark(f"{found.reply}: {found.answer}")
    return Exit.OK if found.reply == "taken" else Exit.NOT_DONE


def new_secret(callback_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Sign with a new secret, shown here once; for a day the old one signs too."""
    made = ask(url, key, lambda client: client.rotate_callback_secret(callback_id))
    if as_json:
        show_json(plain(made))
        return
    show(made.secret or "")
    remark(f"This is the new secret of {made.id}. It is not shown again.")


def remove(callback_id: Id, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Have a receiver told nothing any more."""
    ask(url, key, lambda client: client.remove_callback(callback_id))
    if as_json:
        show_json({"id": callback_id})
        return
    remark(f"{callback_id} is told nothing any more.")
