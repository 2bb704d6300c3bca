"""Who calls the API: checked before anything of the request is read."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bellwire.errors import BellwireError, InvalidKey
from bellwire.service.keys import Caller
from bellwire.web.refusal import TurnedAway

GUARDED: Final = "/v1"

bearer = HTTPBearer(
    bearerFormat="API key",
    description="A caller's key, made with `bellwire keys add` or listed in `BELLWIRE_API_KEYS`.",
    auto_error=False,
)


class Doorman(Protocol):
    """Knows every caller by the key that they present."""

    async def authenticate(self, presented: str) -> Caller:
        """The caller whose key it is.

        Raises:
            InvalidKey: the key is unknown or revoked.
        """


class ApiKeys:
    """ASGI: lets nobody under ``/v1`` without a caller's key."""

    def __init__(self, app: ASGIApp, doorman: Doorman) -> None:
        self.app = app
        self.doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the caller in the request's state, or answer 401."""
        if scope["type"] != "http" or not _guarded(scope["path"]):
            return await self.app(scope, receive, send)
        try:
            caller = await self.doorman.authenticate(_presented(Headers(scope=scope)))
        except BellwireError as error:
            return await TurnedAway(error)(scope, receive, send)
        scope.setdefault("state", {})["caller"] = caller
        return await self.app(scope, receive, send)


async def calling(request: Request, _: Annotated[object, Security(bearer)]) -> Caller:
    """The caller of this request, as the door let them in."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


Calling = Annotated[Caller, Depends(calling)]
KNOWN_CALLER: Final = Depends(calling)


def _guarded(path: str) -> bool:
    return path == GUARDED or path.startswith(f"{GUARDED}/")


def _presented(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise InvalidKey("No API key was sent.", field="Authorization")
    return key.strip()
