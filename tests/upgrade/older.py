"""The code as it was before the newest migration came, out of the repository's own history."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from alembic.script import Script, ScriptDirectory

import bellwire.store.migrations

ROOT: Final = Path(__file__).parents[2]


def newest_migration() -> Script:
    """The migration that no other one follows."""
    scripts = ScriptDirectory(str(Path(bellwire.store.migrations.__file__).parent))
    head = scripts.get_current_head()
    assert head is not None
    found = scripts.get_revision(head)
    assert isinstance(found, Script)
    return found


def code_before(migration: Script, folder: Path) -> Path:
    """Unpack the code of the last commit that did not know this migration, and return where to import it from.

    Skips the test where there is no history, or where the migration itself says that older code cannot go on.
    """
    if migration.module.runs_with > str(migration.down_revision):
        pytest.skip(f"older code cannot run with migration {migration.revision}, as that one says")
    path = Path(migration.path).relative_to(ROOT)
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(path)).decode().strip()
    if not added:
        pytest.skip("the newest migration is not in the history yet")
    with tarfile.open(fileobj=BytesIO(_git("archive", f"{added}^", "src"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no history of the repository here")
