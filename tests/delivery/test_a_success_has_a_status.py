"""An attempt that Teams answered with success keeps the status of that answer, as a refused one does."""

from __future__ import annotations

from bellwire.model.outcome import Opened, Sent, Step
from bellwire.model.posting import Posting
from bellwire.model.surface import Surface
from bellwire.store import sightings

from .engine import NOW, SERVICE_URL, TENANT, Ear, Engine, person


def _created(posting: Posting) -> Opened | Sent:
    return Opened("a:1", SERVICE_URL, 200) if posting.step is Step.OPEN_CHAT else Sent("1:1", 201)


async def test_each_step_keeps_the_status_of_its_answer(engine: Engine) -> None:
    anna = person(1, tenant=TENANT)
    await engine.database.write(lambda conn: sightings.record(conn, anna, Surface.COPILOT, at=NOW))
    engine.teams.plan = _created
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(anna)
    await recorded.hear(delivery_id, delivery_id)
    told = [(each.step, each.outcome, each.status) for each in await engine.attempts(delivery_id)]
    assert told == [(Step.OPEN_CHAT, "opened", 200), (Step.POST, "sent", 201)]
