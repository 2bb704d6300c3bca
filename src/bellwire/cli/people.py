"""``bellwire people``: who can be reached, and if not why and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli import people_export, people_import, people_install
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Limit, Url, examples
from bellwire.cli.people_check import check
from bellwire.cli.service import ask, plain
from bellwire.cli.terminal import remark, show, show_json, tell_of_the_limit
from bellwire.errors import NotFound

if TYPE_CHECKING:
    from bellwire.client import AsyncClient, Person


def register(app: typer.Typer) -> None:
    """Hang ``people`` onto the command line."""
    group = typer.Typer(help="Who can be reached, and if not why.", no_args_is_help=True)
    group.command("list")(show_list)
    group.command("show", epilog=examples("bellwire people show adele@contoso.example"))(show_one)
    people_import.register(group)
    people_export.register(group)
    group.command("check", epilog=examples("bellwire people check --csv people.csv"))(check)
    people_install.register(group)
    app.add_typer(group, name="people")


def show_list(
    sender: Annotated[str | None, typer.Option(help="Only as this sender knows them.")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state, such as uninstalled.")] = None,
    limit: Limit = 50,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """List the people that Bellwire knows."""

    async def known(client: AsyncClient) -> list[Person]:
        found: list[Person] = []
        async for person in client.everyone(sender=sender, state=state):
            found.append(person)
            if len(found) == limit:
                break
        return found

    found = ask(url, key, known)
    if as_json:
        show_json(plain(found))
    elif found:
        from bellwire.cli.tables import people_table

        show(people_table(found))
        tell_of_the_limit(found, limit)
    elif sender or state:
        remark("Nobody is known of whom that is so.")
    else:
        remark("Nobody is known yet. A person becomes known when the app is installed, or by writing to the bot.")


def show_one(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Their Entra object id, UPN or e-mail address.")],
    tenant: Annotated[
        str | None, typer.Option(help="Their tenant; without it, all are looked through, for a name the sender's own.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Show what is known of one person."""

    async def found(client: AsyncClient) -> Person:
        if "@" in name:
            return await client.find_person(name, tenant_id=tenant)
        if tenant is not None:
            return await client.person(name, tenant_id=tenant)
        return await _search(client, name.lower())

    person = ask(url, key, found)
    if as_json:
        show_json(plain(person))
    else:
        from bellwire.cli.tables import person_facts

        show(person_facts(person))


async def _search(client: AsyncClient, aad_object_id: str) -> Person:
    for person in await client.people(aad_object_id=aad_object_id, limit=1):
        return person
    raise NotFound("Nobody with this object id has been seen.", remedy="Have the app installed for them.")
