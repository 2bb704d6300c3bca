"""The flow that ``bellwire flow package`` writes, for a simulator to run by its own definition."""

from __future__ import annotations

from bellwire.flows.package.workflow import AGENT, workflow
from bellwire.simulator import Bot, Flow


def packaged_flow(agent: Bot, *, signed: bool = True) -> Flow:
    """The flow with its agent filled in; unless ``signed``, callers bring a token."""
    flow = Flow(agent, definition=workflow("anyone" if signed else "tenant")["properties"]["definition"])
    flow.variables = {AGENT: flow.agent_name}
    if not signed:
        flow.signature = None
    return flow
