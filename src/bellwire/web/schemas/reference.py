"""Conversation references that another bot kept: what is told, what became of each, and what is given out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from bellwire.model.finding import EXPLAINED, Finding, Verdict, Why
from bellwire.model.reference import Source
from bellwire.model.surface import Surface
from bellwire.service.exported import Exported
from bellwire.service.importing import MOST_ENTRIES, ImportCommand
from bellwire.web.schemas.fields import Guid, Moment, SenderName, Strict, View

EXAMPLE: Any = {
    "channelId": "msteams",
    "serviceUrl": "https://smba.trafficmanager.net/emea/",
    "user": {"id": "29:1-adele", "aadObjectId": "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"},
    "bot": {"id": "28:0c0a7f3e-4c2b-4a53-9f0e-7b1c3c1d2e4f"},
    "conversation": {
        "id": "a:1-adele",
        "conversationType": "personal",
        "tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47",
    },
}


class ReferencesBody(Strict):
    """Conversation references in any of the shapes that bots keep them in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"references": [EXAMPLE], "dry_run": True}]})

    references: Annotated[list[dict[Any, Any]], Field(min_length=1, max_length=MOST_ENTRIES)] = Field(
        description="Each in the shape of an SDK, of a table, or of `GET /v1/references`."
    )
    sender: SenderName | None = Field(default=None, description="Whose they are, where they do not name their bot.")
    tenant_id: Guid | None = Field(default=None, description="For those that name no tenant; the sender's own if not.")
    as_of: Moment | None = Field(default=None, description="When those were true that tell no time; now if left out.")
    repair: bool = Field(
        default=False, description="Have Teams asked now for the chats of those whose chat the references do not tell."
    )
    dry_run: bool = Field(default=False, description="Only say what would become of them.")

    def command(self) -> ImportCommand:
        """What the caller asks for."""
        return ImportCommand(
            entries=self.references,
            sender=self.sender,
            tenant_id=self.tenant_id,
            as_of=self.as_of,
            repair=self.repair,
            dry_run=self.dry_run,
        )


class FindingView(View):
    """What became of one reference."""

    verdict: Verdict
    why: Why
    sender: str | None = None
    tenant_id: str | None = None
    aad_object_id: str | None = None
    field: str | None = Field(default=None, description="What is wrong with it, where it cannot be read.")
    detail: str | None = None
    repaired: bool = Field(default=False, description="Teams is asked for the person's chat; see `/v1/repairs`.")


class WhyView(View):
    """A reason, how many references it holds for, and what to do about it."""

    verdict: Verdict
    why: Why
    count: int
    fact: str
    remedy: str


class FindingsView(View):
    """What became of each reference, in their order, and the reasons, the most frequent first."""

    findings: list[FindingView]
    reasons: list[WhyView]


class ExportedView(View):
    """One person's Teams chat with one sender's bot; or where they were seen, if no chat of theirs is known."""

    sender: str
    tenant_id: str
    aad_object_id: str
    surface: Surface
    seen_at: datetime
    created_at: datetime
    conversation_id: str | None = None
    service_url: str | None = None
    source: Source | None = None
    user_id: str | None = None
    bot_id: str | None = None
    name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    app_version: str | None = None
    installed_at: datetime | None = None
    removed_at: datetime | None = None
    person_at: datetime | None = None
    blocked_at: datetime | None = None
    disabled_at: datetime | None = None
    absent_at: datetime | None = None
    team_at: datetime | None = None
    older: dict[str, int] | None = Field(default=None, description="When each value was said that is older, in µs.")


class ExportPage(View):
    """References, in the order of tenant and person."""

    references: list[ExportedView]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; none at the end.")


def findings_view(findings: Sequence[Finding]) -> FindingsView:
    """The answer about references that were told."""
    return FindingsView(
        findings=[FindingView.model_validate(each, from_attributes=True) for each in findings],
        reasons=[_why(why, count) for why, count in Counter(each.why for each in findings).most_common()],
    )


def exported_view(row: Exported) -> ExportedView:
    """A reference as it is given out."""
    return ExportedView.model_validate(row, from_attributes=True)


def _why(why: Why, count: int) -> WhyView:
    verdict, fact, remedy = EXPLAINED[why]
    return WhyView(verdict=verdict, why=why, count=count, fact=fact, remedy=remedy)
