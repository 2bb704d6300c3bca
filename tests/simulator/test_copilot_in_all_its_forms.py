"""Copilot's markers vary; every form that has been seen can be sent, and stays Copilot's."""

from __future__ import annotations

import pytest

from bellwire.simulator import Simulator, variations
from bellwire.simulator.chat import Json

from .bot import BotEndpoint


def markers(activity: Json) -> list[str]:
    """Everything in an activity that says another product than Teams."""
    found = ["marker"] if activity["channelData"].get("productContext") else []
    found += ["channel id"] if ":" in activity["channelId"] else []
    for entity in activity["entities"]:
        found += ["entity"] if entity["type"].lower() == "productinfo" else []
        found += ["sub-channel"] if "subChannelInfo" in entity else []
    return found


@pytest.mark.parametrize("form", variations.COPILOT)
async def test_every_form_is_marked_and_keeps_its_own_conversation(
    sim: Simulator, endpoint: BotEndpoint, form: str
) -> None:
    megan = sim.person("Megan Bowen")
    await megan.say("hello", on="m365", patch=variations.COPILOT[form])
    (activity,) = endpoint.received
    assert markers(activity)
    assert activity["conversation"]["id"] == megan.chat("m365").id != megan.chat().id
