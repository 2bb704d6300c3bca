"""Which way requests go out, and what a proxy on that way has to do with a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yarl import URL

from bellwire.net import proxy_for
from bellwire.service.doctor.finding import Finding, fine
from bellwire.service.doctor.installation import Installation

CHECK: Final = "way out"
REFUSED: Final = "proxy_refused_"


def way_out(installation: Installation) -> Finding:
    """Directly, or through which proxy; if both, which host is reached in which way."""
    ways: dict[str, set[str]] = {}
    for url in _needed(installation):
        proxy = proxy_for(installation.session, url)
        ways.setdefault("directly" if proxy is None else f"through the proxy {proxy.place}", set()).add(url.host or "")
    if len(ways) == 1:
        return fine(CHECK, f"Requests go out {next(iter(ways))}.")
    listed = "; ".join(f"{way}: {', '.join(sorted(hosts))}" for way, hosts in sorted(ways.items()))
    return fine(CHECK, f"Requests go out {listed}.")


def proxy_trouble(kind: str) -> tuple[str, str] | None:
    """What the proxy did and what to do about it; None if this kind of failure is not a proxy's."""
    status = kind.removeprefix(REFUSED)
    if status == "407":
        return (
            "The proxy wants a user and a password, or refuses those that it got (status 407).",
            "Set HTTPS_PROXY=http://user:password@host:port, with special characters as in %40 for @.",
        )
    if status != kind:
        return (
            f"The proxy makes no connection there (status {status}); nobody behind it was asked.",
            "Have the proxy let this machine through to that host; name it in NO_PROXY if it is reached directly.",
        )
    if kind.startswith("proxy_"):
        return f"The proxy does not answer: {kind}.", "Check the proxy's address in HTTPS_PROXY, and that it runs."
    return None


def _needed(installation: Installation) -> Iterator[URL]:
    cloud = installation.cloud
    for address in (cloud.login_url, cloud.openid_metadata_url, cloud.default_service_url, cloud.graph_url):
        if address is not None:
            yield URL(address)
    yield from (place.trigger.url for place in installation.flows.values())
