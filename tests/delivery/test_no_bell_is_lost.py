"""What is accepted while a worker asks the database, too late to be found, is found by the next look."""

from __future__ import annotations

import asyncio
from typing import Any

from bellwire.delivery.feeder import Round
from bellwire.delivery.worker import Worker

from .engine import Ear, Engine, person, soon

ANNA, BERT = person(1), person(2)


class Overtaken:
    """A database in which, once, something is accepted just after a worker found nothing to send."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.worker: Worker | None = None
        self.accepted: list[str] = []
        self.overtaken = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine.database, name)

    async def write(self, op: Any) -> Any:
        result = await self._engine.database.write(op)
        if self.worker is not None and not self.accepted and isinstance(result, Round) and result.supply.due == {}:
            self.accepted = await self._engine.accept(BERT)
            self.worker.wake()
            self.overtaken.set()
        return result


async def test_what_is_accepted_just_after_the_look_is_sent(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    database = Overtaken(engine)
    worker = await engine.start(database=database)  # type: ignore[arg-type]  # stands in for it
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(ANNA))
    database.worker = worker
    worker.wake()
    await soon(database.overtaken.wait())
    await recorded.hear(*database.accepted)
