"""Reads who is in a team, page by page, from the Bot Connector's pagedMembers (platform reference §3.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bellwire.model.member import Member, RosterPage, RosterRefused
from bellwire.teams.connector import Account, Connector, ConnectorFailure
from bellwire.teams.failures import Failure, Phase
from bellwire.teams.raw import LONGEST_GUID, LONGEST_ID
from bellwire.teams.tokens import TokenFailure, TokenSource

LARGEST_PAGE: Final = 500
"""Teams' own limit (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context)."""

_GONE: Final = frozenset({"botnotinconversationroster", "conversationnotfound", "forbiddenoperationexception"})


class BotRosters:
    """The rosters of the teams that one bot is in."""

    def __init__(self, connector: Connector, tokens: TokenSource) -> None:
        self._connector = connector
        self._tokens = tokens

    async def page(
        self, team_id: str, service_url: str, following: str | None, listed_at: datetime
    ) -> RosterPage | RosterRefused:
        """Some members, as they are at ``listed_at``; one request at most."""
        try:
            token = await self._tokens.token()
        except TokenFailure as failure:
            return RosterRefused(failure.answer_status, failure.said, after=failure.retry_after)
        try:
            accounts, more = await self._connector.members_page(
                service_url, team_id, token=token, following=following, page_size=LARGEST_PAGE
            )
        except ConnectorFailure as failed:
            if failed.failure.status == 401:
                self._tokens.refused(token)
            return _refused(failed.failure)
        members = [_member(each, team_id, service_url, listed_at) for each in accounts]
        return RosterPage([each for each in members if each is not None], more)


def _refused(failure: Failure) -> RosterRefused:
    refused = failure.phase is Phase.REFUSED
    return RosterRefused(
        status=failure.status,
        code=failure.code,
        gone=refused and (failure.code.lower() in _GONE or (failure.status == 404 and not failure.code)),
        throttled=refused and failure.status == 429,
        after=failure.retry_after,
    )


def _member(account: Account, team_id: str, service_url: str, listed_at: datetime) -> Member | None:
    """The member, unless nobody of the directory is meant: bots and anonymous people have no object id."""
    aad_object_id = (account.aad_object_id or "").strip().lower()
    usable = 0 < len(aad_object_id) <= LONGEST_GUID and aad_object_id.isascii() and aad_object_id.isprintable()
    if not usable or not 0 < len(account.id) <= LONGEST_ID or not account.id.isprintable():
        return None
    return Member(
        aad_object_id=aad_object_id,
        user_id=account.id,
        team_id=team_id,
        service_url=service_url,
        listed_at=listed_at,
        name=account.name,
        guest=(account.role or "").lower() == "guest",
    )
