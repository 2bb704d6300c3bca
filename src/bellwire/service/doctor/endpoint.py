"""The bot endpoint as the outside sees it, and the service as this machine sees it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final

import orjson
from yarl import URL

from bellwire.model.reason import Reason
from bellwire.net import Answer, NoAnswer, exchange
from bellwire.service.doctor.finding import Finding, fine, stops, untold, warning
from bellwire.service.doctor.installation import Installation
from bellwire.service.doctor.way_out import proxy_trouble

CHECK: Final = "endpoint"
SERVICE: Final = "service"
PATH: Final = "/api/messages"
SILENCES: Final = {
    "host_not_found": ("The name is not known.", "Check the address; a new DNS name takes a while."),
    "certificate_not_trusted": ("Its certificate is not trusted.", "Teams takes those of public authorities only."),
}
NO_HARM: Final = (None, Reason.PAUSED, "callbacks_failing")
"""Codes of /readyz with which messages go out, or go on by themselves."""
ADVICE: Final = f"The messaging endpoint in the Azure Bot's configuration must be https://YOUR-ADDRESS{PATH}."


async def endpoint(installation: Installation) -> list[Finding]:
    """What is to be said of the bot endpoint."""
    return [await _knocked(installation)]


async def _knocked(installation: Installation) -> Finding:
    """Knock at the bot endpoint without a token: Bellwire refuses that in a way that nobody else does."""
    if installation.endpoint is None:
        return untold(
            CHECK, "Its address is not known here.", "Name it: bellwire doctor --endpoint https://.../api/messages"
        )
    url = _url(installation.endpoint)
    if url is None or (url.scheme != "https" and not installation.cloud.custom):
        return stops(CHECK, "The address is not one that Teams calls.", ADVICE)
    try:
        answer = await exchange(installation.session, "POST", url, content=b"{}")
    except NoAnswer as failure:
        return _silent(failure.kind)
    if not _is_bellwire(answer):
        return stops(CHECK, *_stranger(answer.status))
    if not installation.cloud.custom and await _private(url.host or ""):
        return warning(
            CHECK,
            "Bellwire answers there, at an address that is private as seen from here.",
            "Make sure that the same name leads here from the internet; the Bot Connector comes from there.",
        )
    return fine(CHECK, "Bellwire answers there, and lets nobody in without a token.")


async def service(installation: Installation) -> list[Finding]:
    """Ask the running service whether it can work; that it does not run is worth knowing and no fault."""
    url = installation.url
    try:
        answer = await exchange(installation.session, "GET", URL(url) / "readyz")
    except (NoAnswer, ValueError):
        return [warning(SERVICE, f"None runs at {url}.", "Start it: bellwire serve (or say where it is with --url).")]
    checks = _object(answer.body).get("checks")
    if not isinstance(checks, list):
        return [warning(SERVICE, f"What answers at {url} is not Bellwire.", "Say where it is with --url.")]
    ill = [check for check in checks if isinstance(check, dict) and _is_ill(check)]
    found = [stops(SERVICE, str(one.get("detail")), str(one.get("remedy")), subject=one.get("name")) for one in ill]
    return found or [fine(SERVICE, f"It runs at {url} and is ready.")]


def _is_ill(check: dict[str, Any]) -> bool:
    """A process without a worker is ready although a sender stands still; messages stop all the same."""
    return not check.get("well") or check.get("code") not in NO_HARM


def _url(text: str) -> URL | None:
    with suppress(ValueError):
        url = URL(text)
        if url.scheme in ("http", "https") and url.host and not url.user and not url.query_string:
            return url
    return None


def _silent(kind: str) -> Finding:
    said = SILENCES.get(kind, (f"It does not answer: {kind}.", "Let https through to Bellwire."))
    detail, remedy = proxy_trouble(kind) or said
    return stops(CHECK, detail, remedy)


def _is_bellwire(answer: Answer) -> bool:
    problem = _object(answer.body)
    return answer.status == 401 and str(problem.get("type", "")).startswith("/problems/")


def _stranger(status: int) -> tuple[str, str]:
    """What answers in Bellwire's place, and what to do about it."""
    if status in (404, 405):
        return f"Something answers there, and knows no such path (status {status}).", ADVICE
    if status in (502, 503, 504):
        return f"A proxy or tunnel answers and finds no Bellwire behind it (status {status}).", "Start: bellwire serve"
    if status in (401, 403) or 300 <= status < 400:
        return (
            f"Something before Bellwire asks for a login (status {status}).",
            "Let everybody through to this path; Bellwire checks Teams' tokens. A dev tunnel needs --allow-anonymous.",
        )
    return f"Something else than Bellwire answers there (status {status}).", ADVICE


async def _private(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        return all(ip_address(address[4][0]).is_private for address in found)
    except (OSError, ValueError):
        return False


def _object(body: bytes | None) -> dict[str, Any]:
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(body or b"")
        if isinstance(found, dict):
            return found
    return {}
