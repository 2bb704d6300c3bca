"""Takes activities that another bot was sent and has verified itself, and hands them to the same capture."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from bellwire.errors import BellwireError, InvalidActivity, Unavailable
from bellwire.model.surface import Classification
from bellwire.service.capture import Capture
from bellwire.service.senders import Senders
from bellwire.teams.clouds import Cloud
from bellwire.teams.raw import LONGEST_URL, Raw

MOST_ACTIVITIES: Final = 1000
BOT_PREFIX: Final = re.compile(r"^28:")

Told: TypeAlias = Classification | BellwireError


class Telling:
    """Takes in what it is told. ``app_ids`` are the senders' by their names."""

    def __init__(self, capture: Capture, senders: Senders, app_ids: Mapping[str, str], cloud: Cloud) -> None:
        self._capture = capture
        self._senders = senders
        self._app_ids = app_ids
        self._cloud = cloud

    async def take(self, activities: Sequence[Mapping[str, object]], *, sender: str | None = None) -> list[Told]:
        """Where each activity came from, or why it was not taken, in their order; returns once all are committed.

        ``sender`` is whose bot was sent them; without it, the bot that an activity names as its recipient.

        Raises:
            NotFound: there is no such sender.
            StoreUnavailable: the database does not answer; telling the same again adds nothing.
        """
        if sender is not None:
            self._senders.known(sender)
        told = await asyncio.gather(*(self._one(activity, sender) for activity in activities))
        silent = next((each for each in told if isinstance(each, Unavailable)), None)
        if silent is not None:
            raise silent
        return told

    async def _one(self, activity: Mapping[str, object], sender: str | None) -> Told:
        try:
            raw = Raw(activity)
            service_url = raw.text("serviceUrl", LONGEST_URL)
            if service_url is not None and not self._cloud.admits(service_url):
                raise InvalidActivity("It is no host of the cloud.", field="serviceUrl", code="host_not_allowed")
            return await self._capture.take(self._app_id(raw, sender), activity)
        except BellwireError as error:
            return error

    def _app_id(self, raw: Raw, sender: str | None) -> str:
        """The app id of the bot that was sent it: nobody else's conversations are worth anything to a sender."""
        recipient = raw.object("recipient").text("id")
        named = None if recipient is None else BOT_PREFIX.sub("", recipient)
        ours = self._app_ids.get(sender) if sender is not None else None
        if ours is not None and named is not None and named.lower() != ours.lower() and _is_bot(recipient):
            raise InvalidActivity("It was sent to another bot.", field="recipient.id", code="another_bot")
        if ours is None and named is None:
            raise InvalidActivity("Nothing says which bot it was sent to.", field="recipient.id")
        return ours or named or ""


def _is_bot(account_id: str | None) -> bool:
    return account_id is not None and BOT_PREFIX.match(account_id) is not None
