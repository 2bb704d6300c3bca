"""As whom a message goes out, and which person of which tenant a caller's recipient stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bellwire.errors import InvalidInput, NotFound, TenantNotAllowed
from bellwire.model.recipient import Person, Recipient
from bellwire.service.command import is_guid


@dataclass(frozen=True, slots=True)
class Senders:
    """The configured senders: each one's own tenant by its name, the default's name, and the allowed tenants.

    ``flows`` are those of kind ``flow``. ``order`` are those to choose from, the first that reaches the person, if the
    caller leaves it open.
    """

    own_tenants: Mapping[str, str | None]
    default: str | None
    allowed_tenants: frozenset[str]
    flows: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()

    def choose(self, named: str | None) -> str:
        """The sender that is meant: the one named, or the default, or the only one.

        Raises:
            NotFound: there is no sender of that name.
            InvalidInput: none is named, and it is not clear which.
        """
        if named is not None:
            return self.known(named)
        if (usual := self.usual) is not None:
            return usual
        if not self.own_tenants:
            raise NotFound(
                "No sender is configured.",
                field="sender",
                code="sender_unknown",
                remedy="Configure one with BELLWIRE_SENDERS__<NAME>__APP_ID and its credentials.",
            )
        raise InvalidInput(
            "There are several senders and none is the default.",
            field="sender",
            remedy=f"Name one of {', '.join(sorted(self.own_tenants))}, or set BELLWIRE_DEFAULT_SENDER.",
        )

    @property
    def usual(self) -> str | None:
        """The sender that is meant when none is named: the default, the first in order, or the only one."""
        only = list(self.own_tenants) if len(self.own_tenants) == 1 else []
        return next(iter((*filter(None, [self.default]), *self.order, *only)), None)

    def known(self, name: str) -> str:
        """The name, if it is a configured sender's.

        Raises:
            NotFound: it is not.
        """
        if name not in self.own_tenants:
            raise NotFound(
                "No sender of this name is configured.",
                field="sender",
                code="sender_unknown",
                remedy=f"Name one of {', '.join(sorted(self.own_tenants)) or 'those that you configure first'}.",
            )
        return name

    def person(self, sender: str, recipient: Recipient) -> Person:
        """Whom the recipient stands for, who is named by an object id.

        Raises:
            InvalidInput: an id is no GUID, or it is not clear which tenant is meant.
            TenantNotAllowed: the tenant is not on the allow-list.
        """
        tenant_id = self.tenant(sender, recipient.tenant_id)
        return Person(sender, tenant_id, guid_of(recipient.value, "to.aad_object_id"))

    def others(self, named: str | None, chosen: str, tenant_id: str) -> tuple[str, ...]:
        """The senders to turn to, in order, if ``chosen`` cannot reach a person of this tenant; none if one was named.

        A sender of another tenant's is left out: the person's object id means nobody there.
        """
        if named is not None:
            return ()
        home = {name for name, tenant in self.own_tenants.items() if tenant is not None and tenant.lower() == tenant_id}
        return tuple(name for name in self.order if name != chosen and name in home)

    def bots_of(self, tenant_id: str) -> set[str]:
        """The bots of this tenant, and those that are of none."""
        at_home = {name for name, own in self.own_tenants.items() if own is None or own.lower() == tenant_id}
        return at_home - self.flows

    def tenant(self, sender: str, named: str | None, *, field: str = "to.tenant_id") -> str:
        """The tenant that is meant: the one named, or the sender's own.

        Raises:
            InvalidInput: the id is no GUID, or none is named and the sender has no tenant of its own.
            TenantNotAllowed: the tenant is not on the allow-list.
        """
        meant = named or self.own_tenants[sender]
        if meant is None:
            raise InvalidInput(
                "The sender has no tenant of its own.", field=field, remedy="Name the person's tenant by its id."
            )
        tenant_id = guid_of(meant, field)
        if tenant_id not in self.allowed_tenants:
            raise TenantNotAllowed("The person's tenant is not on the allow-list.", field=field)
        return tenant_id


def guid_of(value: str, field: str) -> str:
    """The id in lower case, the form in which Entra ids are kept.

    Raises:
        InvalidInput: it is not a GUID; names ``field``.
    """
    lowered = value.lower()
    if not is_guid(lowered):
        raise InvalidInput(
            "It is not a GUID.", field=field, remedy="Use the id as Entra shows it: 8-4-4-4-12 hexadecimal digits."
        )
    return lowered
