"""What has become of an import so far: counted, and written down entry by entry where that is wanted."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from bellwire.cli.heap.record import Broken, Record
from bellwire.client import Finding
from bellwire.model.finding import EXPLAINED, Verdict, Why

COLUMNS: Final = ("file", "line", "verdict", "why", "sender", "tenant_id", "aad_object_id", "field", "detail", "remedy")
SHOWN: Final = 10


@dataclass
class Tally:
    """``report`` gets a row for each entry. In a dry run the same person again is seen here, since nothing is kept."""

    dry_run: bool
    report: TextIO | None = None
    counts: Counter[Why] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
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
        self._add(self._why(finding), {"file": str(record.file), "line": record.line, **told})

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

    def _add(self, why: Why, told: dict[str, Any]) -> None:
        verdict, fact, remedy = EXPLAINED[why]
        row = {**dict.fromkeys(COLUMNS), **told, "verdict": verdict.value, "why": why.value, "remedy": remedy}
        row["detail"] = row["detail"] or fact
        self.counts[why] += 1
        if verdict is Verdict.REFUSED and len(self.examples) < SHOWN:
            self.examples.append(row)
        if self.report is not None:
            csv.writer(self.report).writerow([_cell(row[name]) for name in COLUMNS])


def _cell(value: Any) -> Any:
    """What a spreadsheet would take for a formula is made text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
