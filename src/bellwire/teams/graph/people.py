"""Looking people and groups up: by object id, user principal name, mail and proxy address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from bellwire.model.directory import DirectoryUser, Found, MembersPage, Refused
from bellwire.model.reason import Reason
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.teams.graph.failures import About
from bellwire.teams.graph.wire import Ask, GraphWire, Told

SELECT: Final = "id,displayName,userPrincipalName,mail,userType,accountEnabled"
LARGEST_PAGE: Final = 999


class GraphPeople:
    """One sender's look-ups."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire

    async def find(self, tenant_id: str, names: Sequence[Recipient]) -> list[Found]:
        """Whom each of these names may mean in the tenant, in their order; 20 names in a request.

        Raises:
            GraphUnavailable: Graph does not answer, or asks to come back later.
        """
        return [_found(reply) for reply in await self._wire.batch(tenant_id, [_ask(name) for name in names])]

    async def members(self, tenant_id: str, group_id: str, following: str | None = None) -> MembersPage | Refused:
        """A page of a group's members, those of the groups in it among them; ``following`` as the page before said.

        https://learn.microsoft.com/graph/api/group-list-transitivemembers

        Raises:
            GraphUnavailable: Graph does not answer, or asks to come back later.
        """
        first = f"/groups/{quote(group_id, safe='')}/transitiveMembers/microsoft.graph.user"
        path = following or f"{first}?$count=true&$select={SELECT}&$top={LARGEST_PAGE}"
        reply = await self._wire.ask(tenant_id, Ask("GET", path, About.GROUP, advanced=True))
        if isinstance(reply, Refused):
            return reply
        users = [user for each in reply.listed if (user := _user(each)) is not None]
        return MembersPage(users, self._following(reply))

    def _following(self, reply: Told) -> str | None:
        """The next page's path. An address of any other host is not followed, since the token would go there."""
        link = reply.document.get("@odata.nextLink")
        if not isinstance(link, str) or not link.startswith(f"{self._wire.base}/"):
            return None
        return link.removeprefix(self._wire.base)


def _ask(name: Recipient) -> Ask:
    if name.kind is RecipientKind.AAD_OBJECT_ID:
        return Ask("GET", f"/users/{quote(name.value, safe='')}?$select={SELECT}", About.PEOPLE)
    value = name.value.replace("'", "''")
    if name.kind is RecipientKind.UPN:
        # As a filter, since in the path a name that begins with $ or holds # has to be written in a special way.
        wanted = f"userPrincipalName eq '{value}'"
        return Ask("GET", f"/users?$filter={_part(wanted)}&$select={SELECT}", About.PEOPLE)
    # People write a user principal name for an address, since both look alike and mostly are.
    wanted = f"mail eq '{value}' or proxyAddresses/any(p:p eq 'smtp:{value}') or userPrincipalName eq '{value}'"
    path = f"/users?$filter={_part(wanted)}&$count=true&$select={SELECT}"
    return Ask("GET", path, About.PEOPLE, advanced=True)


def _part(text: str) -> str:
    return quote(text, safe="':/()")


def _found(reply: Told | Refused) -> Found:
    if isinstance(reply, Refused):
        return [] if reply.reason is Reason.NO_SUCH_PERSON else reply
    listed = reply.listed if "value" in reply.document else [reply.document]
    return [user for each in listed if (user := _user(each)) is not None]


def _user(said: Mapping[str, Any]) -> DirectoryUser | None:
    def text(name: str) -> str | None:
        value = said.get(name)
        return value if isinstance(value, str) and value else None

    found = text("id")
    if found is None:
        return None
    return DirectoryUser(
        aad_object_id=found.lower(),
        guest=(text("userType") or "").lower() == "guest",
        enabled=said.get("accountEnabled") is not False,
        name=text("displayName"),
        upn=text("userPrincipalName"),
        mail=text("mail"),
    )
