"""Which bot registration a command is about: that of a sender in the settings, or one named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bellwire.errors import InvalidInput

if TYPE_CHECKING:
    from bellwire.config import SenderSettings, Settings
    from bellwire.teams.clouds import Cloud


@dataclass(frozen=True, slots=True)
class ChosenBot:
    """A bot, its home tenant if that is known, the id of its app in the catalogue, and its cloud."""

    app_id: str
    manifest_id: str
    tenant_id: str | None
    cloud: Cloud


def chosen_bot(sender: str | None, app_id: str | None) -> ChosenBot:
    """The bot with this app id, or else the sender's.

    Raises:
        ConfigError: the settings cannot be used.
        InvalidInput: no bot is named, or more than one could be meant.
    """
    from bellwire.app import cloud_of
    from bellwire.config import load_settings

    settings = load_settings()
    cloud = cloud_of(settings.cloud)
    if app_id is not None:
        return ChosenBot(app_id, app_id, None, cloud)
    _, found = chosen_sender(settings, sender)
    return ChosenBot(found.app_id, found.teams_app_id or found.app_id, found.tenant_id, cloud)


def chosen_sender(settings: Settings, name: str | None) -> tuple[str, SenderSettings]:
    """The bot of this name, or the default, or the only one, with its name.

    Raises:
        InvalidInput: no bot is named, or more than one could be meant.
    """
    bots = settings.bots
    chosen = name or settings.default_sender or (next(iter(bots)) if len(bots) == 1 else None)
    if chosen is None and not bots:
        raise InvalidInput(
            "There is no bot in the settings.", field="--app-id", remedy="Name the bot's Microsoft App ID."
        )
    if chosen is None or chosen not in bots:
        said = "There are several bots." if chosen is None else f"There is no bot {chosen!r} in the settings."
        raise InvalidInput(said, field="--sender", remedy=f"Name one of: {', '.join(sorted(bots)) or 'none'}.")
    return chosen, bots[chosen]
