"""Microsoft's clouds: where tokens come from, where keys are described, and which hosts a bot token may go to.

Addresses are those of the platform reference §3.5 and §4. ``custom`` is any other Teams: a simulator, an emulator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from types import MappingProxyType
from typing import Final, NamedTuple

from bellwire.errors import ConfigError
from bellwire.model.address import is_name

LONGEST_URL: Final = 2048
SETTING: Final = "BELLWIRE_CLOUD__"

_URL: Final = re.compile(
    r"(https?)://"
    r"(\[::1\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)"
    r"(?::([1-9][0-9]{0,4}))?"
    r"((?:/(?:%[0-9a-f]{2}|[a-z0-9._~!$&'()*+,;=:@-])*)*)",
    re.IGNORECASE | re.ASCII,
)
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)
_DEFAULT_PORTS: Final = MappingProxyType({"https": 443, "http": 80})


class _Address(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """Whether it never leaves this machine."""
        if self.host in ("localhost", "[::1]"):
            return True
        try:
            return IPv4Address(self.host).is_loopback
        except AddressValueError:
            return False

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.scheme == "https" or self.loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud. ``shared_tenant`` is in whose name a multi-tenant bot asks for tokens (platform reference §3.4).

    ``service_hosts`` are the only hosts that a bot token is sent to: a name stands for itself, one that begins with a
    dot for every name below it. In a ``custom`` cloud an entry is ``host`` (any port) or ``host:port``.
    ``default_service_url`` opens the chat of someone whose own was never told (platform reference §3.5), and
    ``spare_service_url`` is where to turn when Teams answers InvalidBotApiHost (platform reference §5.1).
    """

    name: str
    login_url: str
    openid_metadata_url: str
    token_issuer: str
    bot_scope: str
    service_hosts: tuple[str, ...]
    default_service_url: str
    shared_tenant: str = "botframework.com"
    graph_url: str | None = None
    spare_service_url: str | None = None
    custom: bool = False

    def token_url(self, tenant: str | None) -> str:
        """Where tokens are asked for: in the name of the bot's home tenant, or with None of the shared one."""
        return f"{self.login_url.rstrip('/')}/{tenant or self.shared_tenant}/oauth2/v2.0/token"

    def admits(self, service_url: str) -> bool:
        """Whether a bot token may be sent to this address. What cannot be read strictly is refused."""
        address = _address(service_url)
        if address is None:
            return False
        if self.custom:
            return address.private and any(_custom_match(entry, address) for entry in self.service_hosts)
        return address.scheme == "https" and address.port == 443 and self._names(address.host)

    def _names(self, host: str) -> bool:
        return any(host.endswith(entry) if entry.startswith(".") else host == entry for entry in self.service_hosts)


def bare(service_url: str) -> str:
    """For comparing: a service URL is opaque but for its trailing slash (platform reference §3.5)."""
    return service_url.removesuffix("/")


def _address(url: str) -> _Address | None:
    """The parts of a URL without user, query, fragment or any character that two readers may read differently."""
    if len(url) > LONGEST_URL or not (match := _URL.fullmatch(url)):
        return None
    scheme, host, port, path = match.groups()
    number = int(port) if port else _DEFAULT_PORTS[scheme.lower()]
    if number > 65535 or not (host == "[::1]" or is_name(host)):
        return None
    return _Address(scheme.lower(), host.lower(), number, path)


def _custom_match(entry: str, address: _Address) -> bool:
    return entry in (address.host, f"{address.host}:{address.port}")


