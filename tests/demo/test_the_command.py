"""``bellwire demo`` ends by itself where there is no terminal, with 0 because everything held."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import sys
from pathlib import Path

import aiohttp

from bellwire.cli.exits import Exit
from tests.cli.conftest import Run, bellwire, clean_environment

__all__ = ["bellwire"]


def test_without_a_terminal_it_tells_the_story_in_whatever_characters_there_are_and_ends(bellwire: Run) -> None:
    ended = bellwire("demo", env={"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr) == (Exit.OK, "")
    assert re.search(r"All \d+ expectations held\.", ended.stdout)


def test_as_json_it_is_one_document(bellwire: Run) -> None:
    ended = bellwire("demo", "--json")
    document = json.loads(ended.stdout)
    assert document["held"] is True
    assert len(document["scenes"]) == 11


async def test_in_a_terminal_it_stays_up_with_the_chat_page_until_ctrl_c(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bellwire",
        "demo",
        cwd=tmp_path,
        env=clean_environment() | {"NO_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        said = await asyncio.to_thread(read_until, ours, b"Ctrl-C ends it.")
        assert "expectations held" in said
        found = re.search(r"What each person sees: .*?(http://[\d.:]+)/", said)
        assert found
        async with aiohttp.ClientSession() as session, session.get(found.group(1)) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await process.wait() == Exit.OK
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


def read_until(terminal: int, mark: bytes) -> str:
    """What a process writes to its terminal, up to the mark; the process's end raises OSError."""
    said = b""
    while mark not in said:
        said += os.read(terminal, 65536)
    return said.decode()
