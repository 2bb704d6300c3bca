"""What the pictures of the guides show. Names of actions and fields are those of the connector and the flow's file."""

from __future__ import annotations

from typing import Any, Final

from bellwire.flows.connector.definition import KEY, TITLE, definition
from bellwire.flows.connector.files import properties
from bellwire.flows.package.solution import FLOW_NAME, TEAMS_NAME, VARIABLE_NAME
from bellwire.flows.package.workflow import workflow
from bellwire.web.app import described

from .designer import Box, Button, Card, Part, Picture, Pill, Section

SERVED: Final = definition(described(), "https://bellwire.contoso.example")
DEFINED: Final[dict[str, Any]] = workflow("tenant")["properties"]["definition"]
PROPERTIES: Final[dict[str, Any]] = properties("#4f52b2", TITLE)["properties"]
KEY_LABEL: Final = PROPERTIES["connectionParameters"][KEY]["uiDefinition"]["displayName"]
(POLICY,) = PROPERTIES["policyTemplateInstances"]
POLICY_SAYS: Final = {name.rpartition(".")[2]: value for name, value in POLICY["parameters"].items()}
BELLWIRE, TEAMS, SHAREPOINT, CONTROL, HTTP = "#4f52b2", "#4b53bc", "#036c70", "#484f58", "#2266cc"
POSTING: Final = {
    "PostMessageToConversation": "Post message in a chat or channel",
    "PostCardToConversation": "Post adaptive card in a chat or channel",
}
"""What the designer calls the two operations: https://learn.microsoft.com/connectors/teams/"""


def operation(name: str) -> dict[str, Any]:
    """One action of the connector."""
    return next(
        each for methods in SERVED["paths"].values() for each in methods.values() if each.get("operationId") == name
    )


def label(action: str, *path: str) -> str:
    """What makers read beside one of the action's fields."""
    parameters = operation(action)["parameters"]
    found = next((each for each in parameters if each["name"] == path[0]), None)
    if found is None:
        found = next(each for each in parameters if each["in"] == "body")["schema"]
        for name in path:
            found = found["properties"][name]
    return str(found["x-ms-summary"])


def told(action: str, name: str) -> str:
    """What makers read beside one of the values that the action gives."""
    answer = next(said for status, said in operation(action)["responses"].items() if status.startswith("2"))
    return str(answer["schema"]["properties"][name]["x-ms-summary"])


def _bellwire(action: str, *parts: Part, branch: str = "") -> Card:
    return Card(operation(action)["summary"], BELLWIRE, "B", parts, branch)


def _steps(actions: dict[str, Any]) -> dict[str, Any]:
    """Every action by its name, whatever it is nested in."""
    found = dict(actions)
    for each in actions.values():
        found |= _steps(each.get("actions", {})) | _steps(each.get("else", {}).get("actions", {}))
    return found


STEPS: Final = _steps(DEFINED["actions"])
(CHOICE,), (RESPONSE,) = (
    [name.replace("_", " ") for name, each in DEFINED["actions"].items() if each["type"] == kind]
    for kind in ("If", "Response")
)
POSTS: Final = {
    each["inputs"]["host"]["operationId"]: name.replace("_", " ")
    for name, each in STEPS.items()
    if each["type"] == "OpenApiConnection"
}

ROW: Final = Card("When an item is created", SHAREPOINT, "S")
PERSON, TEXT = label("SendMessage", "to", "email"), label("SendMessage", "text")
STATE, MINE = told("GetDelivery", "state"), label("WhenDeliveryEnds", "mine")
REASON, REMEDY, MOVER = (told("GetDelivery", name) for name in ("reason", "remedy", "whose_move"))


def _posting(kind: str) -> Card:
    name = "PostCardToConversation" if kind == "card" else "PostMessageToConversation"
    last = "Adaptive Card" if kind == "card" else "Message"
    return Card(
        POSTING[name],
        TEAMS,
        "T",
        (
            Box("Post as", "Microsoft Copilot Studio agent", required=True, choice=True),
            Box("Post in", "Chat with agent", required=True, choice=True),
            Box("Agent", "Pager", required=True, choice=True),
            Box("Recipient", Pill("recipient"), required=True),
            Box(last, Pill(kind), required=True),
        ),
    )


