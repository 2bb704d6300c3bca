"""Look-ups of people and groups."""

from __future__ import annotations

import re
from typing import Any

from bellwire.simulator.graph import no
from bellwire.simulator.graph.asked import Answer, GraphAsked
from bellwire.simulator.graph.entra import READ_GROUPS, READ_PEOPLE, Entra
from bellwire.simulator.graph.no import GraphRefused
from bellwire.simulator.person import Person
from bellwire.simulator.world import World

CLAUSE = re.compile(
    r"(?P<field>mail|userPrincipalName|id) eq '(?P<value>(?:[^']|'')*)'"
    r"|proxyAddresses/any\((?P<var>\w+):(?P=var) eq '(?P<proxy>(?:[^']|'')*)'\)",
    re.IGNORECASE,
)
SELECTABLE = ("id", "displayName", "userPrincipalName", "mail", "userType", "accountEnabled", "proxyAddresses")
BY_DEFAULT = ("id", "displayName", "userPrincipalName", "mail")
PAGE, LARGEST_PAGE = 100, 999


class GraphPeople:
    """GET /users, /users/{id or UPN} and /groups/{id}/transitiveMembers."""

    def __init__(self, world: World, entra: Entra) -> None:
        self._world = world
        self._entra = entra

    def one(self, asked: GraphAsked) -> Answer:
        self._allow(asked, READ_PEOPLE)
        return 200, _view(self.named(asked, asked.parts[1]), asked), {}

    def some(self, asked: GraphAsked) -> Answer:
        """By a filter of comparisons joined with ``or``; anything else is refused as Graph does."""
        self._allow(asked, READ_PEOPLE)
        clauses = re.split(r" or ", asked.query.get("$filter", ""), flags=re.IGNORECASE)
        matches = [CLAUSE.fullmatch(clause.strip()) for clause in clauses]
        if not all(matches):
            raise GraphRefused(no.BAD_FILTER)
        people = [
            person
            for person in self._world.people.values()
            if person.tenant_id == asked.tenant_id and not person.deleted and any(map(_fits(person), matches))
        ]
        return 200, {"value": [_view(person, asked) for person in people]}, {}

    def members(self, asked: GraphAsked) -> Answer:
        """GET /groups/{id}/transitiveMembers/microsoft.graph.user: advanced, so it wants ConsistencyLevel."""
        self._allow(asked, READ_GROUPS)
        if asked.headers.get("consistencylevel", "").lower() != "eventual" or asked.query.get("$count") != "true":
            raise GraphRefused(no.BAD_REQUEST.but("This query needs ConsistencyLevel: eventual and $count=true."))
        group = self._entra.groups.get(asked.parts[1])
        if group is None or group.tenant_id != asked.tenant_id:
            raise GraphRefused(no.USER_NOT_FOUND.but(no.USER_NOT_FOUND.message.format(asked.parts[1])))
        people = self._entra.members(group)
        size = min(int(asked.query.get("$top", PAGE)), LARGEST_PAGE)
        start = int(asked.query.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": [_view(each, asked) for each in people[start : start + size]]}
        if start == 0:
            page["@odata.count"] = len(people)
        if start + size < len(people):
            kept = {**asked.query, "$skiptoken": str(start + size)}
            address = "&".join(f"{name}={value}" for name, value in kept.items())
            page["@odata.nextLink"] = f"{asked.base_url}/v1.0/{'/'.join(asked.parts)}?{address}"
        return 200, page, {}

    def named(self, asked: GraphAsked, name: str) -> Person:
        """The person of the tenant with this id or UPN. Raises GraphRefused."""
        person = self._world.people.get(name.lower()) or next(
            (each for each in self._world.people.values() if each.upn.lower() == name.lower()), None
        )
        if person is None or person.deleted or person.tenant_id != asked.tenant_id:
            raise GraphRefused(no.USER_NOT_FOUND.but(no.USER_NOT_FOUND.message.format(name)))
        return person

    def _allow(self, asked: GraphAsked, permission: str) -> None:
        if permission not in self._entra.consented(asked.bot, asked.tenant_id):
            raise GraphRefused(no.NO_PRIVILEGES)


def _fits(person: Person) -> Any:
    addresses = {f"smtp:{address}".lower() for address in (person.email, *person.aliases) if address}
    values = {"mail": person.email.lower(), "userprincipalname": person.upn.lower(), "id": person.aad_object_id}

    def fits(match: re.Match[str]) -> bool:
        if match["proxy"] is not None:
            return match["proxy"].replace("''", "'").lower() in addresses
        return values[match["field"].lower()] == match["value"].replace("''", "'").lower()

    return fits


def _view(person: Person, asked: GraphAsked) -> dict[str, Any]:
    whole = {
        "id": person.aad_object_id,
        "displayName": person.name,
        "userPrincipalName": person.upn,
        "mail": person.email or None,
        "userType": "Guest" if person.guest else "Member",
        "accountEnabled": person.enabled,
        "proxyAddresses": [f"SMTP:{person.email}", *(f"smtp:{alias}" for alias in person.aliases)],
    }
    wanted = asked.query.get("$select")
    names = wanted.split(",") if wanted else BY_DEFAULT
    return {name: whole[name] for name in names if name in SELECTABLE}
