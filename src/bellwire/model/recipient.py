"""Whom the caller names, and the person that the name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RecipientKind(StrEnum):
    """What kind of name the caller used."""

    AAD_OBJECT_ID = "aad_object_id"
    UPN = "upn"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person as the caller names them; ``tenant_id`` only where the sender's own tenant is not meant."""

    kind: RecipientKind
    value: str
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """A person of a tenant, as one sender knows them: the key of every conversation reference."""

    sender: str
    tenant_id: str
    aad_object_id: str
