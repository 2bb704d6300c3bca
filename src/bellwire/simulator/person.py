"""People of the simulated organisation, and what each of them has to do with a bot."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Person:
    """One Entra user; ``aliases`` are further addresses of the mailbox."""

    aad_object_id: str
    tenant_id: str
    name: str
    upn: str
    email: str
    locale: str = "en-US"
    country: str = "US"
    timezone: str = "America/Los_Angeles"
    region: str = "emea"
    deleted: bool = False
    guest: bool = False
    enabled: bool = True
    aliases: tuple[str, ...] = ()

    @property
    def given_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def surname(self) -> str:
        return self.name.partition(" ")[2]


@dataclass(slots=True, eq=False)
class Presence:
    """One bot in one person's life.

    ``installed`` is the personal scope; ``removed`` is an uninstall by the person. ``acquired`` is the app taken into
    use through Copilot, without a Teams chat and without an install event (platform reference §1.1). ``user_id`` is
    the 29: id, unique per bot and person.
    """

    user_id: str
    installed: bool = False
    acquired: bool = False
    removed: bool = False
    blocked: bool = False
    disabled: bool = False
    greeted: bool = False
    chat_id: str | None = None
    copilot_ids: dict[str, str] = field(default_factory=dict)

    @property
    def writable(self) -> bool:
        """Whether the personal scope lets the bot open the chat."""
        return self.installed or self.acquired

    @property
    def state(self) -> str:
        """One word for the page."""
        if self.disabled:
            return "disabled"
        if self.blocked:
            return "blocked"
        if self.installed:
            return "installed"
        if self.acquired:
            return "copilot only"
        return "uninstalled" if self.removed else "not installed"
