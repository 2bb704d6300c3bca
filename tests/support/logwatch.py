"""After the whole run: no log of any test holds a token, a secret or a message's text.

Every process of the test run keeps what was logged, at the lowest level and as production would write it, beside a
list of the texts and secrets that the tests used. When all is done the first is searched for the second, and for
anything that looks like a token or a key. Tests that start processes send their output to ``log_file``.

What hypothesis invents is not on that list: it takes strings out of the source code, so that its "text" may be a word
of a log line, and found there it would prove nothing.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest
from pydantic import SecretStr

from bellwire.logs import log_formatter
from bellwire.model.message import Message
from bellwire.model.proxy import Proxy

FOLDER: Final = "BELLWIRE_TEST_LOGS"
LOOKS_SECRET: Final = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}|(?i:bearer)\s+[\w.~+/-]{12,}|\bbw_[\w-]{16,}|[?&]sig=[^\s&]+"
)
SHORTEST: Final = 10

_told: set[str] = set()
_handlers: list[logging.Handler] = []
_inventing = False


def log_file(name: str) -> Path:
    """A file for the output of a process that a test starts; it is searched like the logs."""
    return Path(os.environ[FOLDER]) / f"{name}-{uuid4().hex}.log"


def told() -> frozenset[str]:
    """The texts and secrets that this process's tests used so far."""
    return frozenset(_told)


def secrets_in(log: str, used: set[str]) -> list[str]:
    """What stands in ``log`` and must not: looks of a secret, and the first letters of texts that were used."""
    looks = [found[:12] for found in LOOKS_SECRET.findall(log)]
    texts = [f"text or secret {text[:8]!r}…" for text in used if text in log]
    return looks + texts


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="bellwire-logs-")
    stream = (Path(os.environ[FOLDER]) / f"{uuid4().hex}.log").open("a", encoding="utf-8")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_formatter(coloured=False))
    handler.setLevel(logging.DEBUG)
    _handlers.append(handler)
    _remember(Message, "text", "summary")
    _remember(SecretStr, "_secret_value")
    _remember(Proxy, "authorization")


@pytest.fixture(autouse=True)
def _everything_logged_is_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    global _inventing
    _inventing = request.node.get_closest_marker("hypothesis") is not None
    root, ours = logging.getLogger(), logging.getLogger("bellwire")
    levels = root.level, ours.level
    root.addHandler(_handlers[0])
    ours.setLevel(logging.DEBUG)
    yield
    root.removeHandler(_handlers[0])
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder = Path(os.environ[FOLDER])
    (folder / f"{uuid4().hex}.told").write_text("\0".join(_told), encoding="utf-8")
    if hasattr(session.config, "workerinput"):
        return
    used = {text for path in folder.glob("*.told") for text in path.read_text(encoding="utf-8").split("\0") if text}
    found = {
        path: secrets_in(path.read_text(encoding="utf-8", errors="replace"), used) for path in folder.glob("*.log")
    }
    leaks = {path: leak for path, leak in found.items() if leak}
    for path, leak in leaks.items():
        print(f"\nThe log {path} holds what no log may hold: {sorted(set(leak))[:5]}")  # noqa: T201 - the verdict
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    for handler in _handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.stream.close()


def _signatures(value: str) -> list[str]:
    """A flow's address is as secret as the signature in it."""
    return [signature for name, signature in parse_qsl(value.partition("?")[2]) if name == "sig"]


def _remember(kind: type[Any], *names: str) -> None:
    """Note the named attributes of every object of this kind that is made from now on."""
    plain = kind.__init__

    def noting(self: Any, *given: Any, **named: Any) -> None:
        plain(self, *given, **named)
        for name in () if _inventing else names:
            value = getattr(self, name, None)
            if isinstance(value, str) and len(value) >= SHORTEST:
                _told.update((value, *_signatures(value)))

    kind.__init__ = noting
