"""How the Bot Connector says no: a status, a code, and one of its envelopes (platform reference §5)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

import orjson


class Envelope(StrEnum):
    """The forms in which Teams puts an error; all have been seen in the field."""

    MODERN = "modern"  # {"error": {"code", "message"}}
    LEGACY = "legacy"  # {"errorCode", "message": a JSON string with "subCode"}
    HTML = "html"  # a gateway's page
    EMPTY = "empty"  # a status and nothing else


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal. The ready-made ones below are shared; ``but`` makes another."""

    status: int
    code: str
    message: str
    envelope: Envelope = Envelope.MODERN
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code}"

    @property
    def body(self) -> bytes:
        if self.envelope is Envelope.LEGACY:
            return orjson.dumps({"errorCode": 209, "message": self._message_in_message()})
        if self.envelope is Envelope.HTML:
            return f"<html><head><title>{self.status}</title></head><body><h1>{self.code}</h1></body></html>".encode()
        if self.envelope is Envelope.EMPTY:
            return b""
        return orjson.dumps({"error": {"code": self.code, "message": self.message}})

    @property
    def content_type(self) -> str:
        return "text/html" if self.envelope is Envelope.HTML else "application/json"

    def _message_in_message(self) -> str:
        """Teams puts JSON as text into the message: readers have to parse twice."""
        inner = {"subCode": self.code, "details": self.message, "errorCode": None, "errorSubCode": None}
        return orjson.dumps(inner, option=orjson.OPT_INDENT_2).decode()

    def but(self, *, message: str | None = None, envelope: Envelope | None = None, **headers: str) -> Refusal:
        """The same refusal in other words, another envelope or with more headers (``_`` stands for ``-``)."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(
            self,
            message=message or self.message,
            envelope=envelope or self.envelope,
            headers={**self.headers, **more},
        )

    def after(self, seconds: int, now: datetime | None = None) -> Refusal:
        """The same with Retry-After: in seconds, or (with ``now``) as an HTTP date."""
        if now is None:
            return self.but(Retry_After=str(seconds))
        # HTTP dates have whole seconds: one more, so that what is cut off cannot make it too early.
        until = format_datetime(now + timedelta(seconds=seconds + 1), usegmt=True)
        return self.but(Retry_After=until, Date=format_datetime(now, usegmt=True))


class Refused(Exception):
    """Carries a refusal to where the answer is written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


BAD_SYNTAX = Refusal(400, "BadSyntax", "The request is malformed.")
BAD_ARGUMENT = Refusal(400, "BadArgument", "An argument of the request is invalid.")
MISSING_PROPERTY = Refusal(400, "MissingProperty", "A property that is needed is missing.")
AUTHORIZATION_ERROR = Refusal(401, "AuthorizationError", "Authorization has been denied for this request.")
BOT_NOT_REGISTERED = Refusal(401, "BotNotRegistered", "The bot is not registered, or its Teams channel is off.")
BOT_DISABLED_BY_ADMIN = Refusal(403, "BotDisabledByAdmin", "The tenant admin disabled this bot.")
BOT_NOT_IN_ROSTER = Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
MESSAGE_WRITES_BLOCKED = Refusal(403, "MessageWritesBlocked", "Thread is blocked from message writes.")
BLOCKED_BY_USER = Refusal(403, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
NOT_INSTALLED = Refusal(
    403, "ForbiddenOperationException", "The app is not installed in the personal scope of the user."
)
INVALID_BOT_API_HOST = Refusal(403, "InvalidBotApiHost", "Invalid bot api host. For GCC tenants, use another host.")
NOT_ENOUGH_PERMISSIONS = Refusal(403, "NotEnoughPermissions", "The bot may not do this.")
ACTIVITY_NOT_FOUND = Refusal(404, "ActivityNotFoundInConversation", "The activity was not found in the conversation.")
CONVERSATION_NOT_FOUND = Refusal(404, "ConversationNotFound", "Conversation not found.")
MEMBER_NOT_FOUND = Refusal(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")
NO_SUCH_OPERATION = Refusal(404, "ServiceError", "No HTTP resource was found that matches the request URI.")
METHOD_NOT_ALLOWED = Refusal(405, "BadArgument", "The requested resource does not support this http method.")
PRECONDITION_FAILED = Refusal(412, "PreconditionFailed", "A concurrent operation on the conversation won.")
MESSAGE_SIZE_TOO_BIG = Refusal(413, "MessageSizeTooBig", "The size of the message is too big.")
UNSUPPORTED_MEDIA = Refusal(415, "BadArgument", "The request entity's media type is not supported: send JSON.")
THROTTLED = Refusal(429, "Throttled", "Too many requests.")
SERVICE_ERROR = Refusal(500, "ServiceError", "Internal server error.")
BAD_GATEWAY = Refusal(502, "ServiceError", "A service that this one depends on failed.")
UNAVAILABLE = Refusal(503, "ServiceUnavailable", "The service is unavailable.")
GATEWAY_TIMEOUT = Refusal(504, "GatewayTimeout", "The gateway timed out.")
BY_STATUS = {
    400: BAD_ARGUMENT,
    401: AUTHORIZATION_ERROR,
    403: BOT_NOT_IN_ROSTER,
    404: CONVERSATION_NOT_FOUND,
    412: PRECONDITION_FAILED,
    413: MESSAGE_SIZE_TOO_BIG,
    429: THROTTLED,
    500: SERVICE_ERROR,
    502: BAD_GATEWAY,
    503: UNAVAILABLE,
    504: GATEWAY_TIMEOUT,
}
BY_CODE = {
    refusal.code: refusal
    for refusal in (
        BAD_SYNTAX,
        BAD_ARGUMENT,
        MISSING_PROPERTY,
        AUTHORIZATION_ERROR,
        BOT_NOT_REGISTERED,
        BOT_DISABLED_BY_ADMIN,
        BOT_NOT_IN_ROSTER,
        MESSAGE_WRITES_BLOCKED,
        BLOCKED_BY_USER,
        NOT_INSTALLED,
        INVALID_BOT_API_HOST,
        NOT_ENOUGH_PERMISSIONS,
        ACTIVITY_NOT_FOUND,
        CONVERSATION_NOT_FOUND,
        PRECONDITION_FAILED,
        MESSAGE_SIZE_TOO_BIG,
        THROTTLED,
        SERVICE_ERROR,
        UNAVAILABLE,
        GATEWAY_TIMEOUT,
    )
}
