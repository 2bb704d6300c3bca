"""The Bot Connector's five operations that Bellwire uses, each one HTTP request (platform reference §3).

A token is attached only after the host was found on the cloud's list. Conversation ids go into the path fully encoded
and uncut, whatever their length, and the service URL keeps its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import orjson
from aiohttp import ClientSession
from multidict import CIMultiDict
from yarl import URL

from bellwire.errors import Unavailable
from bellwire.model.outcome import Opened, Sent
from bellwire.net import Answer, NoAnswer, exchange, timeouts
from bellwire.teams.clouds import Cloud, bare
from bellwire.teams.envelopes import error_code, retry_after
from bellwire.teams.failures import Failure, Phase

LONGEST_ID: Final = 2048
MOST_BASES: Final = 10_000
MOST_TOKENS: Final = 100

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~:-]+", re.ASCII)


class ConnectorFailure(Unavailable):
    """A request to Teams came to nothing; ``failure`` says how, for ``failures.outcome_of`` to judge."""

    code = "teams_failed"
    title = "Teams did not do what it was asked."
    remedy = "Look at the status and the code; docs/reasons.md says what they mean."

    def __init__(self, failure: Failure) -> None:
        status = "" if failure.status is None else f"status {failure.status}, "
        super().__init__(f"The request is {failure.phase}: {status}{failure.code or 'no code'}.")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Account:
    """One member of a conversation, as far as Teams tells."""

    id: str
    aad_object_id: str | None
    name: str | None
    user_principal_name: str | None
    email: str | None
    tenant_id: str | None
    role: str | None = None


class Connector:
    """The operations, over one pooled session. ``timeout`` is in seconds for a whole request.

    Every operation raises:
        ConnectorFailure: it came to nothing.
    """

    def __init__(
        self, session: ClientSession, cloud: Cloud, *, clock: Callable[[], datetime], timeout: float = 30.0
    ) -> None:
        self._session = session
        self._cloud = cloud
        self._clock = clock
        self._timeout = timeouts(timeout)
        self._bases: dict[str, tuple[URL, str]] = {}
        self._headers: dict[str, Mapping[str, str]] = {}

    async def create_conversation(self, service_url: str, content: bytes, *, token: str) -> Opened:
        """The person's chat: the one that exists, or a new one."""
        answer = await self._call("POST", service_url, "", token, content)
        said = _object(answer)
        moved = said.get("serviceUrl")
        admitted = isinstance(moved, str) and self._cloud.admits(moved)
        return Opened(
            _id(said, answer.status), moved if isinstance(moved, str) and admitted else service_url, answer.status
        )

    async def send_activity(self, service_url: str, conversation_id: str, content: bytes, *, token: str) -> Sent:
        """Post an activity."""
        answer = await self._call("POST", service_url, f"/{_part(conversation_id)}/activities", token, content)
        return Sent(_id(_object(answer), answer.status), answer.status)

    async def update_activity(
        self, service_url: str, conversation_id: str, activity_id: str, content: bytes, *, token: str
    ) -> Sent:
        """Put another activity in the place of a posted one."""
        path = f"/{_part(conversation_id)}/activities/{_part(activity_id)}"
        answer = await self._call("PUT", service_url, path, token, content)
        return Sent(activity_id, answer.status)

    async def delete_activity(self, service_url: str, conversation_id: str, activity_id: str, *, token: str) -> Sent:
        """Take a posted activity back."""
        path = f"/{_part(conversation_id)}/activities/{_part(activity_id)}"
        answer = await self._call("DELETE", service_url, path, token)
        return Sent(activity_id, answer.status)

    async def members_page(
        self, service_url: str, conversation_id: str, *, token: str, following: str | None = None, page_size: int = 200
    ) -> tuple[list[Account], str | None]:
        """Some members, and the token for the next ones; at the end None."""
        query = {"pageSize": str(page_size)} | ({"continuationToken": following} if following else {})
        path = f"/{_part(conversation_id)}/pagedmembers"
        page = _object(await self._call("GET", service_url, path, token, query=query))
        members, more = page.get("members"), page.get("continuationToken")
        accounts = [
            _account(member)
            for member in (members if isinstance(members, list) else ())
            if isinstance(member, dict) and isinstance(member.get("id"), str)
        ]
        return accounts, more if isinstance(more, str) and more else None

    async def _call(
        self,
        method: str,
        service_url: str,
        path: str,
        token: str,
        content: bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        base, prefix = self._base(service_url)
        url = base.with_path(prefix + path, encoded=True)
        try:
            answer = await exchange(
                self._session,
                method,
                url if query is None else url.with_query(query),
                headers=self._authorization(token),
                content=content,
                timeout=self._timeout,
            )
        except NoAnswer as lost:
            phase = Phase.UNANSWERED if lost.written else Phase.UNWRITTEN
            raise ConnectorFailure(Failure(phase, None, lost.kind)) from None
        if not 200 <= answer.status < 300:
            raise ConnectorFailure(self._refusal(answer))
        return answer

    def _base(self, service_url: str) -> tuple[URL, str]:
        """The service URL and the path before the conversation id, once the host was found on the cloud's list."""
        base = self._bases.get(service_url)
        if base is None:
            if not self._cloud.admits(service_url):
                raise ConnectorFailure(Failure(Phase.KEPT_BACK, None, "host_not_allowed"))
            if len(self._bases) >= MOST_BASES:
                self._bases.clear()
            url = URL(bare(service_url), encoded=True)
            base = self._bases[service_url] = url, f"{url.raw_path.rstrip('/')}/v3/conversations"
        return base

    def _authorization(self, token: str) -> Mapping[str, str]:
        headers = self._headers.get(token)
        if headers is None:
            if len(self._headers) >= MOST_TOKENS:
                self._headers.clear()
            headers = self._headers[token] = CIMultiDict({"Authorization": f"Bearer {token}"})
        return headers

    def _refusal(self, answer: Answer) -> Failure:
        after = retry_after(answer.headers.get("Retry-After"), self._clock(), answer.headers.get("Date"))
        return Failure(Phase.REFUSED, answer.status, error_code(answer.body), after)


def _part(name: str) -> str:
    """One segment of a path, nothing in it left to chance: a name of dots alone would climb up."""
    # Quoting takes as long as a tenth of the request; of Teams' own ids only the colon needs it.
    encoded = name.replace(":", "%3A") if _PLAIN.fullmatch(name) else quote(name, safe="")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.body or b"")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ConnectorFailure(Failure(Phase.UNREADABLE, answer.status, "broken_answer"))
    return found


def _id(said: Mapping[str, Any], status: int) -> str:
    found = said.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID or not found.isprintable():
        raise ConnectorFailure(Failure(Phase.UNREADABLE, status, "no_id"))
    return found


def _account(said: Mapping[str, Any]) -> Account:
    def text(*names: str) -> str | None:
        return next((said[name] for name in names if isinstance(said.get(name), str)), None)

    return Account(
        id=said["id"],
        aad_object_id=text("aadObjectId", "objectId"),
        name=text("name"),
        user_principal_name=text("userPrincipalName"),
        email=text("email"),
        tenant_id=text("tenantId"),
        role=text("userRole"),
    )
