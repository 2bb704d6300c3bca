"""A person as the tenant's directory (Microsoft Entra) knows them, and whether a bot may write to such a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bellwire.model.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryUser:
    """One account. ``guest`` is someone of another organisation, ``enabled`` whether the account may sign in."""

    aad_object_id: str
    guest: bool = False
    enabled: bool = True
    name: str | None = None
    upn: str | None = None
    mail: str | None = None


def only(found: Sequence[DirectoryUser]) -> DirectoryUser | Reason:
    """The one person that is meant, of all that the directory found by one name; or why nobody can be.

    Among several, the only one who is neither a guest nor disabled is meant: an address often stands both at a
    person's account and at one that they had before.
    """
    if not found:
        return Reason.NO_SUCH_PERSON
    meant = [user for user in found if obstacle(user) is None] or found
    if len(meant) > 1:
        return Reason.SEVERAL_PEOPLE
    return obstacle(meant[0]) or meant[0]


def obstacle(user: DirectoryUser) -> Reason | None:
    """Why a bot cannot write to this person, as far as the directory tells (platform reference §1.1)."""
    if user.guest:
        return Reason.GUEST
    return None if user.enabled else Reason.ACCOUNT_DISABLED


@dataclass(frozen=True, slots=True)
class Refused:
    """The directory will not do it: ``reason`` says why; ``status`` and ``code`` are its own."""

    reason: Reason
    status: int | None = None
    code: str = ""


Found = Sequence[DirectoryUser] | Refused
"""Everybody whom a name may mean, or why the directory does not tell."""


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Some members of a group, and where the next ones are; at the end None."""

    users: Sequence[DirectoryUser]
    following: str | None
