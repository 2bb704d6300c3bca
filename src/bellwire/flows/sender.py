"""Sends by way of a flow: one posting, one call of the flow, one outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from aiohttp import ClientSession

from bellwire.flows import contract
from bellwire.flows.outcomes import Reply, outcome_of, unanswered
from bellwire.flows.trigger import Trigger
from bellwire.model.outcome import Outcome, Step, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.net import Answer, NoAnswer, exchange, timeouts
from bellwire.teams.envelopes import error_code, retry_after
from bellwire.teams.tokens import TokenFailure, TokenSource, without_token

TIMEOUT: Final = 130.0
"""Seconds; Power Automate itself gives a flow two minutes to answer (platform reference §9.3)."""


class FlowSender:
    """A sender of kind ``flow``. With ``tokens`` it proves who it is; a signed trigger needs none and gets none."""

    default_service_url: Final = ""
    spare_service_url: Final = None

    def __init__(
        self,
        trigger: Trigger,
        session: ClientSession,
        tokens: TokenSource | None,
        *,
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT,
    ) -> None:
        self._trigger = trigger
        self._session = session
        self._tokens = tokens
        self._clock = clock
        self._timeout = timeouts(timeout)

    async def send(self, posting: Posting) -> Outcome:
        """Have the flow post the message, by one request at most.

        What the flow, Power Automate or the login service say is an outcome and never raised.

        Raises:
            ValueError: the posting has no message.
        """
        if posting.step is not Step.POST:
            return Undeliverable(Reason.NOT_PERMITTED, None, "flows_post_only")
        if self._tokens is None:
            return await self._call(posting, {})
        try:
            token = await self._tokens.token()
        except TokenFailure as failure:
            return without_token(failure)
        outcome = await self._call(posting, {"Authorization": f"Bearer {token}"})
        if getattr(outcome, "status", None) == 401:
            self._tokens.refused(token)
        return outcome

    async def _call(self, posting: Posting, headers: Mapping[str, str]) -> Outcome:
        try:
            answer = await exchange(
                self._session,
                "POST",
                self._trigger.url,
                headers=headers,
                content=contract.request(posting),
                timeout=self._timeout,
            )
        except NoAnswer as lost:
            return unanswered(lost.kind, written=lost.written, old=self._trigger.old)
        return outcome_of(self._reply(answer))

    def _reply(self, answer: Answer) -> Reply:
        good = 200 <= answer.status < 300
        return Reply(
            status=answer.status,
            code="" if good else error_code(answer.body),
            result=contract.result(answer.body) if good else None,
            run=contract.run_of(answer.headers),
            retry_after=retry_after(answer.headers.get("Retry-After"), self._clock(), answer.headers.get("Date")),
            signed=self._trigger.signed,
            old=self._trigger.old,
        )
