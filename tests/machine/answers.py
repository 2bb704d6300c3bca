"""What Teams may answer to a post, by name, and whether the post is there afterwards."""

from __future__ import annotations

from typing import Final

from bellwire.model.outcome import Halt, Heal, Outcome, Remedy, Retry, Scope, Sent, Undeliverable, Unknown
from bellwire.model.reason import Reason

POSTED: Final[dict[str, tuple[Outcome, bool]]] = {
    "all is well": (Sent(""), True),
    "unavailable": (Retry(503, "ServiceUnavailable"), False),
    "not connected": (Retry(None, "connect_failed"), False),
    "conversation throttled": (Retry(429, "Throttled", 9.0, Scope.CONVERSATION), False),
    "tenant throttled": (Retry(429, "Throttled", 5.0, Scope.TENANT), False),
    "chat is gone": (
        Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND), 404, "ConversationNotFound"),
        False,
    ),
    "wrong host": (Heal(Remedy.SWITCH_HOST, Undeliverable(Reason.WRONG_HOST), 403, "InvalidBotApiHost"), False),
    "token refused": (Heal(Remedy.NEW_TOKEN, Halt(Reason.TOKEN_REFUSED), 401, "AuthorizationError"), False),
    "not registered": (Halt(Reason.BOT_NOT_REGISTERED, 401, "BotNotRegistered"), False),
    "rejected": (Undeliverable(Reason.MESSAGE_REJECTED, 400, "BadSyntax"), False),
    "uninstalled": (Undeliverable(Reason.UNINSTALLED, 403, "BotNotInConversationRoster"), False),
    "blocked": (Undeliverable(Reason.BLOCKED, 403, "ConversationBlockedByUser"), False),
    "answer lost, message there": (Unknown(Reason.ANSWER_LOST), True),
    "answer lost, message not there": (Unknown(Reason.ANSWER_LOST), False),
}
FOR_POSTS_ONLY: Final = {"chat is gone", "answer lost, message there", "answer lost, message not there"}
"""Asked for anything else, Teams says that all is well instead."""
