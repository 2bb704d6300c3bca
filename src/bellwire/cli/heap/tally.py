"""What has become of an import so far: counted, and written down entry by entry where that is wanted.

Entries whose people Teams is asked for are written down when that is over, with what came of it.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from bellwire.cli.heap.record import Broken, Record
from bellwire.client import Finding, Repair
from bellwire.model.finding import EXPLAINED, Verdict, Why
from bellwire.model.reason import EXPLANATIONS, Reason

COLUMNS: Final = ("file", "line", "verdict", "why", "sender", "tenant_id", "aad_object_id", "field", "detail", "remedy")
SHOWN: Final = 10
UNDER_WAY: Final = "under_way"

Somebody = tuple[str | None, str | None, str | None]
"""A person by sender, tenant and object id."""


@dataclass
class Tally:
    """``report`` gets a row for each entry. In a dry run the same person again is seen here, since nothing is kept."""

    dry_run: bool
    report: TextIO | None = None
    counts: Counter[Why] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    _asked: dict[Somebody, list[dict[str, Any]]] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.report is not None:
            csv.writer(self.report).writerow(COLUMNS)

    @property
    def total(self) -> int:
        """How many entries there were, broken ones too."""
        return sum(self.counts.values())

    def of(self, verdict: Verdict) -> int:
        """How many entries have this verdict."""
        return sum(count for why, count in self.counts.items() if EXPLAINED[why].verdict is verdict)

    def broken(self, place: Broken) -> None:
        """A place that could not be read."""
        self._add(Why.MALFORMED, {"file": str(place.file), "line": place.line, "detail": place.detail})

    def found(self, record: Record, finding: Finding) -> None:
        """What the service says of a record."""
        told = {name: getattr(finding, name) for name in COLUMNS[4:9]}
        row = self._add(self._why(finding), {"file": str(record.file), "line": record.line, **told}, finding)
        if finding.repaired:
            self._asked.setdefault((finding.sender, finding.tenant_id, finding.aad_object_id), []).append(row)

    @property
    def asked(self) -> int:
        """How many people Teams is asked for."""
        return len(self._asked)

    def repaired(self, repair: Repair) -> None:
        """What came of asking Teams for one person's chat."""
        rows = self._asked.pop((repair.sender, repair.tenant_id, repair.aad_object_id), None)
        if rows is None:
            return
        self.repairs[repair.reason or repair.state] += 1
        if repair.reason is not None:
            fact, remedy, _ = EXPLANATIONS[Reason(repair.reason)]
            told = {"verdict": Verdict.REFUSED.value, "why": repair.reason, "detail": fact, "remedy": remedy}
        else:
            told = {"verdict": Verdict.MENDED.value, "detail": "Their Teams chat is open.", "remedy": ""}
        for row in rows:
            self._write({**row, **told})

    def give_up(self) -> None:
        """Nobody waits any longer for what is not over."""
        if self._asked:
            self.repairs[UNDER_WAY] += len(self._asked)
        for rows in self._asked.values():
            for row in rows:
                self._write({**row, "detail": "Teams is being asked for the chat.", "remedy": "See /v1/repairs."})
        self._asked.clear()

    def _why(self, finding: Finding) -> Why:
        why = Why(finding.why)
        kept = EXPLAINED[why].verdict in (Verdict.TAKEN, Verdict.MENDED, Verdict.NOTED)
        if not (self.dry_run and kept):
            return why
        person = hash((finding.sender, finding.tenant_id, finding.aad_object_id))
        if person in self._done:
            return Why.NOTHING_NEW
        self._done.add(person)
        return why

    def _add(self, why: Why, told: dict[str, Any], finding: Finding | None = None) -> dict[str, Any]:
        verdict, fact, remedy = EXPLAINED[why]
        row = {**dict.fromkeys(COLUMNS), **told, "verdict": verdict.value, "why": why.value, "remedy": remedy}
        row["detail"] = row["detail"] or fact
        self.counts[why] += 1
        if verdict is Verdict.REFUSED and len(self.examples) < SHOWN:
            self.examples.append(row)
        if self.dry_run or finding is None or not finding.repaired:
            self._write(row)
        return row

    def _write(self, row: dict[str, Any]) -> None:
        if self.report is not None:
            csv.writer(self.report).writerow([_cell(row[name]) for name in COLUMNS])


def _cell(value: Any) -> Any:
    """What a spreadsheet would take for a formula is made text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
