"""One event as one signed request to one receiver, and what came of it.

The form is Standard Webhooks' (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
receivers verify it with a library of theirs. A receiver's address, which may hold a secret, is named nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from aiohttp import ClientSession
from standardwebhooks import Webhook
from yarl import URL

from bellwire.model.address import is_allowed
from bellwire.model.callback import TEST, CallbackPolicy, Reply, reply
from bellwire.model.shown import shown
from bellwire.net import NoAnswer, exchange, open_session, timeouts
from bellwire.store.callbacks import Callback
from bellwire.store.outbox import Told
from bellwire.teams.envelopes import retry_after

MOST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Letter:
    """What is told: ``id`` stays the same however often it is."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of it: ``word`` is ``http_`` and the status, or what kept the request from an answer."""

    reply: Reply
    word: str
    after: float | None = None


def letter(told: Told) -> Letter:
    """The event with the delivery as the API shows it."""
    return Letter(told.id, _body(told.event, told.made_at, shown(told.delivery)))


def trial(callback_id: str, now: datetime) -> Letter:
    """What is told to see whether a receiver takes it."""
    return Letter(f"test_{callback_id}_{int(now.timestamp())}", _body(TEST, now, {"callback_id": callback_id}))


class Post:
    """Carries letters. ``allowed_hosts`` may be inside the own network; no other receiver may."""

    def __init__(
        self,
        public: ClientSession,
        inside: ClientSession,
        allowed_hosts: Collection[str],
        policy: CallbackPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._public = public
        self._inside = inside
        self._clock = clock
        self._timeout = timeouts(policy.timeout)
        self.allowed_hosts = allowed_hosts
        self.policy = policy

    @classmethod
    @asynccontextmanager
    async def open(
        cls, allowed_hosts: Collection[str], policy: CallbackPolicy, clock: Callable[[], datetime]
    ) -> AsyncIterator[Post]:
        """With connections of its own, so that no receiver takes one from Teams."""
        limit = policy.at_once
        async with (
            open_session(limit_per_host=limit, public_only=True) as public,
            open_session(limit_per_host=limit) as inside,
        ):
            yield cls(public, inside, allowed_hosts, policy, clock)

    async def carry(self, callback: Callback, what: Letter) -> Receipt:
        """Sign it, send it once, and say what came of it; never raises for what a receiver does."""
        session = self._inside if is_allowed(callback.url, self.allowed_hosts) else self._public
        try:
            answer = await exchange(
                session,
                "POST",
                URL(callback.url, encoded=True),
                headers=headers(callback, what, self._clock()),
                content=what.body,
                timeout=self._timeout,
                most=MOST_ANSWER,
            )
        except NoAnswer as error:
            return Receipt(Reply.FAILED, error.kind)
        after = retry_after(answer.headers.get("Retry-After"), self._clock(), answer.headers.get("Date"))
        return Receipt(reply(answer.status), f"http_{answer.status}", after)


def headers(callback: Callback, what: Letter, now: datetime) -> Mapping[str, str]:
    """The id, the time and the signatures: by the secret, and by the one before for as long as that is good."""
    former = callback.former_secret if callback.former_until is not None and now < callback.former_until else None
    secrets = [callback.secret, *filter(None, [former])]
    signatures = (Webhook(secret).sign(what.id, now, what.body.decode()) for secret in secrets)
    return {
        "webhook-id": what.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)