_PUBLIC: Final = Cloud(
    name="public",
    login_url="https://login.microsoftonline.com",
    openid_metadata_url="https://login.botframework.com/v1/.well-known/openidconfiguration",
    token_issuer="https://api.botframework.com",  # noqa: S106 - a name, not a password
    bot_scope="https://api.botframework.com/.default",
    graph_url="https://graph.microsoft.com",
    # Of trafficmanager.net only this one name is Microsoft's: anybody can have another.
    service_hosts=("smba.trafficmanager.net", ".teams.microsoft.com", ".botframework.com"),
    default_service_url="https://smba.trafficmanager.net/teams/",
    spare_service_url="https://smba.infra.gcc.teams.microsoft.com/teams/",
)
_GCC: Final = Cloud(
    name="gcc",
    login_url=_PUBLIC.login_url,
    openid_metadata_url=_PUBLIC.openid_metadata_url,
    token_issuer=_PUBLIC.token_issuer,
    bot_scope=_PUBLIC.bot_scope,
    graph_url=_PUBLIC.graph_url,
    service_hosts=_PUBLIC.service_hosts,
    default_service_url="https://smba.infra.gcc.teams.microsoft.com/teams/",
    spare_service_url=_PUBLIC.spare_service_url,
)
_GCCH: Final = Cloud(
    name="gcch",
    login_url="https://login.microsoftonline.us",
    openid_metadata_url="https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
    token_issuer="https://api.botframework.us",  # noqa: S106 - a name, not a password
    bot_scope="https://api.botframework.us/.default",
    shared_tenant="MicrosoftServices.onmicrosoft.us",
    graph_url="https://graph.microsoft.us",
    service_hosts=(".teams.microsoft.us", ".botframework.us", ".botframework.azure.us"),
    default_service_url="https://smba.infra.gov.teams.microsoft.us/teams/",
)
_DOD: Final = Cloud(
    name="dod",
    login_url=_GCCH.login_url,
    openid_metadata_url=_GCCH.openid_metadata_url,
    token_issuer=_GCCH.token_issuer,
    bot_scope=_GCCH.bot_scope,
    shared_tenant=_GCCH.shared_tenant,
    graph_url="https://dod-graph.microsoft.us",
    service_hosts=_GCCH.service_hosts,
    default_service_url="https://smba.infra.dod.teams.microsoft.us/teams/",
)

CLOUDS: Final[Mapping[str, Cloud]] = MappingProxyType({cloud.name: cloud for cloud in (_PUBLIC, _GCC, _GCCH, _DOD)})
"""Microsoft's own clouds by the name that BELLWIRE_CLOUD__NAME gives them."""


def custom(
    *,
    login_url: str | None,
    openid_metadata_url: str | None,
    service_hosts: Sequence[str],
    token_issuer: str | None = None,
    bot_scope: str | None = None,
    graph_url: str | None = None,
) -> Cloud:
    """A cloud by its addresses; issuer and scope are the public cloud's unless given.

    Default and spare service URL are ``/teams/``, as in all of Microsoft's clouds, on the first of the service hosts
    and on the second, if there is one.

    Raises:
        ConfigError: an address is missing, or is neither https nor http on this machine.
    """
    _need(login_url=login_url, openid_metadata_url=openid_metadata_url, service_hosts=service_hosts)
    urls = {"login_url": login_url, "openid_metadata_url": openid_metadata_url, "graph_url": graph_url}
    for name, url in urls.items():
        if url is not None and ((address := _address(url)) is None or not address.private):
            raise ConfigError("It must be an https address, or http on loopback.", field=SETTING + name.upper())
    hosts = tuple(_host(entry) for entry in service_hosts)
    scheme = (login_url or "").partition("://")[0].lower()
    return Cloud(
        name="custom",
        login_url=login_url or "",
        openid_metadata_url=openid_metadata_url or "",
        token_issuer=token_issuer or _PUBLIC.token_issuer,
        bot_scope=bot_scope or _PUBLIC.bot_scope,
        graph_url=graph_url,
        service_hosts=hosts,
        default_service_url=_global(scheme, hosts[0]),
        spare_service_url=_global(scheme, hosts[:2][-1]),
        custom=True,
    )


def checked_tenant(tenant: str, *, field: str) -> str:
    """The tenant as it stands in the token endpoint's path.

    Raises:
        ConfigError: it is neither an id nor a domain name.
    """
    if not _TENANT.fullmatch(tenant):
        raise ConfigError("It must be a tenant's id or one of its domain names.", field=field)
    return tenant


def _need(**given: object) -> None:
    missing = [SETTING + name.upper() for name, value in given.items() if not value]
    if missing:
        names = " and ".join(missing)
        raise ConfigError(f"The custom cloud needs {names}.", field=missing[0])


def _global(scheme: str, host: str) -> str:
    """The global service URL of a host, by the login service's scheme where that may be used."""
    address = _address(f"{scheme}://{host}")
    return f"{scheme if address is not None and address.private else 'https'}://{host}/teams/"


def _host(entry: str) -> str:
    address = _address(f"https://{entry}")
    if address is None or address.path:
        raise ConfigError("Each entry must be host or host:port.", field=f"{SETTING}SERVICE_HOSTS")
    return entry.lower()
