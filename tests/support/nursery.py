"""Whole services in processes of their own, born within milliseconds and killed at any moment.

``python -m tests.support.nursery`` has loaded everything and then forks a service for each ``begin`` that it reads from
its standard input: nothing has to be imported again, and no event loop or thread lives through a fork. The settings
come from the environment.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bellwire.app import Bellwire

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60.0
SIGNALS: Final = {
    "kill": signal.SIGKILL,
    "stop": signal.SIGTERM,
    "freeze": signal.SIGSTOP,
    "thaw": signal.SIGCONT,
}


class Nursery:
    """Has one service at a time born, killed or stopped."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._url = ""
        self.pid = 0
        self._up = asyncio.Event()
        self._ended: asyncio.Queue[int] = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen())

    def begin(self, role: str = "all") -> None:
        """A service is born; it answers HTTP and sends, or does one of the two if its role is ``web`` or ``worker``."""
        self._tell(role)

    async def drain(self) -> int:
        """A service is born that sends until nothing is open, and ends by itself; the status of its end."""
        self._tell("drain")
        return await self._end()

    async def url(self) -> str:
        """Where the living service answers, as soon as one does."""
        async with asyncio.timeout(PATIENCE):
            await self._up.wait()
        return self._url

    def freeze(self) -> None:
        """The service stands still, as on a machine that hangs; its connections stay."""
        self._tell("freeze")

    def thaw(self) -> None:
        """It goes on."""
        self._tell("thaw")

    async def kill(self) -> None:
        """The service is killed as by ``kill -9``."""
        self._up.clear()
        self._tell("kill")
        assert await self._end() == -signal.SIGKILL

    async def stop(self) -> int:
        """The service is asked to stop; the status of its end."""
        self._tell("stop")
        return await self._end()

    async def close(self) -> None:
        """The end of it, and of a service that still lives."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._listening

    def _tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    async def _end(self) -> int:
        async with asyncio.timeout(PATIENCE):
            status = await self._ended.get()
        self._up.clear()
        return status

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            heard = json.loads(line)
            if "url" in heard:
                self._url, self.pid = heard["url"], heard["pid"]
                self._up.set()
            else:
                self._ended.put_nowait(heard["ended"])


@asynccontextmanager
async def nursery(environment: Mapping[str, str], log: Path) -> AsyncIterator[Nursery]:
    """One for services with these settings; what they log goes to the file."""
    with log.open("ab") as complaints:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.nursery",
            cwd=ROOT,
            env={**os.environ, "BELLWIRE_CONFIG": os.devnull, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
    opened = Nursery(process)
    try:
        yield opened
    finally:
        await opened.close()


def main() -> None:
    """Have services born and killed, as told."""
    import bellwire.store.migrations
    import bellwire.web.app
    import bellwire.web.server  # noqa: F401 - loaded before the first fork

    births: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "all": _serve,
        "web": partial(_serve, work=False),
        "worker": _work,
        "drain": _drain,
    }
    child = 0
    gc.freeze()
    for line in sys.stdin:
        word = line.strip()
        if word in births:
            child = _born(births[word])
        else:
            os.kill(child, SIGNALS[word])
        if word in ("drain", "kill", "stop"):
            _say(ended=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            child = 0
    if child:
        os.kill(child, signal.SIGKILL)


def _born(life: Callable[[], Coroutine[Any, Any, None]]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        from bellwire.cli.serving import run_async

        run_async(life)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _serve(*, work: bool = True) -> None:
    from bellwire.app import Bellwire
    from bellwire.cli.serving import stop_signal
    from bellwire.web.app import create_app
    from bellwire.web.server import serving

    stop = stop_signal()
    async with Bellwire.open(_settings(), work=work) as bellwire, serving(create_app(bellwire)) as url:
        _say(url=url, pid=os.getpid())
        await stop.wait()


async def _work() -> None:
    from bellwire.app import Bellwire
    from bellwire.cli.serving import stop_signal

    stop = stop_signal()
    async with Bellwire.open(_settings()) as bellwire:
        _say(url="", pid=os.getpid())
        assert bellwire.worker is not None
        ended = asyncio.ensure_future(bellwire.worker.ended())
        await asyncio.wait([ended, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), "the worker died"


async def _drain() -> None:
    from bellwire.app import Bellwire

    async with Bellwire.open(_settings()) as bellwire:
        assert bellwire.worker is not None
        rounds = bellwire.worker.signals.upkeep.listen()
        while await _open(bellwire):
            await rounds.get()


async def _open(bellwire: Bellwire) -> int:
    from bellwire.store import books

    return sum(book.open for book in await bellwire.database.read(books.read))


def _settings() -> Any:
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs

    configure_logs("info", console=False, stream=sys.stderr)
    return load_settings()


def _say(**told: Any) -> None:
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
