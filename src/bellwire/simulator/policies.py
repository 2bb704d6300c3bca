"""What a tenant's Teams administrators decide about apps, for everybody and for some (platform reference §1.2, §7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from bellwire.simulator.person import Person


@dataclass(slots=True, eq=False)
class TenantPolicy:
    """``custom_apps`` is the organisation's setting for apps of its own, of which every bot here is one; ``blocked``
    are the app ids that are blocked for everybody. ``everybody`` is what the global app permission policy says, and
    ``assigned`` what the policies say that were assigned to people, by object id.
    """

    custom_apps: bool = True
    blocked: set[str] = field(default_factory=set)
    everybody: bool = True
    assigned: dict[str, bool] = field(default_factory=dict)

    def allows(self, app_id: str, person: Person) -> bool:
        """Whether this person may use this app."""
        permitted = self.assigned.get(person.aad_object_id, self.everybody)
        return self.custom_apps and app_id not in self.blocked and permitted
