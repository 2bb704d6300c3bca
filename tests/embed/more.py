"""What the tests' bots do beyond those of the page: they answer a pressed button."""

from __future__ import annotations

from typing import Final

_M365_AGENTS: Final = """
from microsoft_agents.activity import Activity, InvokeResponse

@BOT.activity("invoke")
async def pressed(context, state):
    body = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done"}
    await context.send_activity(Activity(type="invokeResponse", value=InvokeResponse(status=200, body=body)))
"""

_BOT_FRAMEWORK: Final = """
from botbuilder.core import InvokeResponse
from botbuilder.schema import AdaptiveCardInvokeResponse

async def pressed(self, turn_context):
    kind = "application/vnd.microsoft.activity.message"
    body = AdaptiveCardInvokeResponse(status_code=200, type=kind, value={{"a": "Done"}})
    return InvokeResponse(status=200, body=body{serialized})

EchoBot.on_invoke_activity = pressed
"""

_TEAMS_SDK: Final = """
from microsoft_teams.api import AdaptiveCardActionMessageResponse

@app.on_card_action_execute
async def pressed(context):
    return AdaptiveCardActionMessageResponse(value="Done")
"""

ANSWERS_BUTTONS: Final = {
    "m365_aiohttp": _M365_AGENTS,
    "m365_fastapi": _M365_AGENTS,
    "bot_framework": _BOT_FRAMEWORK.format(serialized=""),
    "bot_framework_adapter": _BOT_FRAMEWORK.format(serialized=".serialize()"),
    "teams_sdk": _TEAMS_SDK,
}
