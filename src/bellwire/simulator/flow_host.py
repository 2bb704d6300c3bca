"""Power Automate, as far as a caller sees it: triggers at their addresses, and runs that post as an agent."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from bellwire.simulator import naming
from bellwire.simulator.agent_step import AgentStep, activity
from bellwire.simulator.chat import Json
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.flow import AUDIENCE, Flow
from bellwire.simulator.flow_run import FlowRun, fits, parameters_of, request_schema
from bellwire.simulator.grants import Grants
from bellwire.simulator.ledger import Denial, Ledger
from bellwire.simulator.player import Dropped, Hit, Player, cut
from bellwire.simulator.post import Done
from bellwire.simulator.refusal import Refusal, Refused
from bellwire.simulator.script import Script

UNAUTHORIZED = Refusal(401, "DirectApiAuthorizationRequired", "The request needs an access token.")
BAD_SIGNATURE = Refusal(401, "AuthorizationFailed", "The authentication credentials are not valid.")
WRONG_AUDIENCE = Refusal(401, "InvalidAuthenticationTokenAudience", "The token is for another audience.")
WRONG_CALLER = Refusal(403, "MisMatchingOAuthClaims", "One or more claims do not match the policy.")
NOT_FOUND = Refusal(404, "WorkflowNotFound", "The workflow could not be found.")
TURNED_OFF = Refusal(400, "WorkflowTriggerIsNotEnabled", "The trigger of the workflow is not enabled.")
BAD_INPUT = Refusal(400, "TriggerInputSchemaMismatch", "The input body does not match the trigger's schema.")
THROTTLED = Refusal(429, "WorkflowTriggerRequestsThrottled", "Too many requests for the trigger.")
NO_RESPONSE = Refusal(502, "NoResponse", "The server did not receive a response from an upstream server.")

OPERATION = "flow"
TEXT: Json = {"type": "string"}
SCHEMA: Json = {
    "type": "object",
    "required": ["recipient", "kind"],
    "properties": {
        "recipient": TEXT,
        "text": TEXT,
        "card": TEXT,
        "kind": {"type": "string", "enum": ["text", "card"]},
    },
}
"""What such a flow commonly wants to be called with."""


class FlowHost:
    """Answers at the addresses of its flows. ``exceeded`` counts the calls that came although a minute was full."""

    def __init__(
        self,
        clock: SimulatedClock,
        grants: Grants,
        ledger: Ledger,
        script: Script,
        player: Player,
        step: AgentStep,
    ) -> None:
        self._clock = clock
        self._grants = grants
        self._ledger = ledger
        self._script = script
        self._player = player
        self.step = step
        self._flows: dict[str, Flow] = {}
        self._calls: dict[str, deque[float]] = {}
        self.exceeded: Counter[str] = Counter()

    @property
    def all(self) -> list[Flow]:
        """Every flow that was added."""
        return list(self._flows.values())

    def add(self, flow: Flow) -> Flow:
        """One more flow, which can be called from now on."""
        self._flows[flow.id] = flow
        return flow

    def clear(self) -> None:
        """Nobody has an agent, and nothing was called; the flows stay as they are."""
        for flow in self.all:
            flow.installed.clear()
            flow.chatting.clear()
        self._calls.clear()
        self.exceeded.clear()

    def settings(self, name: str, flow: Flow, base_url: str) -> dict[str, str]:
        """The environment variables that make a Bellwire send by this flow, under the sender's ``name``."""
        own = f"BELLWIRE_SENDERS__{name.upper()}__"
        given = {
            f"{own}KIND": "flow",
            f"{own}FLOW_URL": flow.address(base_url),
            f"{own}TENANT_ID": flow.agent.tenant_id,
        }
        if flow.signature is not None:
            return given
        return given | {f"{own}APP_ID": flow.agent.app_id, f"{own}CLIENT_SECRET": flow.agent.secret}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The response to one call; refusals go into the ledger."""
        said: Any = None
        try:
            flow = self._flow(request)
            self._admit(flow, request)
            said = _parsed(await request.read(), flow)
            self._measure(flow)
            return await self._run(flow, said)
        except Refused as refused:
            self._deny(said, refused.refusal)
            refusal = refused.refusal
            return _response(refusal.status, refusal.body, refusal.content_type, **refusal.headers)
        except Dropped:
            return cut(request)

    async def _run(self, flow: Flow, said: Json) -> web.Response:
        person, text = str(said["recipient"]).lower(), _told(said)
        fault = self._script.pick(OPERATION, person, text)
        if fault is None:
            return _answered(self._post(flow, person, said))
        _meanwhile(fault, flow, person)
        hit = Hit(OPERATION, flow.agent, None, None, text)
        done = await self._player.play(fault, hit, lambda: self._post(flow, person, said), named=person)
        return _response(200, done) if isinstance(done, bytes) else _answered(done)

    def _flow(self, request: web.Request) -> Flow:
        flow = self._flows.get(request.match_info["flow"])
        if flow is None or flow.deleted or flow.old_address:
            raise Refused(NOT_FOUND)
        if not flow.on:
            raise Refused(TURNED_OFF)
        return flow

    def _admit(self, flow: Flow, request: web.Request) -> None:
        if flow.signature is not None:
            if request.query.get("sig") != flow.signature:
                raise Refused(BAD_SIGNATURE)
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self._grants.find(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires_at <= self._clock.now():
            raise Refused(UNAUTHORIZED)
        if grant.audience != AUDIENCE:
            raise Refused(WRONG_AUDIENCE)
        if flow.callers and grant.app_id not in flow.callers:
            raise Refused(WRONG_CALLER)

    def _measure(self, flow: Flow) -> None:
        calls, now = self._calls.setdefault(flow.id, deque()), time.monotonic()
        while calls and calls[0] <= now - 60.0:
            calls.popleft()
        if len(calls) >= flow.per_minute:
            self.exceeded[flow.id] += 1
            raise Refused(THROTTLED.after(max(int((calls[0] if calls else now) + 60.0 - now) + 1, 1)))
        calls.append(now)

    def _post(self, flow: Flow, person: str, said: Json) -> Done:
        """What the flow does: post as the agent, then respond."""
        done = self._steps(flow, person, said) if flow.definition is None else self._defined(flow, said)
        return done if flow.responds else (202, None)

    def _steps(self, flow: Flow, person: str, said: Json) -> Done:
        shown = activity(said["kind"], said[said["kind"]], said.get("summary"))
        told = self.step.post(flow, person, shown, fails_without_agent=flow.fails_without_agent)
        if told is None:
            raise Refused(NO_RESPONSE)
        posted = flow.tells_message_id and "id" in told
        return 200, {"code": told["statusCode"]} | ({"message_id": told["id"]} if posted else {})

    def _defined(self, flow: Flow, said: Json) -> Done:
        """By the flow's own definition; without a Response step all that is told is that a run began."""

        def connector(operation: str, given: Json) -> Json | None:
            return self.step.connector(flow, said.get("summary"), operation, given)

        definition = flow.definition or {}
        run = FlowRun(definition, said, connector, parameters_of(definition, flow.variables))
        if not run.go():
            raise Refused(NO_RESPONSE)
        return (202, None) if run.response is None else (run.response["statusCode"], run.response["body"])

    def _deny(self, said: Any, refusal: Refusal) -> None:
        person = said["recipient"] if isinstance(said, dict) else None
        text = _told(said) if isinstance(said, dict) else None
        self._ledger.refuse(Denial(self._clock.now(), OPERATION, None, person, refusal.status, refusal.code, text=text))


