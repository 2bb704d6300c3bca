"""A caller is known by a key: one from the settings, or one that was made and not revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellwire.errors import InvalidInput, InvalidKey, NotFound
from bellwire.service.keys import TRUSTED_FOR, Keys
from bellwire.store.database import Database

from .people import Story

LISTED = "a-key-for-a-start-0001"


@pytest.fixture
def keys(story: Story) -> Keys:
    return Keys(story.database, [LISTED], lambda: story.now)


async def test_a_key_of_the_settings_is_good_and_its_caller_the_same_after_a_restart(story: Story, keys: Keys) -> None:
    again = Keys(story.database, ["another-key-0002", LISTED], lambda: story.now)
    assert await keys.authenticate(LISTED) == await again.authenticate(LISTED)


async def test_a_made_key_is_good_under_its_name(keys: Keys) -> None:
    key, secret = await keys.add("build server")
    caller = await keys.authenticate(secret)
    assert (caller.id, caller.name) == (key.id, "build server")
    assert secret.startswith("bw_")
    assert [each.name for each in await keys.every()] == ["build server"]


@pytest.mark.parametrize("presented", ["", "wrong", LISTED + "x", LISTED[:-1], "\u00e4", "a b", "\x00", "x" * 10_000])
async def test_any_other_key_is_refused(keys: Keys, presented: str) -> None:
    await keys.add("somebody")
    with pytest.raises(InvalidKey):
        await keys.authenticate(presented)


async def test_without_any_key_everybody_is_refused(database: Database, story: Story) -> None:
    with pytest.raises(InvalidKey):
        await Keys(database, [], lambda: story.now).authenticate(LISTED)


async def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(keys: Keys) -> None:
    key, secret = await keys.add("somebody")
    await keys.authenticate(secret)
    revoked = await keys.revoke(key.id)
    assert revoked.revoked_at is not None
    with pytest.raises(InvalidKey):
        await keys.authenticate(secret)


async def test_another_process_refuses_a_revoked_key_after_seconds(story: Story, keys: Keys) -> None:
    elsewhere = Keys(story.database, [], lambda: story.now)
    key, secret = await keys.add("somebody")
    await elsewhere.authenticate(secret)
    await keys.revoke(key.id)
    story.now += TRUSTED_FOR
    with pytest.raises(InvalidKey):
        await elsewhere.authenticate(secret)


async def test_when_a_key_was_last_used_is_remembered(story: Story, keys: Keys) -> None:
    _, secret = await keys.add("somebody")
    await keys.authenticate(secret)
    first = story.now
    story.now += timedelta(minutes=2)
    await keys.authenticate(secret)
    (key,) = await keys.every()
    assert key.last_used_at == story.now > first


async def test_a_key_needs_a_name_and_only_what_exists_can_be_revoked(keys: Keys) -> None:
    with pytest.raises(InvalidInput):
        await keys.add(" ")
    with pytest.raises(NotFound):
        await keys.revoke("nobody")
