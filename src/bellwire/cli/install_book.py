"""The book of one install list: a CSV file with a line for everybody who has a result, written as the results come."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TextIO

from bellwire.errors import InvalidInput
from bellwire.service.installing import InstallResult, InstallState

COLUMNS = ("aad_object_id", "state", "reason", "code")


class InstallBook:
    """listed = installed + already + refused + failed + open, also after the process was killed.

    Every line goes to the system at once. A last line that was torn counts as not written, so its person is asked for
    again, which is harmless. Whoever failed is asked for again by the next run over the same book.

    Raises:
        InvalidInput: the file is something else.
    """

    def __init__(self, path: Path) -> None:
        whole = path.read_text(encoding="utf-8") if path.exists() else ""
        kept = whole[: whole.rfind("\n") + 1]
        rows = list(csv.reader(kept.splitlines()))
        if rows and tuple(rows[0]) != COLUMNS:
            raise InvalidInput("The file is no book of installs.", field="--book", remedy="Name a new file.")
        self.states = {row[0]: InstallState(row[1]) for row in rows[1:]}
        if kept != whole:
            path.write_text(kept, encoding="utf-8")
        self._file: TextIO = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if not rows:
            self._write(*COLUMNS)

    def keep(self, result: InstallResult) -> None:
        """One more result."""
        self.states[result.aad_object_id] = result.state
        self._write(result.aad_object_id, result.state, result.reason or "", result.code)

    def is_open(self, aad_object_id: str) -> bool:
        """Whether this person is still to be installed for."""
        return self.states.get(aad_object_id) in (None, InstallState.FAILED)

    def counts(self) -> dict[str, int]:
        """How many ended in each way."""
        counted = Counter(self.states.values())
        return {state.value: counted[state] for state in InstallState}

    def close(self) -> None:
        """Nothing more is written."""
        self._file.close()

    def _write(self, *cells: str) -> None:
        self._writer.writerow(cells)
        self._file.flush()
