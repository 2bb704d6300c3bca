"""What an activity says of a team: that the app came or went, and who joined or left (platform reference §1.5 c, d).

A team is a place whose roster may be read. It is never a place to post in, so nothing here is a reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bellwire.model.surface import Surface
from bellwire.teams.activities import INSTALLED, REMOVED, Inbound
from bellwire.teams.raw import LONGEST_URL, Raw

_DELETED: Final = frozenset({"teamdeleted", "teamharddeleted"})


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who joined, as the activity names them."""

    aad_object_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamNews:
    """One activity out of a team, at ``at``. ``present`` says that the app is in the team, ``gone`` that it is not."""

    tenant_id: str
    team_id: str
    service_url: str
    name: str | None
    at: datetime
    present: bool
    gone: bool
    joined: tuple[Newcomer, ...] = ()
    left: tuple[str, ...] = ()


def team_news(activity: Mapping[str, object], inbound: Inbound) -> TeamNews | None:
    """What the activity says of a team; nothing where it does not come from one.

    Raises:
        InvalidActivity: a field that matters is wrong; it is named.
    """
    if inbound.classification.surface is not Surface.TEAMS_CHANNEL or inbound.service_url is None:
        return None
    raw = Raw(activity)
    data = raw.object("channelData")
    team = data.object("team")
    team_id, service_url = team.text("id"), raw.text("serviceUrl", LONGEST_URL)
    if team_id is None or service_url is None or inbound.tenant_id is None:
        return None
    added, removed = raw.objects("membersAdded"), raw.objects("membersRemoved")
    gone = _gone(inbound, data, removed)
    joined = [_newcomer(account) for account in added]
    left = [account.key("aadObjectId") for account in removed]
    return TeamNews(
        tenant_id=inbound.tenant_id,
        team_id=team_id,
        service_url=service_url,
        name=team.hint("name"),
        at=inbound.at,
        present=not gone and (inbound.action is None or inbound.action in INSTALLED),
        gone=gone,
        joined=tuple(who for who in joined if who is not None),
        left=tuple(who for who in left if who is not None),
    )


def _gone(inbound: Inbound, data: Raw, removed: tuple[Raw, ...]) -> bool:
    event = (data.hint("eventType") or "").strip().lower()
    bot_left = any(account.text("id") == inbound.bot_id for account in removed)
    return inbound.action in REMOVED or event in _DELETED or bot_left


def _newcomer(account: Raw) -> Newcomer | None:
    aad_object_id, user_id = account.key("aadObjectId"), account.text("id")
    return None if aad_object_id is None or user_id is None else Newcomer(aad_object_id, user_id)
