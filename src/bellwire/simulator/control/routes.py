"""Which address does what."""

from __future__ import annotations

from aiohttp import web

from bellwire.simulator.control.administration import Administration
from bellwire.simulator.control.automation import Automation
from bellwire.simulator.control.body import Call, forgiving
from bellwire.simulator.control.knobs import Knobs
from bellwire.simulator.control.records import Records
from bellwire.simulator.control.society import Society
from bellwire.simulator.control.stream import Stream
from bellwire.simulator.playground import Playground


def routes(sim: Playground) -> list[web.RouteDef]:
    """Every control call of this simulator."""
    society, records, knobs = Society(sim), Records(sim), Knobs(sim)
    table: list[tuple[str, str, Call]] = [
        ("GET", "settings", knobs.settings),
        ("POST", "reset", knobs.reset),
        ("GET", "people", society.people),
        ("POST", "people", society.add_person),
        ("POST", "crowd", society.add_crowd),
        ("GET", "people/{person}", society.person),
        ("POST", "people/{person}/{deed}", society.act),
        ("POST", "groups", society.add_group),
        ("POST", "teams", society.add_team),
        ("POST", "gatherings/{chat}/{deed}", society.gather),
        *_administration(Administration(sim)),
        *_automation(Automation(sim)),
        *_books(records),
        *_faults(knobs),
        ("GET", "limits", knobs.limits),
        ("PUT", "limits", knobs.change_limits),
        ("PUT", "manners", knobs.manners),
        ("PATCH", "options", knobs.options),
        ("POST", "clock", knobs.jump),
        ("POST", "keys/rotate", knobs.rotate),
        ("POST", "tokens/revoke", knobs.revoke),
        ("POST", "regions", knobs.relocate),
        ("GET", "bots", knobs.bots),
        ("POST", "bots", knobs.add_bot),
        ("PATCH", "bots/{app_id}", knobs.change_bot),
        ("POST", "deliver", knobs.deliver),
        ("GET", "authorization", knobs.authorization),
        ("GET", "events", Stream(sim).events),
    ]
    return [web.route(method, f"/control/{path}", forgiving(call)) for method, path, call in table]


def _administration(administration: Administration) -> list[tuple[str, str, Call]]:
    return [
        ("GET", "graph", administration.graph),
        ("PUT", "graph/limits", administration.change_limits),
        ("PATCH", "policies", administration.change_policy),
        ("PUT", "graph/consent", administration.consent),
        ("PUT", "graph/secrets", administration.change_secrets),
        ("POST", "graph/groups", administration.add_group),
        ("POST", "graph/catalogue", administration.publish),
        ("PATCH", "graph/catalogue/{app}", administration.change_app),
        ("DELETE", "graph/catalogue/{app}", administration.withdraw),
    ]


def _automation(automation: Automation) -> list[tuple[str, str, Call]]:
    return [
        ("GET", "flows", automation.flows),
        ("POST", "flows", automation.add),
        ("PATCH", "flows/{flow}", automation.change),
    ]


def _books(records: Records) -> list[tuple[str, str, Call]]:
    return [
        ("GET", "counts", records.counts),
        ("GET", "ledger", records.entries),
        ("GET", "ledger/refusals", records.refusals),
        ("GET", "ledger/openings", records.openings),
        ("GET", "answers", records.answers),
        ("GET", "faults", records.played),
    ]


def _faults(knobs: Knobs) -> list[tuple[str, str, Call]]:
    return [
        ("POST", "faults", knobs.add_faults),
        ("DELETE", "faults", knobs.clear_faults),
        ("POST", "faults/release", knobs.release),
        ("PUT", "storm", knobs.storm),
        ("DELETE", "storm", knobs.calm),
    ]
