"""Sends as a bot: one posting, one request, one outcome."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeVar

from bellwire.model.outcome import OPENING, Outcome, Step, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.surface import Surface, is_thread_id
from bellwire.teams.bodies import activity, new_chat
from bellwire.teams.clouds import Cloud
from bellwire.teams.connector import Connector, ConnectorFailure
from bellwire.teams.failures import outcome_of
from bellwire.teams.graph.apps import GraphApps
from bellwire.teams.tokens import TokenFailure, TokenSource, without_token

_T = TypeVar("_T")

NOT_A_PERSONS_CHAT: Final = Undeliverable(Reason.SEEN_ELSEWHERE_ONLY, None, "conversation_is_a_thread")

NO_GRAPH: Final = Undeliverable(Reason.INSTALL_REFUSED, None, "no_graph_url")


class BotSender:
    """A sender of kind ``bot``. It checks surface and host by itself, whatever others checked before."""

    def __init__(
        self,
        app_id: str,
        cloud: Cloud,
        connector: Connector,
        tokens: TokenSource,
        apps: GraphApps | None = None,
    ) -> None:
        self._app_id = app_id
        self._cloud = cloud
        self._admits = lru_cache(maxsize=1024)(cloud.admits)
        self._connector = connector
        self._tokens = tokens
        self._apps = apps

    @property
    def default_service_url(self) -> str:
        """Where to open the chat of someone whose service URL was never told."""
        return self._cloud.default_service_url

    @property
    def spare_service_url(self) -> str | None:
        """Where to turn when Teams says that the bot calls the wrong host; None if there is no other."""
        return self._cloud.spare_service_url

    async def send(self, posting: Posting) -> Outcome:
        """Do what the posting says, by one request at most.

        What Teams or the login service say is an outcome and never raised.

        Raises:
            ValueError: the posting lacks what its step needs.
        """
        if posting.surface is not Surface.TEAMS_PERSONAL:
            return Undeliverable(Reason.SEEN_ELSEWHERE_ONLY, None, f"surface_{posting.surface}")
        if posting.conversation_id is not None and is_thread_id(posting.conversation_id):
            return NOT_A_PERSONS_CHAT
        if posting.step is Step.INSTALL:
            person = posting.person
            return await self._apps.install(person.tenant_id, person.aad_object_id) if self._apps else NO_GRAPH
        if not self._admits(posting.service_url):
            return Undeliverable(Reason.HOST_NOT_ALLOWED, None, "host_not_allowed")
        try:
            token = await self._tokens.token()
        except TokenFailure as failure:
            return without_token(failure)
        try:
            return await self._request(posting, token)
        except ConnectorFailure as failed:
            if failed.failure.status == 401:
                self._tokens.refused(token)
            return outcome_of(failed.failure, posting.step, recent_posts=posting.recent_posts)

    async def _request(self, posting: Posting, token: str) -> Outcome:
        connector, service_url = self._connector, posting.service_url
        if posting.step in OPENING:
            named = _given(posting.user_id, "user_id") if posting.step is Step.OPEN_CHAT_AS_MEMBER else None
            content = new_chat(self._app_id, posting.person, named)
            opened = await connector.create_conversation(service_url, content, token=token)
            return NOT_A_PERSONS_CHAT if is_thread_id(opened.conversation_id) else opened
        chat = _given(posting.conversation_id, "conversation_id")
        if posting.step is Step.POST:
            content = activity(_given(posting.message, "message"))
            return await connector.send_activity(service_url, chat, content, token=token)
        posted = _given(posting.activity_id, "activity_id")
        if posting.step is Step.CHANGE:
            content = activity(_given(posting.message, "message"))
            return await connector.update_activity(service_url, chat, posted, content, token=token)
        return await connector.delete_activity(service_url, chat, posted, token=token)


def _given(value: _T | None, name: str) -> _T:
    if value is None:
        raise ValueError(f"the posting has no {name}")
    return value
