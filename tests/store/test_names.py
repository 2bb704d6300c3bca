"""What the directory told is kept for as long as it is young enough, and forgotten when nobody asks any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.store import names
from bellwire.store.database import Database

NOW: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)
TENANT: Final = "11111111-1111-4111-8111-111111111111"
ADELE = Recipient(RecipientKind.EMAIL, "Adele@Contoso.example")
ALEX = Recipient(RecipientKind.UPN, "alex@contoso.example")


async def known(database: Database, *, tenant: str = TENANT, since: datetime = NOW) -> dict[Recipient, str]:
    """What is told of the two."""
    return await database.read(partial(names.known, tenant_id=tenant, wanted=[ADELE, ALEX], since=since))


async def keep(database: Database, now: datetime, **found: str) -> None:
    """The directory tells something."""
    told = {{"adele": ADELE, "alex": ALEX}[who]: person for who, person in found.items()}
    await database.write(partial(names.keep, tenant_id=TENANT, found=told, now=now))


async def test_a_name_is_known_in_its_tenant_whatever_its_case_until_it_is_too_old(database: Database) -> None:
    await keep(database, NOW, adele="a", alex="b")
    assert await known(database, since=NOW - timedelta(seconds=1)) == {ADELE: "a", ALEX: "b"}
    assert await known(database, since=NOW) == {}
    assert await known(database, tenant="other", since=NOW - timedelta(seconds=1)) == {}
    shouted = Recipient(RecipientKind.EMAIL, "ADELE@CONTOSO.EXAMPLE")
    since = NOW - timedelta(seconds=1)
    found = await database.read(partial(names.known, tenant_id=TENANT, wanted=[shouted], since=since))
    assert found == {shouted: "a"}


async def test_the_newest_answer_counts(database: Database) -> None:
    await keep(database, NOW, adele="a")
    await keep(database, NOW + timedelta(seconds=2), adele="b")
    assert await known(database, since=NOW) == {ADELE: "b"}


async def test_names_that_nobody_asked_for_are_forgotten(database: Database) -> None:
    await keep(database, NOW, adele="a")
    await keep(database, NOW + timedelta(seconds=1), alex="b")
    assert await database.write(partial(names.prune, now=NOW + names.KEPT_FOR + timedelta(seconds=1))) == 1
    assert await known(database, since=NOW - timedelta(days=1)) == {ALEX: "b"}
