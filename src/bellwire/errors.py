"""Every error that Bellwire raises on purpose, in one tree.

    BellwireError
    ├── ConfigError                  a setting is missing or wrong
    ├── InvalidInput                 what came in is not what was asked for; names the field
    │   ├── InvalidActivity          not a Bot Framework activity
    │   └── TooLarge                 more bytes than the limit
    ├── Unauthorized                 no proof of who is calling
    │   ├── InvalidToken             an inbound Bot Connector token failed a check
    │   └── InvalidKey               the caller's API key is missing, unknown or revoked
    ├── TenantNotAllowed             the tenant is not on the allow-list
    ├── NotFound                     no such delivery, person, sender or key
    ├── Conflict                     the request contradicts what is already so
    │   └── IdempotencyConflict      the same Idempotency-Key came with another body
    ├── Unreachable                  the person cannot be reached, and why
    └── Unavailable                  a part that is needed does not answer; try again
        └── StoreUnavailable         the database does not answer
            └── TablesTooOld         its tables are older than this program

Each class has a stable ``code`` (an instance may carry a finer one), the HTTP ``status`` that the API answers with,
and a ``remedy``: what to do about it, in words. No error ever holds a token, a secret or a message's text.
"""

from __future__ import annotations

from typing import ClassVar


class BellwireError(Exception):
    """Base of all. ``detail`` says what happened, ``field`` which input is meant, ``remedy`` what to do."""

    code: str = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong in Bellwire."
    remedy: str = "Look into Bellwire's log; report it if it happens again."

    def __init__(
        self, detail: str, *, field: str | None = None, code: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.code = code or type(self).code
        self.remedy = remedy or type(self).remedy

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.detail} {self.remedy}"


class ConfigError(BellwireError):
    """A setting is missing or wrong; ``field`` is the setting's name as in the environment."""

    code = "invalid_setting"
    title = "A setting is missing or wrong."
    remedy = "Correct the setting and start again; docs/settings.md lists them all."


class InvalidInput(BellwireError):
    """What came in is not what was asked for; ``field`` is a dotted path into the body, a header or a parameter."""

    code = "invalid_request"
    status = 422
    title = "The request is not valid."
    remedy = "Correct the field and send the request again."


class InvalidActivity(InvalidInput):
    """The body at the bot endpoint is not a Bot Framework activity."""

    code = "invalid_activity"
    status = 400
    title = "Not a Bot Framework activity."
    remedy = "Only the Bot Connector calls this address; callers of the API use /v1."


class TooLarge(InvalidInput):
    """The body has more bytes than the limit."""

    code = "too_large"
    status = 413
    title = "The request is too large."
    remedy = "Send less in one request."


class Unauthorized(BellwireError):
    """The request carries no acceptable proof of who sends it."""

    code = "unauthorized"
    status = 401
    title = "The caller is not known."
    remedy = "Send the credentials that this address asks for."


class InvalidToken(Unauthorized):
    """An inbound Bot Connector token failed a check (platform reference §4); ``code`` says which."""

    code = "invalid_token"
    title = "The bot endpoint's token was refused."
    remedy = "Check that the sender's app id and the cloud match the Azure Bot registration."


class InvalidKey(Unauthorized):
    """The caller's API key is missing, unknown or revoked."""

    code = "invalid_key"
    title = "The API key was refused."
    remedy = "Send 'Authorization: Bearer KEY' with a key made by 'bellwire keys add'."


class TenantNotAllowed(BellwireError):
    """The tenant is not on the allow-list."""

    code = "tenant_not_allowed"
    status = 403
    title = "The tenant is not on the allow-list."
    remedy = "Add the tenant's id to BELLWIRE_ALLOWED_TENANTS if its people may be reached from here."


class NotFound(BellwireError):
    """There is no such thing as the one named."""

    code = "not_found"
    status = 404
    title = "There is no such thing."
    remedy = "Check the id."


class Conflict(BellwireError):
    """The request contradicts what is already so."""

    code = "conflict"
    status = 409
    title = "The request contradicts the present state."
    remedy = "Read the present state, then decide again."


class IdempotencyConflict(Conflict):
    """The same Idempotency-Key was used before with another body."""

    code = "idempotency_conflict"
    title = "The Idempotency-Key was used with another body."
    remedy = "Use a new Idempotency-Key for a new request."


class Unreachable(BellwireError):
    """The person cannot be reached; ``code`` is the reason's code (``bellwire.model.reason``)."""

    code = "unreachable"
    status = 409
    title = "The person cannot be reached."
    remedy = "Ask GET /v1/people for what is in the way."


class Unavailable(BellwireError):
    """A part that is needed does not answer at present."""

    code = "unavailable"
    status = 503
    title = "A part that is needed does not answer."
    remedy = "Try again in a moment."


class StoreUnavailable(Unavailable):
    """The database does not answer."""

    code = "store_unavailable"
    title = "The database does not answer."
    remedy = "Check BELLWIRE_DATABASE_URL and that the database runs; nothing was accepted meanwhile."


class TablesTooOld(StoreUnavailable):
    """The database's tables are older than this program, which was told to leave them alone."""

    code = "tables_too_old"
    title = "The database's tables are older than this program."
    remedy = "Run 'bellwire database upgrade' with this version; it goes on by itself then."