ADVANCED: Final = (
    Section("Advanced parameters"),
    Box("If the chat with the agent is active", "Don't send and succeed", choice=True),
    Box("If the agent is not installed", "Succeed with status code", choice=True),
)
PICTURES: Final[dict[str, Picture]] = {
    "row-1-trigger": Picture(
        "The trigger: when an item is created in a SharePoint list.",
        (
            Card(
                ROW.title,
                ROW.colour,
                ROW.sign,
                (
                    Box("Site Address", "Facilities - https://contoso.sharepoint.com/…", required=True, choice=True),
                    Box("List Name", "Badges", required=True, choice=True),
                ),
            ),
        ),
    ),
    "row-2-action": Picture(
        f"Add an action: search for {TITLE}, and choose {operation('SendMessage')['summary']}.",
        (
            ROW,
            Card("Add an action", CONTROL, "+", (Box("Search", TITLE), Section(f"{TITLE} · Custom"))),
            *(_bellwire(name, branch=branch) for name, branch in (("SendMessage", "choose"),)),
        ),
    ),
    "row-3-key": Picture(
        "The first time you make a connection: give it a name and paste the API key.",
        (
            Card(
                f"Create connection · {TITLE}",
                BELLWIRE,
                "B",
                (
                    Box("Connection name", "Facilities", required=True),
                    Box(KEY_LABEL, "••••••••••••••••••••", required=True),
                    Button("Create new"),
                ),
            ),
        ),
    ),
    "row-4-message": Picture(
        "The action: the person's e-mail address and the message, with the row's fields in it.",
        (
            ROW,
            _bellwire(
                "SendMessage",
                Box(PERSON, Pill("Owner Email")),
                Box(TEXT, ("Your badge ", Pill("Title"), "is ready at the **front desk**."), required=True),
                Section("Advanced parameters"),
                Box(label("SendMessage", "if_unreachable"), "wait", choice=True),
            ),
        ),
    ),
    "row-5-end": Picture(
        "A second flow hears of every end: when a delivery ends, look whether it was sent.",
        (
            _bellwire("WhenDeliveryEnds", Section("Advanced parameters"), Box(MINE, "Yes", choice=True)),
            Card("Condition", CONTROL, "?", (Box("", (Pill(STATE), "is not equal to  sent")),)),
            Card(
                "Send an email (V2)",
                "#0f6cbd",
                "O",
                (Box("Subject", "A message was not sent"), Box("Body", (Pill(REASON), Pill(REMEDY), Pill(MOVER)))),
                branch="True",
            ),
        ),
    ),
    "connector-1-import": Picture(
        "New custom connector, from an OpenAPI file.",
        (
            Card(
                "Import an OpenAPI file",
                CONTROL,
                "+",
                (
                    Box("Connector name", TITLE, required=True),
                    Box("File", "apiDefinition.swagger.json"),
                    Button("Continue", "Cancel"),
                ),
            ),
        ),
    ),
    "connector-2-policy": Picture(
        "Under Definition, a policy that puts the word Bearer before the key.",
        (
            Card(
                "Definition · New policy",
                CONTROL,
                "P",
                (
                    Box("Name", POLICY["title"], required=True),
                    Box("Template", "Set HTTP header", required=True, choice=True),
                    Box("Header name", POLICY_SAYS["name"], required=True, code=True),
                    Box("Header value", POLICY_SAYS["value"], required=True, code=True),
                    Box("Action if header exists", POLICY_SAYS["existsAction"], choice=True),
                    Box("Run policy on", "Request", choice=True),
                ),
            ),
        ),
    ),
    "flow-1-import": Picture(
        "Import the solution: choose the Teams connection, and enter the agent's schema name.",
        (
            Card(
                "Import a solution",
                CONTROL,
                "I",
                (
                    Box("Browse", "bellwire-flow.zip"),
                    Section("Connections"),
                    Box(TEAMS_NAME, "you@contoso.com", required=True, choice=True),
                    Section("Environment Variables"),
                    Box(VARIABLE_NAME, "cr637_pager", required=True),
                    Button("Import"),
                ),
            ),
        ),
    ),
    "flow-2-look": Picture(
        f"The imported flow {FLOW_NAME}: a trigger, a choice between text and card, and a response.",
        (
            Card("When an HTTP request is received", HTTP, "H"),
            Card(CHOICE, CONTROL, "?"),
            Card(POSTS["PostCardToConversation"], TEAMS, "T", branch="True: a card"),
            Card(POSTS["PostMessageToConversation"], TEAMS, "T", branch="False: a text"),
            Card(RESPONSE, HTTP, "R"),
        ),
    ),
    "hand-1-trigger": Picture(
        "The trigger: who can trigger the flow, and the schema of the request's body.",
        (
            Card(
                "When an HTTP request is received",
                HTTP,
                "H",
                (
                    Box("Who can trigger the flow?", "Any user in my tenant", choice=True),
                    Box("HTTP URL", "URL will be generated after save"),
                    Box("Request Body JSON Schema", '{\n  "type": "object",\n  …', code=True),
                ),
            ),
        ),
    ),
    "hand-2-choice": Picture(
        "A condition: kind is equal to card.",
        (
            Card("When an HTTP request is received", HTTP, "H"),
            Card("Condition", CONTROL, "?", (Box("", (Pill("kind"), "is equal to  card")),)),
        ),
    ),
    "hand-3-text": Picture("If it is no card: post the text as the agent.", (_posting("text"),)),
    "hand-4-card": Picture("If it is a card: post the card as the agent.", (_posting("card"),)),
    "hand-5-advanced": Picture(
        "The advanced options of both: succeed, whatever the person does.",
        (Card(POSTING["PostMessageToConversation"], TEAMS, "T", ADVANCED),),
    ),
    "hand-6-response": Picture(
        "The response: status 200, and a body with the step's status code and message id.",
        (
            Card(
                RESPONSE,
                HTTP,
                "R",
                (
                    Box("Status Code", "200", required=True),
                    Box(
                        "Body",
                        (
                            '{\n  "code":',
                            Pill(DEFINED["actions"]["Response"]["inputs"]["body"]["code"][1:], expression=True),
                            ',\n  "message_id": "',
                            Pill(DEFINED["actions"]["Response"]["inputs"]["body"]["message_id"][1:], expression=True),
                            '"\n}',
                        ),
                        code=True,
                    ),
                ),
            ),
        ),
    ),
}
