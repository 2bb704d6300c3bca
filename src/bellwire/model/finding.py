"""What becomes of one entry that another system kept, and why: the words of an import's report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from bellwire.model.reason import EXPLANATIONS, Reason


class Verdict(StrEnum):
    """What becomes of an entry.

    ``taken``: it is a Teams chat, stored as the person's reference. ``known``: as much is known already. ``mended``:
    it is no Teams chat, but its person has the app, so the Teams chat is opened with the next message. ``noted``: it
    is a group's or a channel's, so the person is kept as seen there and can only be reached after an install.
    """

    TAKEN = "taken"
    KNOWN = "known"
    MENDED = "mended"
    NOTED = "noted"
    REFUSED = "refused"


class Why(StrEnum):
    """Why an entry has its verdict."""

    TEAMS_CHAT = "teams_chat"
    NOTHING_NEW = "nothing_new"
    COPILOT = "copilot"
    KIND_NOT_SAID = "kind_not_said"
    GROUP_CHAT = "group_chat"
    CHANNEL = "channel"
    ASKED_FOR = "asked_for"
    MALFORMED = "malformed"
    NO_OBJECT_ID = "no_object_id"
    NO_SUCH_PERSON = "no_such_person"
    SEVERAL_PEOPLE = "several_people"
    GUEST = "guest"
    ACCOUNT_DISABLED = "account_disabled"
    CONSENT_MISSING = "consent_missing"
    NO_TENANT = "no_tenant"
    NO_CONVERSATION = "no_conversation"
    NOT_TEAMS = "not_teams"
    ANOTHER_BOT = "another_bot"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    HOST_NOT_ALLOWED = "host_not_allowed"


NAMELESS: Final = (
    Reason.NO_SUCH_PERSON,
    Reason.SEVERAL_PEOPLE,
    Reason.GUEST,
    Reason.ACCOUNT_DISABLED,
    Reason.CONSENT_MISSING,
)
"""Why the directory names nobody whom a bot could write to; as reasons of an import they have the same codes."""


class Explained(NamedTuple):
    """A reason's verdict, what it says, and what to do about it."""

    verdict: Verdict
    fact: str
    remedy: str


EXPLAINED: Final = MappingProxyType(
    {
        Why.TEAMS_CHAT: Explained(Verdict.TAKEN, "It is the person's own Teams chat with the bot.", ""),
        Why.NOTHING_NEW: Explained(Verdict.KNOWN, "As much, or something newer, is known of the person already.", ""),
        Why.COPILOT: Explained(
            Verdict.MENDED,
            "It is a conversation in Copilot, where nobody is notified.",
            "Nothing: the person's Teams chat is opened with the next message to them.",
        ),
        Why.KIND_NOT_SAID: Explained(
            Verdict.MENDED,
            "It does not say whether it is the Teams chat or one in Copilot.",
            "Nothing: the person's Teams chat is opened with the next message to them.",
        ),
        Why.GROUP_CHAT: Explained(
            Verdict.NOTED,
            "It is a group chat, or one in Copilot whose mark was lost.",
            "Have the app installed for the person, or wait until they use it once.",
        ),
        Why.CHANNEL: Explained(
            Verdict.NOTED,
            "It is a team's channel.",
            "Have the app installed for the person.",
        ),
        Why.ASKED_FOR: Explained(
            Verdict.MENDED,
            "It names a person without a conversation of theirs; Teams is asked for their chat.",
            "Nothing: the repair says what came of it.",
        ),
        Why.MALFORMED: Explained(Verdict.REFUSED, "It cannot be read.", "Correct the field that is named."),
        Why.NO_OBJECT_ID: Explained(
            Verdict.REFUSED,
            "Nothing says whose conversation it is: no Entra object id, and no name that can be looked up.",
            "Add the person's Entra object id as aadObjectId, or their upn or email where Graph may be asked.",
        ),
        **{Why(reason): Explained(Verdict.REFUSED, *EXPLANATIONS[reason][:2]) for reason in NAMELESS},
        Why.NO_TENANT: Explained(
            Verdict.REFUSED, "Nothing says which tenant the person belongs to.", "Name the tenant with --tenant."
        ),
        Why.NO_CONVERSATION: Explained(
            Verdict.REFUSED,
            "It names a person, but no conversation of theirs with the bot.",
            "Repeat with --repair to have Teams asked for their chat, or have the app installed for the person.",
        ),
        Why.NOT_TEAMS: Explained(
            Verdict.REFUSED, "It is no conversation in Teams.", "Nothing: Bellwire writes to Teams chats only."
        ),
        Why.ANOTHER_BOT: Explained(
            Verdict.REFUSED,
            "It belongs to another bot: a conversation's id means nothing to any other.",
            "Name the sender that has this bot's app id with --sender.",
        ),
        Why.TENANT_NOT_ALLOWED: Explained(
            Verdict.REFUSED,
            "The person's tenant is not on the allow-list.",
            "Add it to BELLWIRE_ALLOWED_TENANTS if its people may be reached from here.",
        ),
        Why.HOST_NOT_ALLOWED: Explained(
            Verdict.REFUSED,
            "Its service URL is not one of the cloud's: no token is sent there.",
            "Check BELLWIRE_CLOUD__NAME; remove the service URL if the entry is genuine.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What becomes of one entry. ``field`` and ``detail`` say what is wrong with one that is malformed.

    ``repaired`` says that Teams is asked for the person's chat now.
    """

    why: Why
    sender: str | None = None
    tenant_id: str | None = None
    aad_object_id: str | None = None
    field: str | None = None
    detail: str | None = None
    repaired: bool = False

    @property
    def verdict(self) -> Verdict:
        """What becomes of it."""
        return EXPLAINED[self.why].verdict
