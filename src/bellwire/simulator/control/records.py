"""Control calls that read the books: what was accepted, refused, opened, played and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bellwire.simulator.control.body import Mistake, answered, number
from bellwire.simulator.control.view import answer_view
from bellwire.simulator.ledger import Entry
from bellwire.simulator.playground import Playground

LIMIT = 1_000


class Records:
    """The calls under /control/ledger, and those for the bot's answers."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def entries(self, request: web.Request) -> web.Response:
        """Accepted activities. With ``at_least`` it waits until there are so many, at most ``timeout`` seconds."""
        await self._wait(request)
        found = self._found(request)
        return answered({"total": len(found), "entries": self._page(request, found)})

    async def refusals(self, request: web.Request) -> web.Response:
        refusals = self._sim.ledger.refusals
        return answered({"total": len(refusals), "refusals": self._page(request, refusals)})

    async def openings(self, request: web.Request) -> web.Response:
        """Accepted creates; ``copilot`` counts those that asked for Copilot."""
        openings = self._sim.ledger.openings
        copilot = sum(opening.copilot for opening in openings)
        return answered({"total": len(openings), "copilot": copilot, "openings": self._page(request, openings)})

    async def played(self, request: web.Request) -> web.Response:
        """The faults that were played, and how many the script still holds."""
        played, pending = self._sim.faults.played, self._sim.faults.pending
        return answered({"total": len(played), "pending": len(pending), "played": self._page(request, played)})

    async def answers(self, request: web.Request) -> web.Response:
        """What the bot answered to what it was sent."""
        answers = self._sim.courier.answers
        page = [answer_view(answer) for answer in self._page(request, answers)]
        return answered({"total": len(answers), "answers": page})

    async def counts(self, _request: web.Request) -> web.Response:
        """All the books in numbers."""
        sim = self._sim
        return answered(
            {
                "accepted": len(sim.ledger.entries),
                "refused": len(sim.ledger.refusals),
                "opened": len(sim.ledger.openings),
                "opened_in_copilot": sum(opening.copilot for opening in sim.ledger.openings),
                "faults_played": len(sim.faults.played),
                "delivered": len(sim.courier.answers),
                "people": len(sim.world.people),
                "arrivals": sim.gate.arrivals,
                "exceeded": dict(sim.exceeded),
                "login": sim.login.asked,
            }
        )

    async def _wait(self, request: web.Request) -> None:
        if "at_least" not in request.query:
            return
        count, timeout = int(number(request, "at_least", 0)), number(request, "timeout", 10.0)
        try:
            await self._sim.ledger.wait_for(count, timeout)
        except TimeoutError:
            have = len(self._sim.ledger.entries)
            raise Mistake(f"after {timeout:g} s there are {have}, not {count}", 408) from None

    def _found(self, request: web.Request) -> list[Entry]:
        ledger, query = self._sim.ledger, request.query
        if "text" in query:
            found = ledger.with_text(query["text"])
        elif "containing" in query:
            found = ledger.containing(query["containing"])
        else:
            found = ledger.entries
        for name in ("person", "surface", "conversation_id"):
            if name in query:
                found = [entry for entry in found if getattr(entry, name) == query[name]]
        return found

    @staticmethod
    def _page(request: web.Request, records: Sequence[Any]) -> Sequence[Any]:
        start = int(number(request, "after", 0))
        return records[start : start + int(number(request, "limit", LIMIT))]
