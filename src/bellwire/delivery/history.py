"""What the attempts so far say about the next one. The rows are the only memory, so a restart forgets nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bellwire.model.outcome import OPENING, Heal, Installed, Opened, Outcome, Remedy, Step

_NOT_A_TRY: Final = frozenset({"opened", "installed", "heal", "halt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request that is over: ``outcome`` is its kind by name, ``retry_at`` when the next one was due."""

    step: Step
    started_at: datetime
    finished_at: datetime
    outcome: str
    remedy: Remedy | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All attempts of one delivery in short.

    ``tries`` counts those that failed by themselves, ``healed`` what was mended, ``waited`` the last wait in seconds;
    ``opening`` says that the chat is to be opened and has not been, ``installed`` that the app was installed.
    """

    tries: int = 0
    first_at: datetime | None = None
    healed: frozenset[Remedy] = frozenset()
    waited: float | None = None
    opening: bool = False
    installed: bool = False

    def after(self, attempt: Attempt) -> History:
        """The history with one more attempt."""
        wait = None if attempt.retry_at is None else (attempt.retry_at - attempt.finished_at).total_seconds()
        installed = attempt.outcome == kind(Installed)
        opened = attempt.step in OPENING and attempt.outcome == kind(Opened)
        return History(
            tries=self.tries + (attempt.outcome not in _NOT_A_TRY),
            first_at=self.first_at or attempt.started_at,
            healed=self.healed if attempt.remedy is None else self.healed | {attempt.remedy},
            waited=self.waited if wait is None else wait,
            opening=not opened and (installed or attempt.step in OPENING or attempt.remedy is Remedy.OPEN_CHAT),
            installed=self.installed or installed,
        )


NEW: Final = History()


def history(attempts: Iterable[Attempt]) -> History:
    """The history of these attempts, in their order."""
    told = NEW
    for attempt in attempts:
        told = told.after(attempt)
    return told


def kind(outcome: type[Outcome]) -> str:
    """The name under which an outcome is stored."""
    return outcome.__name__.lower()


def healing(outcome: Outcome) -> Remedy | None:
    """The remedy that an outcome asks for."""
    return outcome.remedy if isinstance(outcome, Heal) else None
