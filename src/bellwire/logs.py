"""Logs: one JSON object a line, or coloured lines on a terminal; secrets are taken out before anything is written.

Everything goes through here, the standard library's loggers of uvicorn, aiohttp and azure too. What Bellwire logs
names deliveries and people by their ids; a message's text is never given to a logger. The redaction is the second
line of defence: it catches what a library writes without knowing better.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bellwire.errors import BellwireError

GONE: Final = "[redacted]"
DEEPEST_FRAMES: Final = 12
SECRET_KEYS: Final = re.compile(
    r"authorization|token|secret|password|api_?key|credential|assertion|cookie|signature|^(text|card|summary|body)$",
    re.IGNORECASE,
)
SECRET_VALUES: Final = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*"  # a JWT, whole or cut short
    r"|(?i:bearer)\s+[^\s\"',;]+"
    r"|\bbw_[\w-]{16,}"  # an API key of ours
    r"|(?<=\?)[^\s\"'<>=]{0,4096}=[^\s\"'<>]+"  # all that follows an address's question mark: it may be a password
    r"|(?i:\b(?:sig|code|client_secret|client_assertion|access_token)=)[^&\s\"']+"
    r"|://[^/\s:@]+:[^/\s@]+@"  # a password in a URL
)
NOISY: Final = ("azure", "msal", "aiohttp.access", "uvicorn.access", "asyncio", "sqlalchemy", "alembic")

_CHAIN: Final[tuple[Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logs(level: str = "info", *, console: bool | None = None, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (default: standard error).

    ``level`` is debug, info, warning or error. ``console`` chooses coloured lines instead of JSON; by default a
    terminal gets them.
    """
    out = stream or sys.stderr
    wanted = logging.getLevelNamesMapping()[level.upper()]
    lines = logging.StreamHandler(out)
    lines.setFormatter(log_formatter(coloured=out.isatty() if console is None else console))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(wanted)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(wanted, logging.WARNING))


def log_formatter(*, coloured: bool) -> logging.Formatter:
    """What turns a record, of ours or of a library's, into a line without secrets.

    From now on structlog's loggers lead into the standard library's, or there would be two ways out.
    """
    structlog.configure(
        processors=[*_CHAIN, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    shape: Processor = (
        structlog.dev.ConsoleRenderer() if coloured else structlog.processors.JSONRenderer(default=repr, sort_keys=True)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_CHAIN,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, tell_exception, redact, shape],
    )


def lead_logs() -> None:
    """Lead structlog's loggers into the standard library's, for a process whose logs belong to somebody else.

    What that somebody configured, for structlog or for the standard library, stays as it is; a line is JSON.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            tell_exception,
            redact,
            structlog.processors.JSONRenderer(default=repr, sort_keys=True),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def tell_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - structlog's
    """A structlog processor: an exception becomes its class and its way through the code.

    Its message is left out unless it is ours or the operating system's: a library's may quote what a caller sent.
    """
    found = event.pop("exc_info", None)
    if not found:
        return event
    error = found if isinstance(found, BaseException) else (sys.exc_info() if found is True else found)[1]
    if error is not None:
        event["exception"] = describe_exception(error)
    return event


def describe_exception(error: BaseException) -> str:
    """The exception's class, and the frames that it passed; the message only where it is known to be harmless."""
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST_FRAMES:]
    way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    said = f": {error}" if isinstance(error, (BellwireError, OSError)) else ""
    return f"{type(error).__qualname__}{said} at {way or 'nowhere'}"


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - as above
    """A structlog processor: takes secrets out of every value, whatever its depth."""
    return _without_secrets(event)


def without_secrets(text: str) -> str:
    """The text with everything that looks like a token, a key or a signed URL taken out."""
    return SECRET_VALUES.sub(GONE, text)


def _without_secrets(fields: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: GONE if SECRET_KEYS.search(str(key)) else _cleaned(value) for key, value in fields.items()}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes):
        return GONE
    if isinstance(value, dict):
        return _without_secrets(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return without_secrets(str(value))
