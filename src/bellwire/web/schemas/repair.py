"""Repairs: Teams chats that are opened without a message."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bellwire.model.reason import EXPLANATIONS, Mover, Reason
from bellwire.service.repairing import RepairReport
from bellwire.store.repairs import Repair, RepairCount, RepairState
from bellwire.web.schemas.fields import View


class RepairView(View):
    """One person's: `opened` and `refused` are its ends."""

    id: str
    sender: str
    tenant_id: str
    aad_object_id: str
    state: RepairState
    asked_at: datetime
    attempts: int = Field(description="How many requests it took so far.")
    finished_at: datetime | None = None
    reason: Reason | None = Field(default=None, description="Why Teams did not open the chat.")
    status: int | None = Field(default=None, description="Teams' last status, if it failed.")
    code: str | None = Field(default=None, description="Teams' last code, if it failed.")


class RefusalView(View):
    """A reason for which chats were not opened, of how many people, and what to do about it."""

    reason: Reason
    count: int
    fact: str
    remedy: str
    whose_move: Mover


class RepairsPage(View):
    """The books of the repairs (asked = open + opened + refused), and some of them one by one."""

    asked: int
    open: int
    opened: int
    refused: int
    reasons: list[RefusalView] = Field(description="Why some were refused, the most frequent first.")
    repairs: list[RepairView]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; none at the end.")


def page_view(report: RepairReport, limit: int) -> RepairsPage:
    """The answer; the report has one repair more than are shown, if there are more."""
    refused = [each for each in report.counts if each.reason is not None]
    shown = report.repairs[:limit]
    return RepairsPage(
        asked=sum(each.count for each in report.counts),
        open=report.of(RepairState.QUEUED, RepairState.SENDING),
        opened=report.of(RepairState.OPENED),
        refused=report.of(RepairState.REFUSED),
        reasons=[_refusal(each) for each in sorted(refused, key=lambda each: -each.count)],
        repairs=[_repair(each) for each in shown],
        next=shown[-1].id if len(report.repairs) > limit else None,
    )


def _refusal(each: RepairCount) -> RefusalView:
    assert each.reason is not None
    fact, remedy, mover = EXPLANATIONS[each.reason]
    return RefusalView(reason=each.reason, count=each.count, fact=fact, remedy=remedy, whose_move=mover)


def _repair(each: Repair) -> RepairView:
    return RepairView(
        id=each.id,
        sender=each.person.sender,
        tenant_id=each.person.tenant_id,
        aad_object_id=each.person.aad_object_id,
        state=each.state,
        asked_at=each.asked_at,
        attempts=each.attempts,
        finished_at=each.finished_at,
        reason=each.reason,
        status=each.status,
        code=each.code,
    )
