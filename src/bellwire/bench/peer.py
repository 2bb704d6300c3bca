"""A process that answers questions, one JSON line each: how the bench talks to everything that it measures."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO, Any

from bellwire.errors import Unavailable

Answer = dict[str, Any]
PATIENCE = 900.0
LINE_LIMIT = 1 << 26


class Peer:
    """The bench's end of one such process."""

    def __init__(self, process: asyncio.subprocess.Process, complaints: IO[bytes], name: str) -> None:
        self.process = process
        self.complaints = complaints
        self.name = name
        self.hello: Answer = {}

    async def ask(self, **question: Any) -> Answer:
        """One question, one answer.

        Raises:
            Unavailable: the process ended or stayed silent; what it wrote last is in the error.
        """
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
        return await self.heard()

    async def heard(self) -> Answer:
        """The next line that the process says."""
        if self.process.stdout is None:
            raise Unavailable(f"The process {self.name} has no voice.")
        try:
            async with asyncio.timeout(PATIENCE):
                line = await self.process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise Unavailable(f"The process {self.name} of the bench gave no answer: {self.last_words()}")
        answer: Answer = json.loads(line)
        return answer

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error."""
        self.complaints.seek(0)
        return self.complaints.read()[-800:].decode(errors="replace").strip()

    async def close(self) -> None:
        """End of input ends the process; one that does not listen is ended."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        self.complaints.close()


@asynccontextmanager
async def peer(name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> AsyncIterator[Peer]:
    """Start a process, wait for its first line, and end it afterwards."""
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the peer
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=complaints,
        env={**os.environ, **(env or {})},
        limit=LINE_LIMIT,
    )
    opened = Peer(process, complaints, name)
    try:
        opened.hello = await opened.heard()
        yield opened
    finally:
        await opened.close()


async def answer_lines(asked: Callable[[Answer], Awaitable[Answer]], hello: Answer) -> None:
    """The other end: greet, then answer each line until standard input ends."""
    _say(hello)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _say(await asked(json.loads(line)))


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
