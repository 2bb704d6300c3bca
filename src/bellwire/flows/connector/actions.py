"""What makers can have done: each action is one call of the API, with its less used fields tucked away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

MOST_AT_ONCE: Final = 5_000
"""People in one action. A flow that loops over them instead runs into its connector's quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """``call`` is the API's ``operationId``, ``important`` are the fields that are always in sight.

    ``left_out`` are fields of the body that make no sense to a maker, ``whole`` those given in one piece, which
    the designer only allows if it does not know what is inside; ``changes`` overrides parts of a field's schema.
    ``internal`` ones are not offered to makers: the designer calls them by itself.
    """

    name: str
    call: str
    summary: str
    description: str
    important: frozenset[str]
    left_out: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Action):
    """One that asks to be told: ``tells`` is the API's ``operationId`` of what is told, ``hint`` how to try it."""

    tells: str
    hint: str


_PERSON: Final = frozenset({"to", "email"})

ACTIONS: Final = (
    Action(
        name="SendMessage",
        call="send_message",
        summary="Send a message to a person",
        description="Writes a text into the person's own Teams chat with the bot.",
        important=_PERSON | {"text"},
        left_out=frozenset({"card", "summary"}),
    ),
    Action(
        name="SendCard",
        call="send_card",
        summary="Send an Adaptive Card to a person",
        description="Puts an Adaptive Card into the person's own Teams chat with the bot.",
        important=_PERSON | {"card", "summary"},
        left_out=frozenset({"text"}),
        whole=frozenset({"card"}),
    ),
    Action(
        name="SendToMany",
        call="send_message_to_many",
        summary="Send a message to many people",
        description=f"Hands over one text for up to {MOST_AT_ONCE:,} people, by e-mail address or Entra object id.",
        important=frozenset({"to", "text"}),
        left_out=frozenset({"card", "summary"}),
        changes=MappingProxyType({"to": {"maxItems": MOST_AT_ONCE}}),
    ),
    Action(
        name="GetDelivery",
        call="get_delivery",
        summary="Get a delivery",
        description="Says where a message to one person stands, and if it did not arrive, why and what to do.",
        important=frozenset({"id"}),
    ),
    Action(
        name="ListDeliveries",
        call="list_deliveries",
        summary="List deliveries",
        description="Says how messages ended, page by page: those of one call to many people, or all in one state.",
        important=frozenset({"message_id", "state"}),
    ),
    Action(
        name="CancelDelivery",
        call="cancel_delivery",
        summary="Cancel a delivery",
        description="Stops a message that has not gone out yet.",
        important=frozenset({"id"}),
    ),
    Action(
        name="CheckPeople",
        call="check_people",
        summary="Find out who can be reached",
        description="Says of each person, named by e-mail address, whether they can be reached, and if not why.",
        important=frozenset({"to"}),
    ),
    Action(
        name="GetPerson",
        call="find_person",
        summary="Find out whether a person can be reached",
        description="Says by which sender a person can be reached, and if by none, why and what to do.",
        important=frozenset({"name"}),
    ),
)

TRIGGERS: Final = (
    Trigger(
        name="WhenDeliveryEnds",
        call="add_callback",
        summary="When a delivery ends",
        description="Starts the flow with every message that was sent, or could not be, with the reason.",
        important=frozenset({"url"}),
        left_out=frozenset({"events"}),
        tells="delivery_ended",
        hint="To see it work now, send a message to yourself.",
        changes=MappingProxyType({"url": {"x-ms-notification-url": True}}),
    ),
)
INTERNAL: Final = (
    Action(
        name="RemoveCallback",
        call="remove_callback",
        summary="Remove a trigger's callback",
        description="Called when a flow with a trigger is turned off or removed.",
        important=frozenset({"id"}),
        internal=True,
    ),
    Action(
        name="ListSenders",
        call="list_senders",
        summary="List the senders",
        description="Fills the list of senders to choose from.",
        important=frozenset(),
        internal=True,
    ),
)
CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "sender": {
            "operationId": "ListSenders",
            "value-collection": "senders",
            "value-path": "name",
            "value-title": "name",
        }
    }
)
"""Fields whose values the designer offers, and where it learns them."""
