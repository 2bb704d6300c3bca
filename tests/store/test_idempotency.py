"""Idempotency keys: the same request again is answered as the first one was."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bellwire.store import idempotency
from bellwire.store.database import Database
from bellwire.store.idempotency import KEPT_FOR, Claim, Verdict
from tests.store.examples import LATER, NOW


async def claim(database: Database, body_hash: str, now: datetime, delivery_id: str, *, caller: str = "c") -> Claim:
    return await database.write(
        lambda conn: idempotency.claim(conn, caller, "key", body_hash, now, delivery_id=delivery_id, answer=None)
    )


async def test_a_new_key_is_fresh(database: Database) -> None:
    assert await claim(database, "hash", NOW, "first") == Claim(Verdict.FRESH, "first")


async def test_the_same_request_again_is_a_replay_with_the_first_answer(database: Database) -> None:
    await claim(database, "hash", NOW, "first")
    await database.write(lambda conn: idempotency.keep_answer(conn, "c", "key", '{"id": "first"}'))

    assert await claim(database, "hash", LATER, "second") == Claim(Verdict.REPLAY, "first", '{"id": "first"}')


async def test_another_request_with_the_same_key_is_a_conflict(database: Database) -> None:
    await claim(database, "hash", NOW, "first")

    assert (await claim(database, "other", LATER, "second")).verdict is Verdict.CONFLICT


async def test_callers_do_not_share_keys(database: Database) -> None:
    await claim(database, "hash", NOW, "first")

    assert (await claim(database, "other", NOW, "second", caller="d")).verdict is Verdict.FRESH


async def test_a_key_is_free_again_after_a_day(database: Database) -> None:
    await claim(database, "hash", NOW, "first")

    assert await claim(database, "hash", NOW + KEPT_FOR, "second") == Claim(Verdict.FRESH, "second")


async def test_pruning_forgets_what_is_over_and_nothing_else(database: Database) -> None:
    await claim(database, "hash", NOW, "first")
    await claim(database, "hash", LATER, "second", caller="d")

    assert await database.write(lambda conn: idempotency.prune(conn, NOW + KEPT_FOR)) == 1
    assert (await claim(database, "hash", LATER, "third", caller="d")).verdict is Verdict.REPLAY
    assert (await claim(database, "hash", LATER, "fourth")).verdict is Verdict.FRESH


async def test_of_many_at_once_in_two_services_exactly_one_is_fresh(database: Database, database_url: str) -> None:
    other = Database(database_url)
    await other.start()
    claims = await asyncio.gather(
        *(
            claim(each, "hash", NOW, f"{number} {place}")
            for number in range(20)
            for place, each in enumerate((database, other))
        )
    )
    await other.close()

    (fresh,) = [each for each in claims if each.verdict is Verdict.FRESH]
    assert {each.delivery_id for each in claims} == {fresh.delivery_id}


async def test_a_request_that_failed_leaves_its_key_free(database: Database) -> None:
    def fail(conn: object) -> None:
        idempotency.claim(conn, "c", "key", "hash", NOW, delivery_id="first")  # type: ignore[arg-type]  # is one
        raise LookupError

    result = await asyncio.gather(database.write(fail), return_exceptions=True)

    assert isinstance(result[0], LookupError)
    assert (await claim(database, "hash", NOW, "second")).verdict is Verdict.FRESH


async def test_a_released_key_is_free_again(database: Database) -> None:
    await claim(database, "hash", NOW, "first")
    await database.write(lambda conn: idempotency.release(conn, "c", "key"))

    assert await claim(database, "other", NOW, "second") == Claim(Verdict.FRESH, "second")
