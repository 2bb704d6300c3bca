"""Who is meant: the person of a tenant that a caller names by object id, user principal name or e-mail address.

What the directory told is kept for a time, since names change seldom and every look-up takes a request. Only people
who were found are kept: whoever is not found now may exist in a minute. What is too old is never used, not even while
the directory is away, because an address may have gone to somebody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final

from bellwire.errors import Unreachable
from bellwire.model.directory import Found, Refused, only
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.service.directory import Directory
from bellwire.service.senders import Senders
from bellwire.store import names
from bellwire.store.database import Database

AT_ONCE: Final = 20
"""Names in a request."""

TOGETHER: Final = 3
"""Requests to the directory at the same time, for one call."""

Meant = str | Reason
"""An object id, or why nobody is meant."""


class Who:
    """Finds people. ``directories`` are the senders' by name; ``keep_for`` is how long an answer is used again."""

    def __init__(
        self,
        database: Database,
        senders: Senders,
        directories: Mapping[str, Directory],
        clock: Callable[[], datetime],
        *,
        keep_for: timedelta = timedelta(days=1),
    ) -> None:
        self._database = database
        self._senders = senders
        self._directories = directories
        self._clock = clock
        self._keep_for = keep_for

    async def person(self, sender: str, recipient: Recipient) -> Person:
        """The person that the recipient stands for.

        Raises:
            InvalidInput: an id is no GUID, or it is not clear which tenant is meant.
            TenantNotAllowed: the tenant is not on the allow-list.
            Unreachable: nobody is meant, or several, or someone whom a bot cannot write to; the code says which.
            Unavailable: the directory does not answer at present.
        """
        if recipient.kind is RecipientKind.AAD_OBJECT_ID:
            return self._senders.person(sender, recipient)
        tenant_id = self._senders.tenant(sender, recipient.tenant_id)
        meant = (await self.people(sender, tenant_id, [recipient]))[recipient]
        if isinstance(meant, Reason):
            fact, remedy, _ = EXPLANATIONS[meant]
            raise Unreachable(fact, field=f"to.{recipient.kind}", code=meant, remedy=remedy)
        return Person(sender, tenant_id, meant)

    def can_ask(self, sender: str) -> bool:
        """Whether this sender has a directory to ask."""
        return sender in self._directories

    async def people(self, sender: str, tenant_id: str, wanted: Collection[Recipient]) -> dict[Recipient, Meant]:
        """Whom each of these user principal names and addresses stands for; any number of them.

        What was found before a failure is kept, so that the same call takes less the next time.

        Raises:
            Unreachable: the sender has no directory to ask.
            Unavailable: the directory does not answer at present.
        """
        since = self._clock() - self._keep_for
        found: dict[Recipient, Meant] = dict(
            await self._database.read(partial(names.known, tenant_id=tenant_id, wanted=wanted, since=since))
        )
        strangers = [name for name in dict.fromkeys(wanted) if name not in found]
        if strangers:
            found.update(await self._ask(self._directory(sender, strangers[0]), tenant_id, strangers))
        return found

    async def _ask(
        self, directory: Directory, tenant_id: str, strangers: Sequence[Recipient]
    ) -> dict[Recipient, Meant]:
        seats = asyncio.Semaphore(TOGETHER)

        async def ask(some: Sequence[Recipient]) -> dict[Recipient, Meant]:
            async with seats:
                return await self._look_up(directory, tenant_id, some)

        parts = [strangers[start : start + AT_ONCE] for start in range(0, len(strangers), AT_ONCE)]
        # All are waited for, so that what the others found is kept when one of them fails.
        answers = await asyncio.gather(*map(ask, parts), return_exceptions=True)
        failed = next((each for each in answers if isinstance(each, BaseException)), None)
        if failed is not None:
            raise failed
        return dict(chain.from_iterable(each.items() for each in answers if isinstance(each, dict)))

    async def _look_up(self, directory: Directory, tenant_id: str, some: Sequence[Recipient]) -> dict[Recipient, Meant]:
        answers = await directory.find(tenant_id, some)
        meant = {name: _meant(answer) for name, answer in zip(some, answers, strict=True)}
        people = {name: each for name, each in meant.items() if not isinstance(each, Reason)}
        await self._database.write(partial(names.keep, tenant_id=tenant_id, found=people, now=self._clock()))
        return meant

    def _directory(self, sender: str, name: Recipient) -> Directory:
        directory = self._directories.get(sender)
        if directory is None:
            raise Unreachable(
                "There is no Microsoft Graph to ask who has this name.",
                field=f"to.{name.kind}",
                code="recipient_not_resolvable",
                remedy="Set BELLWIRE_CLOUD__GRAPH_URL, or name the person by aad_object_id, the Entra object id.",
            )
        return directory


def _meant(answer: Found) -> Meant:
    if isinstance(answer, Refused):
        return answer.reason
    user = only(answer)
    return user if isinstance(user, Reason) else user.aad_object_id
