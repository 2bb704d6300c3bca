"""The demo's stage: a simulated Teams and a real Bellwire service, each on a free port, with a database of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bellwire.app import Bellwire
from bellwire.cli.demo.cast import BOT, FLOW
from bellwire.cli.packaged_flow import packaged_flow
from bellwire.client import AsyncClient
from bellwire.config import Settings
from bellwire.simulator import Simulator
from bellwire.web.app import create_app
from bellwire.web.server import serving

PREFIX: Final = "BELLWIRE_"


class GivenSettings(Settings):
    """Settings from what is passed in alone: whatever this machine is set to must not leak into the demo."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the play needs: the simulator to act in and to ask, and a client of the service."""

    simulator: Simulator
    client: AsyncClient
    url: str


@asynccontextmanager
async def staged(directory: Path) -> AsyncIterator[Stage]:
    """Both running, connected over HTTP, until the block ends. The database goes into ``directory``."""
    key = secrets.token_urlsafe(24)
    async with Simulator() as simulator:
        flow = simulator.flows.add(packaged_flow(simulator.bot))
        settings = GivenSettings(
            **nested(simulator.settings(BOT) | simulator.flows.settings(FLOW, flow, simulator.url)),
            default_sender=BOT,
            database_url=f"sqlite+aiosqlite:///{directory / 'demo.db'}",
            api_keys=(key,),
        )
        async with Bellwire.open(settings) as bellwire, serving(create_app(bellwire)) as url:
            simulator.bot_endpoint = f"{url}/api/messages"
            async with AsyncClient(url, key=key) as client:
                yield Stage(simulator, client, url)


def nested(environment: Mapping[str, str]) -> dict[str, Any]:
    """Environment variables as the nested values that they stand for."""
    values: dict[str, Any] = {}
    for variable, value in environment.items():
        *path, last = variable.removeprefix(PREFIX).lower().split("__")
        place = values
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return values
