"""What Microsoft Graph lets each bot do, and whether the organisation's catalogue has the app (platform reference §7).

Nothing of it is needed to write to people who have the app and are named by their object id.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import jwt

from bellwire.errors import ConfigError
from bellwire.model.directory import Refused
from bellwire.model.reason import EXPLANATIONS
from bellwire.service.doctor.finding import Finding, fine, untold, warning
from bellwire.service.doctor.installation import Installation
from bellwire.teams.app_package.permissions import GRAPH_PERMISSIONS, admin_consent_url
from bellwire.teams.graph.apps import GraphApps
from bellwire.teams.graph.failures import GraphUnavailable
from bellwire.teams.graph.tokens import GraphTokens
from bellwire.teams.graph.wire import GraphWire
from bellwire.teams.tokens import TokenFailure

PERMISSIONS: Final = "permissions"
CATALOGUE: Final = "catalogue"
CATALOGUE_ROLE: Final = "AppCatalog.Read.All"


async def directory(installation: Installation, name: str) -> list[Finding]:
    """The permissions that were consented to, and the app's entry, both in the bot's own tenant."""
    bot, cloud, session = installation.bots[name], installation.cloud, installation.session
    if cloud.graph_url is None or bot.tenant_id is None:
        return [untold(PERMISSIONS, "Graph or the tenant is not set.", "Set the sender's __TENANT_ID.", subject=name)]
    tokens = GraphTokens(bot, cloud, session, clock=installation.clock)
    try:
        roles = _roles(await tokens.token(bot.tenant_id))
    except (ConfigError, TokenFailure):
        said = "The login service gave no token for Microsoft Graph."
        return [untold(PERMISSIONS, said, "Look at what it says of the credentials first.", subject=name)]
    found = [_permissions(roles, admin_consent_url(cloud, bot.app_id, bot.tenant_id), name)]
    if CATALOGUE_ROLE in roles:
        external_id = installation.catalogue_ids.get(name, bot.app_id)
        apps = GraphApps(GraphWire(session, cloud.graph_url, tokens, clock=installation.clock), external_id)
        found.append(await _catalogue(apps, bot.tenant_id, name))
    return found


def _roles(token: str) -> frozenset[str]:
    """The permissions that a token names. It is ours and goes nowhere, so its signature is of no interest."""
    claims: dict[str, Any] = {}
    with suppress(jwt.PyJWTError):
        claims = jwt.decode(token, options={"verify_signature": False})
    roles = claims.get("roles")
    return frozenset(map(str, roles)) if isinstance(roles, list) else frozenset()


def _permissions(roles: frozenset[str], consent: str, name: str) -> Finding:
    missing = [permission for permission in GRAPH_PERMISSIONS if permission.name not in roles]
    if not missing:
        return fine(PERMISSIONS, "All that Bellwire can use were consented to.", subject=name)
    lacking = "; ".join(f"{permission.name}: no {permission.needed_for}" for permission in missing)
    remedy = f"If you want that, add them to the app registration and have an administrator open {consent}"
    return warning(PERMISSIONS, f"Not consented to: {lacking}.", remedy, subject=name)


async def _catalogue(apps: GraphApps, tenant_id: str, name: str) -> Finding:
    try:
        found = await apps.catalogue_id(tenant_id)
    except GraphUnavailable as error:
        return untold(CATALOGUE, error.detail, error.remedy, subject=name)
    if isinstance(found, Refused):
        fact, remedy, _ = EXPLANATIONS[found.reason]
        return warning(CATALOGUE, fact, f"{remedy} The command bellwire package makes it.", subject=name)
    return fine(CATALOGUE, "The app is in the organisation's catalogue.", subject=name)
