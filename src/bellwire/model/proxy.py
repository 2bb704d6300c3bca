"""Which way a request goes out: through the proxy that the environment names, or directly."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from bellwire.errors import ConfigError
from bellwire.model.address import is_name

VARIABLES: Final = {"https": "HTTPS_PROXY", "http": "HTTP_PROXY"}
"""By the scheme of what is called. As everywhere, a variable in lower case wins over one in capitals."""

EXCEPT: Final = "NO_PROXY"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proxy:
    """One forward proxy. ``url`` holds no user and no password; ``authorization`` is the header that does."""

    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Its ``host:port``."""
        return self.url.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy for each scheme, and the entries of ``NO_PROXY`` for what is reached directly all the same."""

    by_scheme: Mapping[str, Proxy] = field(default_factory=dict)
    direct: tuple[str, ...] = ()

    @classmethod
    def named_by(cls, environment: Mapping[str, str]) -> Proxies:
        """What these environment variables say.

        Raises:
            ConfigError: a proxy's address is none; never repeats it.
        """
        named = {scheme: _value(environment, variable) for scheme, variable in VARIABLES.items()}
        proxies = {scheme: _proxy(value, VARIABLES[scheme]) for scheme, value in named.items() if value}
        return cls(proxies, tuple(filter(None, re.split(r"[,\s]+", _value(environment, EXCEPT).lower()))))

    def way_to(self, scheme: str, host: str, port: int | None) -> Proxy | None:
        """The proxy to ask for this host, or None if it is reached directly.

        This machine is, whatever ``NO_PROXY`` says, since a proxy's loopback is another machine's. So are link-local
        addresses, where a cloud tells a machine who it is: that does not work through a proxy
        (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#proxies).
        """
        proxy = self.by_scheme.get(scheme)
        host = host.lower().removesuffix(".")
        if proxy is None or _is_here(host):
            return None
        return None if any(_covers(entry, host, port) for entry in self.direct) else proxy


def _value(environment: Mapping[str, str], variable: str) -> str:
    if variable == VARIABLES["http"] and "REQUEST_METHOD" in environment:
        return ""  # Under CGI it is what any caller wrote into the header Proxy (https://httpoxy.org).
    return environment.get(variable.lower(), environment.get(variable, "")).strip()


def _proxy(value: str, variable: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        usual = _DEFAULT_PORTS[parts.scheme]
        port = usual if parts.port is None else parts.port
    except (ValueError, KeyError):
        raise _refused(variable) from None
    host = parts.hostname or ""
    address = _address(host)
    if not (address or is_name(host)) or not port or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _refused(variable)
    shown = f"[{host}]" if ":" in host else host
    return Proxy(f"{parts.scheme}://{shown}:{port}", _authorization(parts))


def _authorization(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _refused(variable: str) -> ConfigError:
    return ConfigError(
        "It must be the address of an HTTP proxy.",
        field=variable,
        remedy="Write http://host:port or http://user:password@host:port, with special characters as in %40 for @.",
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local


def _covers(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of ``NO_PROXY`` means this host: ``*``, an address or a network of them, or a name, which stands
    for those below it too; after an address or a name a port may narrow it down."""
    if entry == "*":
        return True
    address = _address(host)
    if address is not None:
        with suppress(ValueError):  # It is a name, or has a port.
            return address in ip_network(entry, strict=False)
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal():
        if int(wanted) != port:
            return False
        entry = name
    if address is not None:
        return entry.strip("[]") == host
    entry = entry.removeprefix("*").strip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))
