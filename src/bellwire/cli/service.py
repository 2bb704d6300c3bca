"""A command's way to the running service."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bellwire.cli.serving import run_async
from bellwire.errors import InvalidKey

if TYPE_CHECKING:
    from bellwire.client import AsyncClient

T = TypeVar("T")

KEY_WANTED: Final = "Set BELLWIRE_API_KEY (or --key) to a key made by 'bellwire keys add NAME' where the service runs."


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[AsyncClient]:
    """A client for the block.

    Raises:
        InvalidKey: from the block, saying where a command takes its key from.
    """
    from bellwire.client import AsyncClient

    async with AsyncClient(url, key=key) as client:
        try:
            yield client
        except InvalidKey as error:
            raise InvalidKey(error.detail, code=error.code, remedy=KEY_WANTED) from None


def ask(url: str, key: str, question: Callable[[AsyncClient], Awaitable[T]]) -> T:
    """Put one question to the service.

    Raises:
        BellwireError: what the service answered, or ``Unavailable`` where none answers.
    """

    async def asked() -> T:
        async with connected(url, key) as client:
            return await question(client)

    return run_async(asked)


def plain(answer: Any) -> Any:
    """Data classes as what ``show_json`` can write."""
    if isinstance(answer, (list, tuple)):
        return [plain(one) for one in answer]
    return dataclasses.asdict(answer)
