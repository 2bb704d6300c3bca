"""Where a callback may go: the addresses that callers name, and the machines behind them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bellwire.errors import InvalidInput

MOST_URL: Final = 4_096
_MOST_HOST: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE | re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE | re.ASCII)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_INSIDE: Final = (
    # Azure's platform answers every virtual machine at this public-looking address.
    # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    ip_network("168.63.129.16/32"),
    ip_network("64:ff9b:1::/48"),  # RFC 8215: translation for local use
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, and not of a machine's or an organisation's own network.

    An IPv6 address that leads to an IPv4 address (6to4, NAT64) is as public as that one; mapped addresses and Teredo
    never are. What is no IP address is not public.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_open(each) for each in (found, *_inner(found)))


def is_name(host: str) -> bool:
    """Whether a host's name can be looked up at all (RFC 1035 §2.3.4), in ASCII, with or without the root's dot."""
    name = host.removesuffix(".")
    return len(name) <= _MOST_HOST and all(_LABEL.fullmatch(label) for label in name.split("."))


def is_number(host: str) -> bool:
    """Whether resolvers take it for an address: they read 127.1, 2130706433 and 0 as such."""
    return bool(_NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]))


def place(url: str) -> str:
    """The ``host:port`` of a URL that was checked before, in lower case."""
    host, port = _host_and_port(url)
    return f"{_shown(host)}:{port}"


def is_allowed(url: str, allowed_hosts: Collection[str]) -> bool:
    """Whether the operator named this URL's ``host``, or ``host:port``, as one that may be inside the own network."""
    host, port = _host_and_port(url)
    return bool({host, _shown(host), f"{_shown(host)}:{port}"} & {each.lower() for each in allowed_hosts})


def can_allow(entry: str) -> bool:
    """Whether there is a URL that this entry of the allowed hosts lets in: it is ``host`` or ``host:port``."""
    url = f"https://{_shown(entry) if _is_ip(entry) else entry}"
    try:
        return _is_host(urlsplit(url).hostname or "") and is_allowed(url, [entry])
    except ValueError:
        return False


def check_callback_url(url: str, allowed_hosts: Collection[str]) -> None:
    """Refuse what no callback may go to. Which machine a name leads to is looked at with every connection.

    Raises:
        InvalidInput: the URL is none, is not https, or names a machine that is not public; never repeats the URL.
    """
    parts = _parts(url)
    if is_allowed(url, allowed_hosts):
        return
    if parts.scheme.lower() != "https":
        raise _refused("It must be an https address.", "Use https, or have the operator allow the host.")
    written = parts.hostname or ""
    host = written.removesuffix(".")
    if not _is_ip(written) and is_number(written):
        raise _refused("Its host is a number.", "Write an IPv4 address as four numbers, such as 203.0.113.7.")
    if host == "localhost" or host.endswith(".localhost") or (_is_ip(host) and not is_public(host)):
        raise _refused(
            "It is an address inside a private network.",
            "Use a public address, or have the operator name the host in BELLWIRE_CALLBACKS__ALLOWED_HOSTS.",
        )


def _parts(url: str) -> SplitResult:
    if len(url) > MOST_URL or not url.isascii() or any(ord(each) <= 32 or ord(each) == 127 for each in url):
        raise _refused("It is no address.", f"Use at most {MOST_URL:,} characters of ASCII, without spaces.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "\\" in url:
        raise _refused("It is no http address.", "Use an address such as https://receiver.contoso.example/bellwire.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(
            "It holds a user name, a password or a fragment.", "Put a secret into the path or the query instead."
        )
    return parts


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    default = 443 if parts.scheme.lower() == "https" else 80
    return parts.hostname or "", default if parts.port is None else parts.port


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_host(host: str) -> bool:
    return _is_ip(host) or is_name(host)


def _refused(detail: str, remedy: str) -> InvalidInput:
    return InvalidInput(detail, field="url", remedy=remedy)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _open(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (address.is_site_local or address in _NAT64):
        # NAT64 lies in a block that is reserved as a whole; what it leads to decides.
        return address in _NAT64
    closed = not address.is_global or address.is_multicast or address.is_reserved
    return not closed and not any(address in network for network in _INSIDE if network.version == address.version)


def _inner(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    if isinstance(address, IPv4Address):
        return
    if address.sixtofour is not None:
        yield address.sixtofour
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
