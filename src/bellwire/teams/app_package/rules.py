"""What Teams asks of a manifest, as far as it can be told without Teams: of any manifest, not only of our own.

Lengths, forms and numbers are those of the published schema (platform reference §10); the rest is what the schema
cannot say, such as ids that must be equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeGuard

OLDEST: Final = (1, 12)
"""The first version of the manifest in which an app can ask for resource-specific permissions by name."""

GUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)
_VERSION: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_URL: Final = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)
_LONGEST_TEXTS: Final = {
    "name.short": 30,
    "name.full": 100,
    "description.short": 80,
    "description.full": 4000,
    "developer.name": 32,
}
_OPTIONAL: Final = frozenset({"name.full"})
_URLS: Final = ("developer.websiteUrl", "developer.privacyUrl", "developer.termsOfUseUrl")
_LONGEST_URL: Final = 2048
_SCOPES: Final = frozenset({"personal", "team", "groupChat", "copilot"})
_MOST_PERMISSIONS: Final = 16


class Flaw(NamedTuple):
    """What is wrong, and where: a dotted path into the manifest, or a file of the package."""

    place: str
    said: str


def manifest_flaws(manifest: Any, app_id: str | None = None) -> Iterator[Flaw]:
    """Everything that Teams would refuse, or that would keep the bot from working as Bellwire's.

    With ``app_id`` also whether it is this bot's.
    """
    if not isinstance(manifest, dict):
        yield Flaw("manifest.json", "It is no JSON object.")
        return
    yield from _versions(manifest)
    yield from _texts(manifest)
    yield from _forms(manifest)
    yield from _bots(manifest, app_id)
    yield from _web_application(manifest)
    yield from _permissions(manifest)


def at(document: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _versions(manifest: dict[str, Any]) -> Iterator[Flaw]:
    said = manifest.get("manifestVersion")
    parts = re.fullmatch(r"(\d+)\.(\d+)", said, re.ASCII) if isinstance(said, str) else None
    if parts is None or (int(parts[1]), int(parts[2])) < OLDEST:
        yield Flaw("manifestVersion", f"It must be {OLDEST[0]}.{OLDEST[1]} or newer, such as 1.30.")
    version = manifest.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        yield Flaw("version", "It must be three numbers, such as 1.0.0; raise it with every change.")


def _texts(manifest: dict[str, Any]) -> Iterator[Flaw]:
    for path, most in _LONGEST_TEXTS.items():
        text = at(manifest, path)
        if text is None and path in _OPTIONAL:
            continue
        if not isinstance(text, str) or not text.strip():
            yield Flaw(path, "It is missing or empty.")
        elif len(text) > most:
            yield Flaw(path, f"It has {len(text)} characters; {most} are allowed.")


def _forms(manifest: dict[str, Any]) -> Iterator[Flaw]:
    if not _is(manifest.get("id"), GUID):
        yield Flaw("id", "It must be a GUID; it names the app in the catalogue and must never change.")
    if not _is(manifest.get("accentColor"), _COLOUR):
        yield Flaw("accentColor", "It must be a colour such as #4f52b2.")
    for path in _URLS:
        url = at(manifest, path)
        if not _is(url, _URL) or len(url) > _LONGEST_URL:
            yield Flaw(path, "It must be an address that begins with https://.")


def _bots(manifest: dict[str, Any], app_id: str | None) -> Iterator[Flaw]:
    bots = manifest.get("bots")
    if not isinstance(bots, list) or len(bots) != 1 or not isinstance(bots[0], dict):
        yield Flaw("bots", "There must be exactly one bot.")
        return
    bot_id, scopes = bots[0].get("botId"), bots[0].get("scopes")
    if not _is(bot_id, GUID):
        yield Flaw("bots.botId", "It must be the bot's Microsoft App ID, a GUID.")
    elif app_id is not None and bot_id.lower() != app_id.lower():
        yield Flaw("bots.botId", f"It is another bot's; the sender's app id is {app_id}.")
    if not isinstance(scopes, list) or not _SCOPES.issuperset(map(str, scopes)):
        yield Flaw("bots.scopes", f"It must be a list of {', '.join(sorted(_SCOPES))}.")
    elif "personal" not in scopes:
        yield Flaw("bots.scopes", "'personal' is missing: without it nobody can have a chat with the bot.")


def _web_application(manifest: dict[str, Any]) -> Iterator[Flaw]:
    """Only an app whose ``webApplicationInfo`` names the caller may be installed by that caller itself."""
    said = manifest.get("webApplicationInfo")
    if said is None:
        yield Flaw("webApplicationInfo", "It is missing: without it Bellwire may not install the app for anybody.")
        return
    own, bots = at(said, "id"), manifest.get("bots")
    bot_id = at(bots[0], "botId") if isinstance(bots, list) and bots else None
    if not _is(own, GUID):
        yield Flaw("webApplicationInfo.id", "It must be the app registration's id, a GUID.")
    elif _is(bot_id, GUID) and own.lower() != bot_id.lower():
        yield Flaw("webApplicationInfo.id", "It must be the bot's own app id, or the bot may not install the app.")


def _permissions(manifest: dict[str, Any]) -> Iterator[Flaw]:
    asked = at(manifest, "authorization.permissions.resourceSpecific")
    if asked is None:
        return
    place = "authorization.permissions.resourceSpecific"
    if not isinstance(asked, list) or not all(_is_permission(one) for one in asked):
        yield Flaw(place, "Each entry needs a name, and as type Application or Delegated.")
    elif len(asked) > _MOST_PERMISSIONS:
        yield Flaw(place, f"It has {len(asked)} entries; {_MOST_PERMISSIONS} are allowed.")
    if not at(manifest, "webApplicationInfo.resource"):
        yield Flaw("webApplicationInfo.resource", "It needs some value where permissions are asked for.")


def _is_permission(entry: Any) -> bool:
    name = at(entry, "name")
    return isinstance(name, str) and 0 < len(name) <= 128 and at(entry, "type") in ("Application", "Delegated")


def _is(value: Any, form: re.Pattern[str]) -> TypeGuard[str]:
    return isinstance(value, str) and form.fullmatch(value) is not None
