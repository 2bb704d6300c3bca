"""What the flow does: post a text or a card as the agent, and answer with what became of it.

The language: https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language
"""

from __future__ import annotations

from typing import Any, Final, Literal

Json = dict[str, Any]
Callers = Literal["tenant", "anyone"]

SCHEMA_URL: Final = (
    "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
)
TEAMS: Final = "shared_teams"
TEAMS_API: Final = f"/providers/Microsoft.PowerApps/apis/{TEAMS}"
CONNECTION: Final = "bellwire_teams"
AGENT: Final = "bellwire_agent"
_AGENT_PARAMETER: Final = f"Agent ({AGENT})"
_WHO: Final[dict[Callers, str]] = {"tenant": "Tenant", "anyone": "All"}

REQUEST_SCHEMA: Final[Json] = {
    "type": "object",
    "required": ["recipient", "tenant_id", "kind"],
    "properties": {
        "recipient": {"type": "string"},
        "tenant_id": {"type": "string"},
        "kind": {"type": "string", "enum": ["text", "card"]},
        "text": {"type": "string"},
        "card": {"type": "string"},
        "summary": {"type": "string"},
    },
}
"""What Bellwire says to the flow (``flows.contract``)."""


def workflow(callers: Callers) -> Json:
    """The flow's file. ``callers``: an app of the tenant with a token, or whoever has the signed address."""
    return {
        "properties": {
            "connectionReferences": {
                TEAMS: {
                    "runtimeSource": "embedded",
                    "connection": {"connectionReferenceLogicalName": CONNECTION},
                    "api": {"name": TEAMS},
                }
            },
            "definition": {
                "$schema": SCHEMA_URL,
                "contentVersion": "1.0.0.0",
                "parameters": _parameters(),
                "triggers": {"manual": _trigger(callers)},
                "actions": {"Text_or_card": _choice(), "Response": _response()},
                "outputs": {},
            },
        },
        "schemaVersion": "1.0.0.0",
    }


def _parameters() -> Json:
    return {
        "$connections": {"defaultValue": {}, "type": "Object"},
        "$authentication": {"defaultValue": {}, "type": "SecureObject"},
        _AGENT_PARAMETER: {"defaultValue": "", "type": "String", "metadata": {"schemaName": AGENT}},
    }


def _trigger(callers: Callers) -> Json:
    inputs = {"triggerAuthenticationType": _WHO[callers], "method": "POST", "schema": REQUEST_SCHEMA}
    return {"type": "Request", "kind": "Http", "inputs": inputs}


def _choice() -> Json:
    return {
        "type": "If",
        "runAfter": {},
        "expression": {"equals": ["@triggerBody()?['kind']", "card"]},
        "actions": {"Post_card": _post("PostCardToConversation", "card")},
        "else": {"actions": {"Post_text": _post("PostMessageToConversation", "text")}},
    }


def _post(operation: str, content: str) -> Json:
    return {
        "type": "OpenApiConnection",
        "runAfter": {},
        "inputs": {
            "host": {"connectionName": TEAMS, "operationId": operation, "apiId": TEAMS_API},
            "parameters": {
                "poster": "Power Virtual Agents",
                "location": "powerva",
                "body/bot": f"@parameters('{_AGENT_PARAMETER}')",
                "body/recipient": "@triggerBody()?['recipient']",
                "body/messageBody": f"@triggerBody()?['{content}']",
                # Else a person without the agent makes the run fail, and nobody learns why.
                "body/installedError": "Succeed with status code",
            },
            "authentication": "@parameters('$authentication')",
            "retryPolicy": {"type": "none"},  # Bellwire alone decides whether a message may be said again
        },
    }


def _response() -> Json:
    """Runs only if the step that posts succeeded: a run that ends without it is a failed run to Bellwire."""
    return {
        "type": "Response",
        "kind": "Http",
        "runAfter": {"Text_or_card": ["Succeeded"]},
        "inputs": {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": {"code": _either("statusCode"), "message_id": _either("id")},
        },
    }


def _either(name: str) -> str:
    """The value from that one of the two steps that ran; the other one has none."""
    return f"@coalesce(body('Post_card')?['{name}'], body('Post_text')?['{name}'])"
