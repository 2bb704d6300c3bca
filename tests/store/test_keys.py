"""API keys: shown once, kept as a hash, revocable."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bellwire.store import keys, tables
from bellwire.store.database import Database
from bellwire.store.keys import ApiKey
from tests.store.examples import LATER, NOW


async def added(database: Database, name: str = "crm") -> tuple[ApiKey, str]:
    secret = keys.new_secret()
    key = await database.write(lambda conn: keys.add(conn, id=f"id of {name}", name=name, secret=secret, now=NOW))
    return key, secret


def test_secrets_are_long_random_and_recognisable() -> None:
    secrets = {keys.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(secret.startswith("bw_") and len(secret) == 46 for secret in secrets)


async def test_a_key_is_found_by_its_secret(database: Database) -> None:
    key, secret = await added(database)

    assert await database.read(lambda conn: keys.find(conn, secret)) == key
    assert secret.startswith(key.prefix)


@pytest.mark.parametrize("secret", ["", "bw_", "bw_guess", "\ud800", "bw_" + "x" * 100_000, "' OR 1=1 --", "\x00"])
async def test_anything_else_finds_nothing(database: Database, secret: str) -> None:
    await added(database)

    assert await database.read(lambda conn: keys.find(conn, secret)) is None


async def test_the_secret_itself_is_kept_nowhere(database: Database) -> None:
    key, secret = await added(database)

    row = await database.read(lambda conn: conn.execute(select(tables.api_keys)).one())

    assert not any(secret in str(value) for value in (*row, repr(key)))


async def test_a_revoked_key_is_refused_and_stays_listed(database: Database) -> None:
    key, secret = await added(database)

    assert await database.write(lambda conn: keys.revoke(conn, key.id, LATER))
    assert not await database.write(lambda conn: keys.revoke(conn, key.id, LATER))
    assert await database.read(lambda conn: keys.find(conn, secret)) is None
    (listed,) = await database.read(keys.every)
    assert (listed.id, listed.revoked_at) == (key.id, LATER)
    assert await database.read(lambda conn: keys.get(conn, key.id)) == listed


async def test_an_unknown_key_cannot_be_revoked(database: Database) -> None:
    assert not await database.write(lambda conn: keys.revoke(conn, "none", NOW))
    assert await database.read(lambda conn: keys.get(conn, "none")) is None


async def test_the_same_secret_cannot_be_two_keys(database: Database) -> None:
    _, secret = await added(database)

    with pytest.raises(IntegrityError):
        await database.write(lambda conn: keys.add(conn, id="2", name="other", secret=secret, now=NOW))


async def test_the_last_use_is_noted_at_most_once_a_minute(database: Database) -> None:
    key, _ = await added(database)
    noted = []
    for seconds in (0, 30, 59, 60, 61):
        now = NOW + timedelta(seconds=seconds)
        before = await database.read(lambda conn: keys.get(conn, key.id))
        await database.write(partial(keys.note_use, id=key.id, now=now))
        after = await database.read(lambda conn: keys.get(conn, key.id))
        assert before is not None
        assert after is not None
        assert keys.worth_noting(before, now) == (after != before)
        noted.append(after.last_used_at)

    assert noted == [NOW, NOW, NOW, NOW + timedelta(seconds=60), NOW + timedelta(seconds=60)]
