"""What an administrator consents to, and the link under which (platform reference §7)."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote

from bellwire.teams.clouds import Cloud


class GraphPermission(NamedTuple):
    """An application permission of Microsoft Graph, and what cannot be done without it."""

    name: str
    needed_for: str


GRAPH_PERMISSIONS: Final = (
    GraphPermission("User.Read.All", "finding a person by e-mail address or user name"),
    GraphPermission("AppCatalog.Read.All", "finding the app in the organisation's catalogue"),
    GraphPermission("TeamsAppInstallation.ReadWriteSelfForUser.All", "installing the app for a person"),
    GraphPermission("GroupMember.Read.All", "installing for, and writing to, the members of a group"),
)
"""None of them is needed to write to people who have the app and are named by their object id."""

READ_APPLICATION: Final = "Application.Read.All"
"""By it ``bellwire doctor`` sees when a client secret ends. It lets the bot read every app registration of the tenant,
so it is asked of nobody: https://learn.microsoft.com/graph/permissions-reference#applicationreadall"""

READ_RECEIPTS: Final = "ChatMessageReadReceipt.Read.Chat"
"""The resource-specific permission for read receipts (platform reference §11)."""


def admin_consent_url(cloud: Cloud, app_id: str, tenant_id: str | None) -> str:
    """Where an administrator of the tenant consents to all that the app registration asks for.

    https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
    """
    tenant = quote(tenant_id or "organizations", safe="")
    return f"{cloud.login_url.rstrip('/')}/{tenant}/adminconsent?client_id={quote(app_id, safe='')}"
