"""The files that an operator imports: definition, properties, icon, and settings for Microsoft's own command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from bellwire.flows.connector.definition import KEY, definition
from bellwire.flows.connector.swagger import Json

DEFINITION_FILE: Final = "apiDefinition.swagger.json"
PROPERTIES_FILE: Final = "apiProperties.json"
ICON_FILE: Final = "icon.png"
SETTINGS_FILE: Final = "settings.json"


def connector_files(
    served: Mapping[str, Any], url: str, *, icon: bytes, accent: str, publisher: str
) -> dict[str, bytes]:
    """Each file by its name.

    Raises:
        InvalidInput: the address is not one that Power Automate can call.
    """
    return {
        DEFINITION_FILE: _written(definition(served, url)),
        PROPERTIES_FILE: _written(properties(accent, publisher)),
        ICON_FILE: icon,
        SETTINGS_FILE: _written(
            {"apiDefinition": DEFINITION_FILE, "apiProperties": PROPERTIES_FILE, "icon": ICON_FILE}
        ),
    }


def properties(accent: str, publisher: str) -> Json:
    """apiProperties.json: makers paste the bare key, and a policy puts the word Bearer before it.

    https://learn.microsoft.com/connectors/custom-connectors/policy-templates/setheader/setheader
    """
    return {
        "properties": {
            "connectionParameters": {KEY: _key_parameter()},
            "iconBrandColor": accent,
            "capabilities": [],
            "publisher": publisher,
            "stackOwner": publisher,
            "policyTemplateInstances": [
                {
                    "templateId": "setheader",
                    "title": "Bearer before the key",
                    "parameters": {
                        "x-ms-apimTemplateParameter.name": "Authorization",
                        "x-ms-apimTemplateParameter.value": f"Bearer @connectionParameters('{KEY}')",
                        "x-ms-apimTemplateParameter.existsAction": "override",
                        "x-ms-apimTemplate-policySection": "Request",
                    },
                }
            ],
        }
    }


def _key_parameter() -> Json:
    said = "A key made with 'bellwire keys add', without the word Bearer."
    constraints = {"clearText": False, "required": "true", "tabIndex": 2}
    ui = {"displayName": "API key", "description": said, "tooltip": said, "constraints": constraints}
    return {"type": "securestring", "uiDefinition": ui}


def _written(document: Json) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
