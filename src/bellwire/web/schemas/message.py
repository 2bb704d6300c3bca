"""What a caller may send: a message, to whom, and on what terms."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from bellwire.errors import InvalidInput
from bellwire.model.card import VERSION
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, Priority
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.web.schemas.fields import Address, Guid, Moment, Reference, SenderName, Strict, Summary, Text

CARD: Final[JsonDict] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Build 4711 is green again.", "wrap": True}],
}
PERSON: Final[JsonDict] = {"aad_object_id": "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"}

PriorityName = Literal["urgent", "normal", "bulk"]
Card = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "title": "Adaptive Card",
            "required": ["type", "version"],
            "properties": {"type": {"const": "AdaptiveCard"}, "version": {"type": "string", "pattern": f"^{VERSION}$"}},
            "propertyNames": {"pattern": r"^[^\u0000]*$"},
            "additionalProperties": {"$ref": "#/components/schemas/CardValue"},
            "examples": [CARD],
        }
    ),
]
IfUnreachableName = Annotated[
    IfUnreachable, WithJsonSchema({"type": "string", "enum": ["fail", "wait", "install"], "default": "fail"})
]


def _only(name: str, *others: str) -> JsonDict:
    """A variant in which ``name`` is there and the others are absent or null."""
    return {
        "title": name,
        "required": [name],
        "properties": {name: {"type": "string"}, **{other: {"type": "null"} for other in others}},
    }


_NAMES: Final = [kind.value for kind in RecipientKind]
_ONE_NAME: Final[JsonDict] = {"oneOf": [_only(name, *(other for other in _NAMES if other != name)) for name in _NAMES]}
TEXT_OR_CARD: Final[JsonDict] = {
    "oneOf": [
        _only("text", "card"),
        {
            "title": "card",
            "required": ["card", "summary"],
            "properties": {"card": {"type": "object"}, "summary": {"type": "string"}, "text": {"type": "null"}},
        },
    ]
}


class RecipientBody(Strict):
    """A person, by exactly one name."""

    model_config = ConfigDict(json_schema_extra={**_ONE_NAME, "examples": [PERSON]})

    aad_object_id: Guid | None = Field(default=None, description="The person's Entra object id.")
    upn: Address | None = Field(default=None, description="User principal name, looked up through Microsoft Graph.")
    email: Address | None = Field(
        default=None,
        description="An address of the person's mailbox, or their user principal name, such as adele@contoso.example.",
    )
    tenant_id: Guid | None = Field(default=None, description="The person's tenant; the sender's own if left out.")

    def recipient(self) -> Recipient:
        """The one name that was given."""
        names = {kind: value for kind in RecipientKind if (value := getattr(self, kind.value)) is not None}
        if len(names) != 1:
            raise InvalidInput(
                "Exactly one of aad_object_id, upn and email is needed.",
                field="to",
                remedy="Name the person once, best by aad_object_id.",
            )
        kind, value = names.popitem()
        return Recipient(kind, value, self.tenant_id)


class ContentBody(Strict):
    """What to say: a text, or an Adaptive Card with a summary."""

    model_config = ConfigDict(json_schema_extra={**TEXT_OR_CARD, "examples": [{"text": "The build is green again."}]})

    text: Text | None = Field(
        default=None, description="Markdown as Teams reads it: `**bold**`, `[a link](https://contoso.example)`."
    )
    card: Card | None = Field(default=None, description="An Adaptive Card up to version 1.5; at most 80 KB in UTF-16.")
    summary: Summary | None = Field(default=None, description="What the notification says; demanded with a card.")

    def content(self) -> Content:
        """What to say, not yet checked."""
        return Content(text=self.text, card=self.card, summary=self.summary)


class TermsBody(ContentBody):
    """On what terms."""

    sender: SenderName | None = Field(
        default=None,
        description="Which sender; if left out the default, the only one, or the first in order that reaches them.",
    )
    priority: PriorityName = Field(default="normal", description="`urgent` overtakes everything that waits.")
    send_at: Moment | None = Field(default=None, description="Not before this time, such as 2030-01-15T09:30:00Z.")
    expires_at: Moment | None = Field(default=None, description="Never after this time, such as 2030-01-15T17:00:00Z.")
    if_unreachable: IfUnreachableName = Field(
        default=IfUnreachable.FAIL,
        description="`fail` refuses at once; `wait` keeps the message until the person can be reached; "
        "`install` installs the app for a person who does not have it.",
    )
    on_unknown: OnUnknown = Field(
        default=OnUnknown.HOLD,
        description="When Teams' answer was lost: `hold` never says it twice, `resend` says it at least once.",
    )
    if_chat_active: IfChatActive = Field(
        default=IfChatActive.WAIT,
        description="By a flow, when the person is in the middle of a chat with the agent: `wait` tries again, each "
        "minute for an hour, `give_up` ends the delivery.",
    )
    reference: Reference | None = Field(
        default=None, description="The caller's own words for it, such as build-4711; comes back as is."
    )

    def terms(self) -> Terms:
        """On what terms, not yet checked."""
        return Terms(
            sender=self.sender,
            priority=Priority[self.priority.upper()],
            send_at=self.send_at,
            expires_at=self.expires_at,
            if_unreachable=self.if_unreachable,
            on_unknown=self.on_unknown,
            if_chat_active=self.if_chat_active,
            reference=self.reference,
        )


class SendBody(TermsBody):
    """One message to one person."""

    model_config = ConfigDict(
        json_schema_extra={
            **TEXT_OR_CARD,
            "examples": [
                {"to": PERSON, "text": "The build is **green** again."},
                {"to": PERSON, "card": CARD, "summary": "Build 4711: green", "priority": "urgent"},
            ],
        }
    )

    to: RecipientBody

    def command(self) -> SendCommand:
        """What the caller asks for."""
        return SendCommand(to=self.to.recipient(), content=self.content(), terms=self.terms())


class CardBody(SendBody):
    """One card to one person: for callers whose tools cannot leave the choice between text and card open."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": PERSON, "card": CARD, "summary": "Build 4711: green"}]}
    )

    text: None = Field(default=None, description="Never given.")
    card: Card = Field(description="An Adaptive Card up to version 1.5; at most 80 KB in UTF-16.")
    summary: Summary = Field(description="What the notification says.")
