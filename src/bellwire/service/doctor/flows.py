"""Senders of kind ``flow``: whether their flow can be called, as far as that shows without a message."""

from __future__ import annotations

from typing import Final

from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.service.doctor.client_secret import client_secret
from bellwire.service.doctor.credentials import certificate, token_of
from bellwire.service.doctor.finding import Finding, untold, warning
from bellwire.service.doctor.installation import Installation

CHECK: Final = "flow"


async def flow(installation: Installation, name: str) -> list[Finding]:
    """Its address, and the token that it demands."""
    place = installation.flows[name]
    found = []
    if place.trigger.old:
        fact, remedy, _ = EXPLANATIONS[Reason.FLOW_ADDRESS_OLD]
        found.append(warning(CHECK, fact, remedy, subject=name))
    if place.caller is not None:
        token, told = await token_of(installation, place.caller, installation.flow_cloud or installation.cloud)
        ends = certificate(place.caller, installation.clock())
        if token is not None:
            ends = ends or await client_secret(installation, place.caller)
        found += [told] if ends is None else [told, ends]
    trial = f"Send yourself one: bellwire send YOUR-OBJECT-ID --sender {name} --text 'It works.' --wait"
    return [*found, untold(CHECK, "Only a message shows whether the flow works.", trial, subject=name)]
