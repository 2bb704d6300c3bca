"""The manifest of a Teams app with one bot (platform reference §10).

https://developer.microsoft.com/json-schemas/teams/v1.30/MicrosoftTeams.schema.json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bellwire.teams.app_package.permissions import READ_RECEIPTS

VERSION: Final = "1.30"
SCHEMA_URL: Final = f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json"
COLOUR_FILE: Final = "color.png"
OUTLINE_FILE: Final = "outline.png"

# Teams wants a value where permissions of the resource-specific kind are asked for, and uses it for nothing:
# https://learn.microsoft.com/microsoftteams/platform/graph-api/rsc/test-resource-specific-consent
_ANY_RESOURCE: Final = "https://RscBasedStoreApp"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsApp:
    """What the organisation sees of the bot, and where it may be used.

    ``manifest_id`` names the app in the catalogue (Graph calls it ``externalId``), ``app_id`` is the bot's own.
    """

    app_id: str
    manifest_id: str
    version: str
    name: str
    full_name: str
    description: str
    full_description: str
    developer: str
    website: str
    privacy: str
    terms: str
    accent: str
    team: bool = False
    copilot: bool = False
    read_receipts: bool = False
    notification_only: bool = False


def manifest(app: TeamsApp) -> dict[str, Any]:
    """The app as Teams reads it."""
    return {
        "$schema": SCHEMA_URL,
        "manifestVersion": VERSION,
        "version": app.version,
        "id": app.manifest_id,
        "developer": {
            "name": app.developer,
            "websiteUrl": app.website,
            "privacyUrl": app.privacy,
            "termsOfUseUrl": app.terms,
        },
        "name": {"short": app.name, "full": app.full_name},
        "description": {"short": app.description, "full": app.full_description},
        "icons": {"color": COLOUR_FILE, "outline": OUTLINE_FILE},
        "accentColor": app.accent,
        "bots": [_bot(app)],
        "defaultInstallScope": "personal",
        "webApplicationInfo": {"id": app.app_id, "resource": _ANY_RESOURCE},
        **_read_receipts(app),
        **_copilot(app),
    }


def _bot(app: TeamsApp) -> dict[str, Any]:
    scopes = ["personal", *(["team"] if app.team else []), *(["copilot"] if app.copilot else [])]
    return {"botId": app.app_id, "scopes": scopes, "isNotificationOnly": app.notification_only}


def _read_receipts(app: TeamsApp) -> dict[str, Any]:
    if not app.read_receipts:
        return {}
    return {"authorization": {"permissions": {"resourceSpecific": [{"name": READ_RECEIPTS, "type": "Application"}]}}}


def _copilot(app: TeamsApp) -> dict[str, Any]:
    """Without this and without the scope the bot stays out of Copilot."""
    return {"copilotAgents": {"customEngineAgents": [{"type": "bot", "id": app.app_id}]}} if app.copilot else {}
