"""Control calls for Power Automate's flows."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web
from pydantic import Field

from bellwire.simulator.control.body import Body, Mistake, answered, read
from bellwire.simulator.flow import Flow
from bellwire.simulator.playground import Playground


class NewFlow(Body):
    """``signed``: its address is a password; else callers bring a token, and ``callers`` are let in (none named: all).

    A ``definition``, of a flow's file, is run instead of the common steps; ``variables`` are its environment's.
    """

    sender: str = "studio"
    signed: bool = False
    callers: tuple[str, ...] = ()
    definition: dict[str, Any] | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    agent_name: str = "cr637_pager"


class FlowChange(Body):
    """What is left out stays as it is; ``sign_anew`` makes every address given out so far worthless."""

    on: bool | None = None
    deleted: bool | None = None
    old_address: bool | None = None
    responds: bool | None = None
    tells_message_id: bool | None = None
    sends_amid_chat: bool | None = None
    fails_without_agent: bool | None = None
    per_minute: int | None = None
    sign_anew: bool = False


class Automation:
    """The calls under /control/flows."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def flows(self, _request: web.Request) -> web.Response:
        return answered({"flows": [_view(flow) for flow in self._sim.flows.all]})

    async def add(self, request: web.Request) -> web.Response:
        """One more flow, and the settings of a sender that calls it."""
        given = await read(request, NewFlow)
        flow = Flow(
            self._sim.bot,
            callers=set(given.callers),
            definition=given.definition,
            variables=given.variables,
            agent_name=given.agent_name,
        )
        if not given.signed:
            flow.signature = None
        self._sim.flows.add(flow)
        settings = self._sim.flows.settings(given.sender, flow, self._sim.url)
        return answered(_view(flow) | {"settings": settings}, 201)

    async def change(self, request: web.Request) -> web.Response:
        flow = self._flow(request.match_info["flow"])
        given = (await read(request, FlowChange)).model_dump(exclude_none=True)
        if given.pop("sign_anew", False):
            flow.signature = secrets.token_urlsafe(200)
        for name, value in given.items():
            setattr(flow, name, value)
        return answered(_view(flow))

    def _flow(self, flow_id: str) -> Flow:
        found = next((flow for flow in self._sim.flows.all if flow_id in (flow.id, "default")), None)
        if found is None:
            raise Mistake(f"no such flow: {flow_id}", 404)
        return found


def _view(flow: Flow) -> dict[str, Any]:
    """Everything but its definition and its signature."""
    shown = ("id", "agent_name", "callers", "on", "deleted", "old_address", "responds", "tells_message_id")
    more = ("sends_amid_chat", "fails_without_agent", "per_minute", "installed", "chatting")
    return {name: getattr(flow, name) for name in (*shown, *more)} | {"signed": flow.signature is not None}
