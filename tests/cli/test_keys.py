"""``bellwire keys``: made, listed and revoked in the database of the settings; only a hash is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bellwire.cli.exits import Exit
from bellwire.client import AsyncClient
from bellwire.errors import InvalidKey
from bellwire.store.database import Database
from tests.cli.conftest import Command
from tests.support.service import running


async def test_a_key_is_good_at_once_until_it_is_revoked(command: Command, sqlite_url: str, tmp_path: Path) -> None:
    env = {"BELLWIRE_DATABASE_URL": sqlite_url}
    made = (await asyncio.to_thread(command, "keys", "add", "the build", "--json", env=env)).json
    assert made["key"].encode() not in (tmp_path / "bellwire.db").read_bytes()
    async with running(sqlite_url, work=False) as service, AsyncClient(service.url, key=made["key"]) as client:
        assert (await client.books()).accepted == 0
    assert (await asyncio.to_thread(command, "keys", "revoke", made["id"], env=env)).code == Exit.OK
    async with running(sqlite_url, work=False) as service, AsyncClient(service.url, key=made["key"]) as client:
        with pytest.raises(InvalidKey):
            await client.books()
    listed = (await asyncio.to_thread(command, "keys", "list", env=env)).out
    assert made["id"] in listed
    assert made["key"] not in listed


def test_the_key_alone_stands_on_standard_output(command: Command) -> None:
    made = command("keys", "add", "first")
    assert made.out.startswith("bw_")
    assert len(made.out.split()) == 1
    assert "not shown again" in made.err


def test_the_database_in_which_a_key_is_kept_is_told(command: Command, tmp_path: Path) -> None:
    kept = str((tmp_path / "bellwire.db").resolve())
    assert kept in command("keys", "list").err
    assert kept in command("keys", "add", "first").err


def test_a_server_is_told_without_user_and_password() -> None:
    assert Database("postgresql://bellwire:s3cret@db.example:6432/alerts").place == "alerts at db.example:6432"


def test_an_unknown_key_cannot_be_revoked(command: Command, sqlite_url: str) -> None:
    ended = command("keys", "revoke", "nonsense", env={"BELLWIRE_DATABASE_URL": sqlite_url})
    assert ended.code == Exit.NOT_DONE
    assert "bellwire keys list" in ended.err
