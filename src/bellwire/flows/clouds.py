"""Where flows are in each of Microsoft's clouds, and for whom a token has to be made out (platform reference §9.3)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bellwire.teams.clouds import Cloud

AUDIENCES: Final = MappingProxyType(
    {
        "public": "https://service.flow.microsoft.com/",
        "gcc": "https://gov.service.flow.microsoft.us/",
        "gcch": "https://high.service.flow.microsoft.us/",
        "dod": "https://service.flow.appsplatform.us/",
    }
)
"""The trailing slash belongs to the audience, which Power Automate compares exactly."""

HOSTS: Final = MappingProxyType(
    {
        "public": (".environment.api.powerplatform.com", ".logic.azure.com"),
        "gcc": (".environment.api.gov.powerplatform.microsoft.us", ".logic.azure.us"),
        "gcch": (".environment.api.high.powerplatform.microsoft.us", ".logic.azure.us"),
        "dod": (".environment.api.appsplatform.us", ".logic.azure.us"),
    }
)
"""The only hosts that a message or a token is sent to; in a ``custom`` cloud they are those of its service URLs."""


def flow_cloud(cloud: Cloud, scope: str | None = None) -> Cloud:
    """The cloud as a flow's sender sees it: with the scope of tokens for flows, and the hosts that flows have.

    ``scope`` is a custom cloud's own. A scope is the audience and ``/.default``, so there are two slashes in it.
    """
    if cloud.custom:
        return replace(cloud, bot_scope=scope or f"{AUDIENCES['public']}/.default")
    return replace(cloud, bot_scope=f"{AUDIENCES[cloud.name]}/.default", service_hosts=HOSTS[cloud.name])
