"""Senders: the answer about as whom messages go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from bellwire.model.reason import Mover, Reason
from bellwire.model.shown import explained
from bellwire.service.sender_list import SenderState
from bellwire.web.schemas.fields import View


class SenderView(View):
    """A configured sender, and whether it stands still."""

    name: str = Field(examples=["alerts"])
    kind: Literal["bot", "flow"] = Field(description="A bot of one's own, or a flow that posts as an agent.")
    default: bool = Field(description="Whether it is meant when a caller names none.")
    standing_still: bool = Field(description="Whether nothing goes out; the reason says why.")
    reason: Reason | None = None
    fact: str | None = None
    remedy: str | None = None
    whose_move: Mover | None = None
    until: datetime | None = Field(default=None, description="When it is tried again by itself.")
    paused_tenants: int = Field(description="Tenants in which it waits, because Teams asked for it.")


class SenderListView(View):
    """All senders, in the order of their names."""

    senders: list[SenderView]


def view(found: Sequence[SenderState]) -> SenderListView:
    """The answer about the senders."""
    return SenderListView(senders=[_sender(each) for each in found])


def _sender(state: SenderState) -> SenderView:
    halted = state.halted
    return SenderView(
        name=state.name,
        kind="flow" if state.kind == "flow" else "bot",
        default=state.default,
        standing_still=halted is not None,
        until=None if halted is None else halted.until,
        paused_tenants=state.paused_tenants,
        **explained(None if halted is None else halted.reason),
    )
