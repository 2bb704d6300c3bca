"""A bot registration, as Azure and Teams know it."""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT_TENANT_ID = "11111111-1111-4111-8111-111111111111"
DEFAULT_APP_ID = "22222222-2222-4222-8222-222222222222"
DEFAULT_SECRET = "simulator-secret"


@dataclass(slots=True)
class Bot:
    """One registration. ``registered`` false is what Teams answers 401 BotNotRegistered to."""

    app_id: str = DEFAULT_APP_ID
    tenant_id: str = DEFAULT_TENANT_ID
    secret: str = field(default=DEFAULT_SECRET, repr=False)
    name: str = "Bellwire"
    endpoint: str | None = None
    registered: bool = True
    app_version: str = "1.0.0"

    @property
    def account_id(self) -> str:
        """The bot's id in the Teams channel."""
        return f"28:{self.app_id}"
