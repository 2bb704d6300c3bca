"""docs/first-message.md has the doctor look after each step, and quotes what it says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-message.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^## \d\. (.*?)\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
DOCTOR = "\n".join(path.read_text("utf-8") for path in (ROOT / "src/bellwire/service/doctor").glob("*.py"))
ROWS = re.findall(r"^\| (`[✓✗!?] .*?) \| ", PAGE, re.MULTILINE)


def test_each_step_but_the_last_ends_with_the_doctor() -> None:
    *steps, last = STEPS
    assert [title for title, step in steps if "bellwire doctor" not in step.rpartition("```sh")[2]] == []
    assert "bellwire send" in last[1]


def test_the_steps_take_a_quarter_of_an_hour() -> None:
    taken = [int(minutes) for title, _ in STEPS for minutes in re.findall(r"\((\d+) minutes?\)", title)]
    assert len(taken) == len(STEPS)
    assert sum(taken) <= 15


def test_every_check_that_is_quoted_exists() -> None:
    quoted = re.findall(r"`[✓✗!?] ([^`(]+?)(?: \(alerts\))?`", "\n".join(ROWS))
    assert {check for check in quoted if f'"{check}"' not in DOCTOR} == set()
    assert len(quoted) >= 10


def test_every_sentence_that_is_quoted_is_the_doctors() -> None:
    sentences = [found for row in ROWS if (found := row.rpartition("` ")[2].strip()) and row.rpartition("` ")[1]]
    assert len(sentences) >= 5
    for sentence in sentences:
        words = re.split(r"\b(?:http\S+|\d+(?: minutes)?|Bellwire)\b", sentence)
        assert all(part.strip(" .") in DOCTOR for part in words), sentence