def _parsed(body: bytes, flow: Flow) -> Json:
    """The request, if the trigger's schema lets it start a run."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(BAD_INPUT) from None
    schema = SCHEMA if flow.definition is None else request_schema(flow.definition)
    if not isinstance(said, dict) or not fits(said, schema) or str(said.get("kind")) not in said:
        raise Refused(BAD_INPUT)
    return said


def _meanwhile(fault: Fault, flow: Flow, person: str) -> None:
    """What the person does just before the run comes to its step."""
    deeds: dict[Deed, Callable[[str], None]] = {
        Deed.UNINSTALL: flow.installed.discard,
        Deed.BEGIN_CHAT: flow.chatting.add,
        Deed.END_CHAT: flow.chatting.discard,
    }
    if fault.deed in deeds:
        deeds[fault.deed](person)


def _told(said: Json) -> str | None:
    text = said.get("text") if said.get("kind") == "text" else said.get("summary")
    return text if isinstance(text, str) else None


def _answered(done: Done) -> web.Response:
    status, document = done
    body = b"" if document is None else orjson.dumps(document)
    return _response(status, body, **{"x-ms-workflow-run-id": f"08{naming.guid().replace('-', '').upper()}"})


def _response(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> web.Response:
    return web.Response(status=status, body=body, content_type=content_type, headers=headers)
