"""What a refusal of Microsoft Graph means: one pure function from status, code and words to a reason.

Graph tells a policy from a missing permission by its words alone (platform reference §7), so the words decide; they are
looked at and never kept, since they may repeat what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bellwire.errors import Unavailable
from bellwire.model.directory import Refused
from bellwire.model.reason import Reason
from bellwire.teams.envelopes import clean_code

PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
SUCCESS: Final = range(200, 300)


class About(StrEnum):
    """What was asked for, which decides what a 404 means."""

    PEOPLE = "people"
    GROUP = "group"
    INSTALL = "install"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Passing:
    """It may work later; ``after`` is Retry-After in seconds."""

    status: int | None
    code: str
    after: float | None = None


class GraphUnavailable(Unavailable):
    """Microsoft Graph does not answer, or asks to come back later; ``passing`` says how."""

    code = "directory_unavailable"
    title = "Microsoft Graph does not answer."
    remedy = "Try again in a moment; name people by aad_object_id to do without it."

    def __init__(self, passing: Passing) -> None:
        status = "no answer" if passing.status is None else f"status {passing.status}"
        super().__init__(f"Microsoft Graph could not be asked: {status}, {passing.code or 'no code'}.")
        self.passing = passing


def verdict(status: int, document: object, after: float | None, about: About) -> Refused | Passing:
    """What an answer without success comes to."""
    error = _error(document)
    code = clean_code(error.get("code")) or f"status_{status}"
    if status in PASSING or (about is About.INSTALL and status == 400 and _bulk_trouble(error)):
        return Passing(status, code, after)
    return Refused(_reason(status, code, _words(error), about), status, code)


def _reason(status: int, code: str, words: str, about: About) -> Reason:
    if status == 401 or code == "Authorization_RequestDenied" or about is About.APPLICATION:
        return Reason.CONSENT_MISSING
    if status == 403:
        return _forbidden(words, about)
    if status == 404:
        return _missing(words, about)
    return Reason.INSTALL_REFUSED if about is About.INSTALL else Reason.NO_SUCH_PERSON


def _missing(words: str, about: About) -> Reason:
    if about is About.INSTALL and re.search(r"\bapp\b", words):
        return Reason.NOT_IN_CATALOGUE
    return Reason.NO_SUCH_GROUP if about is About.GROUP else Reason.NO_SUCH_PERSON


def _forbidden(words: str, about: About) -> Reason:
    if "polic" in words or "accessdenied" in words:
        return Reason.POLICY_FORBIDS
    if "not allowed to manage" in words:
        return Reason.NOT_OWN_APP
    return Reason.CONSENT_MISSING if about is not About.INSTALL or _of_permissions(words) else Reason.INSTALL_REFUSED


def _of_permissions(words: str) -> bool:
    return not words.strip() or any(word in words for word in ("permission", "privilege", "unknownerror", "role"))


def _bulk_trouble(error: Mapping[str, Any]) -> bool:
    """Teams' own trouble with many installs at a time comes as a 400 (microsoftgraph/microsoft-graph-docs #20972)."""
    return "createorupdateuserappentitlement" in _words(error)


def _error(document: object) -> Mapping[str, Any]:
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}


def _words(error: Mapping[str, Any]) -> str:
    inner = error.get("innerError")
    said = [error.get("message"), inner.get("code") if isinstance(inner, dict) else None]
    if error.get("code") == "UnknownError":
        said.append("unknownerror")
    return " ".join(str(each) for each in said if each).lower()
