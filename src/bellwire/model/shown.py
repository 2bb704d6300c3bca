"""A delivery as callers are shown it, by the API and by callbacks alike."""

from __future__ import annotations

from typing import Any

from bellwire.model.delivery import Delivery
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.model.recipient import Recipient


def shown(delivery: Delivery) -> dict[str, Any]:
    """Every field that is shown, under its public name; times are times. The message's text is not among them."""
    final = delivery.state.final
    return {
        "id": delivery.id,
        "state": delivery.state,
        "final": final,
        **explained(delivery.reason),
        "sender": delivery.person.sender,
        "to": _named(delivery.recipient),
        "person": {"tenant_id": delivery.person.tenant_id, "aad_object_id": delivery.person.aad_object_id},
        "message_id": delivery.message_id,
        "priority": delivery.priority.name.lower(),
        "if_unreachable": delivery.if_unreachable,
        "on_unknown": delivery.on_unknown,
        "if_chat_active": delivery.if_chat_active,
        "reference": delivery.caller_reference,
        "accepted_at": delivery.accepted_at,
        "run_at": None if final else delivery.run_at,
        "expires_at": delivery.expires_at,
        "finished_at": delivery.finished_at,
        "attempt_count": delivery.attempts,
        "conversation_id": delivery.conversation_id,
        "activity_id": delivery.activity_id,
        "resend_of": delivery.resend_of,
        "changed_at": delivery.changed_at,
        "taken_back_at": delivery.taken_back_at,
    }


def explained(reason: Reason | None) -> dict[str, Any]:
    """A reason with its fact, its remedy and whose move it is."""
    if reason is None:
        return dict.fromkeys(("reason", "fact", "remedy", "whose_move"))
    fact, remedy, mover = EXPLANATIONS[reason]
    return {"reason": reason, "fact": fact, "remedy": remedy, "whose_move": mover}


def _named(recipient: Recipient) -> dict[str, str]:
    tenant = {"tenant_id": recipient.tenant_id} if recipient.tenant_id is not None else {}
    return {recipient.kind.value: recipient.value, **tenant}
