"""Whether Teams knows the bot, and which kind of registration it has."""

from __future__ import annotations

from typing import Final

from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.service.doctor.finding import Finding, fine, stops, warning
from bellwire.service.doctor.installation import Installation
from bellwire.service.doctor.way_out import proxy_trouble
from bellwire.teams.connector import Connector, ConnectorFailure
from bellwire.teams.failures import Failure, Phase

CHECK: Final = "registration"
NO_CHAT: Final = "a:bellwire-doctor"
"""Names no chat. Teams answers that it knows none, once it has let the bot in; nobody sees anything of it."""

NO_HOST: Final = {
    "host_not_found": "Its name is not known here.",
    "certificate_not_trusted": "Its certificate is not trusted: does something on the way read along? If that is your "
    "own proxy, put its authority's certificate into SSL_CERT_FILE.",
}


async def registration(installation: Installation, name: str, token: str) -> Finding:
    """Ask Teams something harmless as this bot."""
    cloud = installation.cloud
    connector = Connector(installation.session, cloud, clock=installation.clock)
    try:
        await connector.members_page(cloud.default_service_url, NO_CHAT, token=token)
    except ConnectorFailure as failed:
        return _judged(failed.failure, installation, name)
    return _known(installation, name)


def _judged(failure: Failure, installation: Installation, name: str) -> Finding:
    if failure.phase is not Phase.REFUSED:
        host, said = installation.cloud.default_service_url, NO_HOST.get(failure.code, f"It said: {failure.code}.")
        remedy = "Let this machine reach it over https, directly or through the proxy in HTTPS_PROXY."
        said, remedy = proxy_trouble(failure.code) or (said, remedy)
        return stops(CHECK, f"Teams at {host} does not answer. {said}", remedy, subject=name)
    if failure.status == 401:
        return _refused(Reason.BOT_NOT_REGISTERED if "Registered" in failure.code else Reason.TOKEN_REFUSED, name)
    if failure.code.lower() == "invalidbotapihost":
        return _refused(Reason.WRONG_HOST, name)
    if failure.status is not None and failure.status >= 500:
        return warning(CHECK, f"Teams answers with status {failure.status}.", "Look again in a while.", subject=name)
    return _known(installation, name)


def _refused(reason: Reason, name: str) -> Finding:
    fact, remedy, _ = EXPLANATIONS[reason]
    return stops(CHECK, fact, remedy, subject=name)


def _known(installation: Installation, name: str) -> Finding:
    tenant = installation.bots[name].tenant_id
    kind = f"of tenant {tenant}" if tenant else "multi-tenant, of which Microsoft makes no new ones since August 2025"
    return fine(CHECK, f"Teams knows the bot; it is {kind}.", subject=name)
