"""The solution around the flow: its manifest, the Teams connection that it needs, and the agent as a variable.

https://learn.microsoft.com/power-platform/alm/solution-concepts-alm
"""

from __future__ import annotations

from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from bellwire.flows.package.workflow import AGENT, CONNECTION, TEAMS_API, Callers, workflow

FLOW_ID: Final = "7c1d9a52-3b0e-4f0a-9a55-2f6e1c7b8d40"
"""The same in every package, so that a later one replaces the flow and its address stays."""

FLOW_FILE: Final = f"Workflows/Bellwiresend-{FLOW_ID.upper()}.json"
FLOW_NAME: Final = "Bellwire: send"
TEAMS_NAME: Final = "Microsoft Teams, for Bellwire"
VARIABLE_NAME: Final = "Agent"
VERSION: Final = "1.0.0.0"
ENGLISH: Final = "1033"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_WORKFLOW: Final = {
    "Type": "1",
    "Subprocess": "0",
    "Category": "5",
    "Mode": "0",
    "Scope": "4",
    "OnDemand": "0",
    "TriggerOnCreate": "0",
    "TriggerOnDelete": "0",
    "AsyncAutodelete": "0",
    "SyncWorkflowLogOnFailure": "0",
    "StateCode": "1",
    "StatusCode": "2",
    "RunAs": "1",
    "IsTransacted": "1",
    "IntroducedVersion": VERSION,
    "IsCustomizable": "1",
    "BusinessProcessType": "0",
    "IsCustomProcessingStepAllowedForOtherPublishers": "1",
    "ModernFlowType": "0",
    "PrimaryEntity": "none",
}
"""A cloud flow, turned on: https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/workflow"""

_EMPTY_LISTS: Final = (
    *("FieldSecurityProfiles", "Templates", "EntityMaps", "EntityRelationships"),
    *("OrganizationSettings", "optionsets", "CustomControls", "EntityDataProviders"),
)


def solution(agent: str, callers: Callers) -> bytes:
    """The zip to import. ``agent`` is the agent's schema name; left empty it is asked for on import."""
    files = {
        "[Content_Types].xml": _content_types(),
        "solution.xml": _manifest(),
        "customizations.xml": _customizations(),
        f"environmentvariabledefinitions/{AGENT}/environmentvariabledefinition.xml": _agent_variable(agent),
        FLOW_FILE: orjson.dumps(workflow(callers), option=orjson.OPT_INDENT_2),
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, _LONG_AGO), content, ZIP_DEFLATED)
    return packed.getvalue()


def _content_types() -> bytes:
    root = Element("Types", xmlns="http://schemas.openxmlformats.org/package/2006/content-types")
    for extension in ("xml", "json"):
        SubElement(root, "Default", Extension=extension, ContentType="application/octet-stream")
    return _written(root)


def _manifest() -> bytes:
    root = Element("ImportExportXml", version="9.2.0.0", SolutionPackageVersion="9.2", languagecode=ENGLISH)
    manifest = SubElement(root, "SolutionManifest")
    _named(manifest, "BellwireFlow", "Bellwire flow")
    _texts(manifest, {"Version": VERSION, "Managed": "0"})
    publisher = SubElement(manifest, "Publisher")
    _named(publisher, "bellwire", "Bellwire")
    for tag in ("EMailAddress", "SupportingWebsiteUrl"):
        SubElement(publisher, tag, {f"{{{INSTANCE}}}nil": "true"})
    _texts(publisher, {"CustomizationPrefix": "bellwire", "CustomizationOptionValuePrefix": "47110"})
    SubElement(publisher, "Addresses")
    parts = SubElement(manifest, "RootComponents")
    SubElement(parts, "RootComponent", type="29", id=f"{{{FLOW_ID}}}", behavior="0")
    SubElement(parts, "RootComponent", type="380", schemaName=AGENT, behavior="0")
    SubElement(manifest, "MissingDependencies")
    return _written(root)


def _customizations() -> bytes:
    root = Element("ImportExportXml")
    _texts(root, {"Entities": "", "Roles": ""})
    flow = SubElement(SubElement(root, "Workflows"), "Workflow", WorkflowId=f"{{{FLOW_ID}}}", Name=FLOW_NAME)
    _texts(flow, {"JsonFileName": f"/{FLOW_FILE}", **_WORKFLOW})
    _label(SubElement(flow, "LocalizedNames"), "LocalizedName", FLOW_NAME)
    _texts(root, dict.fromkeys(_EMPTY_LISTS, ""))
    connections = SubElement(root, "connectionreferences")
    teams = SubElement(connections, "connectionreference", connectionreferencelogicalname=CONNECTION)
    said = {"connectionreferencedisplayname": TEAMS_NAME, "connectorid": TEAMS_API}
    _texts(teams, {**said, "iscustomizable": "1", "statecode": "0", "statuscode": "1"})
    SubElement(SubElement(root, "Languages"), "Language").text = ENGLISH
    return _written(root)


def _agent_variable(agent: str) -> bytes:
    root = Element("environmentvariabledefinition", schemaname=AGENT)
    if agent:
        _texts(root, {"defaultvalue": agent})
    for tag, text in (("description", "The schema name of the agent that posts."), ("displayname", VARIABLE_NAME)):
        _label(SubElement(root, tag, default=text), "label", text)
    required = {"introducedversion": VERSION, "iscustomizable": "1", "isrequired": "1", "secretstore": "0"}
    _texts(root, {**required, "type": "100000000"})
    return _written(root)


def _named(parent: Element, unique: str, name: str) -> None:
    _texts(parent, {"UniqueName": unique})
    _label(SubElement(parent, "LocalizedNames"), "LocalizedName", name)
    SubElement(parent, "Descriptions")


def _label(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag, description=text, languagecode=ENGLISH)


def _texts(parent: Element, texts: dict[str, str]) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = text or None


def _written(root: Element) -> bytes:
    register_namespace("xsi", INSTANCE)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
