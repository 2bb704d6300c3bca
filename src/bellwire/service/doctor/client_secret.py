"""When a client secret ends, where an administrator lets Microsoft Graph tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bellwire.model.directory import Refused
from bellwire.service.doctor.expiry import expiry
from bellwire.service.doctor.finding import Finding, untold
from bellwire.service.doctor.installation import Installation
from bellwire.teams.app_package.permissions import READ_APPLICATION
from bellwire.teams.credentials import Registration
from bellwire.teams.graph.applications import ListedSecret, listed_secrets
from bellwire.teams.graph.failures import GraphUnavailable
from bellwire.teams.graph.tokens import GraphTokens
from bellwire.teams.graph.wire import GraphWire

CHECK: Final = "client secret"
RENEW: Final = (
    "Make a new one in the app registration (Certificates & secrets), set its value, and delete the old one there."
)
NOTE: Final = "Note the date that the app registration shows (Certificates & secrets)"


async def client_secret(installation: Installation, bot: Registration) -> Finding | None:
    """When it ends; None where the registration proves itself by anything else."""
    cloud = installation.cloud
    if bot.client_secret is None:
        return None
    if cloud.graph_url is None or bot.tenant_id is None:
        return untold(CHECK, "Graph or the tenant is not set.", f"{NOTE}.", subject=bot.sender)
    tokens = GraphTokens(bot, cloud, installation.session, clock=installation.clock)
    wire = GraphWire(installation.session, cloud.graph_url, tokens, clock=installation.clock)
    try:
        listed = await listed_secrets(wire, bot.tenant_id, bot.app_id)
    except GraphUnavailable as error:
        return untold(CHECK, error.detail, f"Look again in a while. {NOTE}.", subject=bot.sender)
    if isinstance(listed, Refused):
        remedy = f"{NOTE}, or consent to {READ_APPLICATION}."
        return untold(CHECK, "Entra does not tell this bot when it ends.", remedy, subject=bot.sender)
    return judged(listed, bot.client_secret, installation.clock(), subject=bot.sender)


def judged(listed: Sequence[ListedSecret], secret: str, now: datetime, *, subject: str) -> Finding:
    """What there is to say of the secret in use. Of several that it may be, the last to end counts."""
    hinted = [each.ends_at for each in listed if each.hint is not None and secret.startswith(each.hint)]
    ends = hinted or [each.ends_at for each in listed if each.hint is None]
    if not ends:
        return untold(CHECK, "Entra lists none that this one could be.", f"{NOTE}.", subject=subject)
    found = expiry(CHECK, max(ends), now, RENEW, subject=subject)
    if len(ends) == 1:
        return found
    return replace(found, detail=f"{found.detail} Entra has {len(ends)} that it may be; this one ends last.")
