"""The solution's layout: every part is named where it has to be, and what is named is there."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import orjson
import pytest

from bellwire.flows.package.solution import FLOW_FILE, FLOW_ID, solution
from bellwire.flows.package.workflow import Callers, workflow

VARIABLE = "environmentvariabledefinitions/bellwire_agent/environmentvariabledefinition.xml"

# As solutions that were exported have them:
# https://github.com/microsoft/coe-starter-kit
MANIFEST = "UniqueName LocalizedNames Descriptions Version Managed Publisher RootComponents MissingDependencies"
PUBLISHER = (
    "UniqueName LocalizedNames Descriptions EMailAddress SupportingWebsiteUrl CustomizationPrefix "
    "CustomizationOptionValuePrefix Addresses"
)
CUSTOMIZATIONS = (
    "Entities Roles Workflows FieldSecurityProfiles Templates EntityMaps EntityRelationships OrganizationSettings "
    "optionsets CustomControls EntityDataProviders connectionreferences Languages"
)
WORKFLOW = (
    "JsonFileName Type Subprocess Category Mode Scope OnDemand TriggerOnCreate TriggerOnDelete AsyncAutodelete "
    "SyncWorkflowLogOnFailure StateCode StatusCode RunAs IsTransacted IntroducedVersion IsCustomizable "
    "BusinessProcessType IsCustomProcessingStepAllowedForOtherPublishers ModernFlowType PrimaryEntity LocalizedNames"
)
REFERENCE = "connectionreferencedisplayname connectorid iscustomizable statecode statuscode"
DEFINITION = "defaultvalue description displayname introducedversion iscustomizable isrequired secretstore type"


def opened(agent: str = "cr637_pager", callers: Callers = "tenant") -> ZipFile:
    return ZipFile(BytesIO(solution(agent, callers)))


def xml(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(opened().read(name))


def test_it_holds_exactly_its_parts() -> None:
    assert set(opened().namelist()) == {
        "[Content_Types].xml",
        "solution.xml",
        "customizations.xml",
        VARIABLE,
        FLOW_FILE,
    }


@pytest.mark.parametrize(
    ("name", "place", "children"),
    [
        ("solution.xml", "SolutionManifest", MANIFEST),
        ("solution.xml", "SolutionManifest/Publisher", PUBLISHER),
        ("customizations.xml", ".", CUSTOMIZATIONS),
        ("customizations.xml", "Workflows/Workflow", WORKFLOW),
        ("customizations.xml", "connectionreferences/connectionreference", REFERENCE),
        (VARIABLE, ".", DEFINITION),
    ],
)
def test_the_elements_are_those_of_a_published_solution_in_their_order(name: str, place: str, children: str) -> None:
    found = xml(name).find(place)
    assert found is not None
    assert [child.tag for child in found] == children.split()


def test_unpacked_changed_and_packed_again_it_reads_the_same(tmp_path: Path) -> None:
    opened().extractall(tmp_path)
    manifest = tmp_path / "solution.xml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("1.0.0.0", "1.0.0.1"), encoding="utf-8")
    flow = tmp_path / FLOW_FILE
    flow.write_bytes(orjson.dumps(orjson.loads(flow.read_bytes())))
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for path in sorted(tmp_path.rglob("*.*")):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path).as_posix())
    again = ZipFile(packed)
    assert set(again.namelist()) == set(opened().namelist())
    assert ElementTree.fromstring(again.read("solution.xml")).findtext("SolutionManifest/Version") == "1.0.0.1"
    assert orjson.loads(again.read(FLOW_FILE)) == workflow("tenant")
    for name in ("customizations.xml", VARIABLE):
        assert ElementTree.canonicalize(again.read(name)) == ElementTree.canonicalize(opened().read(name))


def test_every_kind_of_file_has_a_content_type() -> None:
    known = {each.get("Extension") for each in xml("[Content_Types].xml")}
    assert {name.rpartition(".")[2] for name in opened().namelist()} <= known


def test_the_manifest_names_the_flow_and_the_variable() -> None:
    parts = xml("solution.xml").findall("SolutionManifest/RootComponents/RootComponent")
    named = {part.get("type"): part.get("id") or part.get("schemaName") for part in parts}
    assert named == {"29": f"{{{FLOW_ID}}}", "380": "bellwire_agent"}
    assert xml("solution.xml").findtext("SolutionManifest/Managed") == "0"


def test_the_names_begin_with_the_publishers_prefix() -> None:
    prefix = xml("solution.xml").findtext("SolutionManifest/Publisher/CustomizationPrefix")
    reference = xml("customizations.xml").find("connectionreferences/connectionreference")
    assert reference is not None
    names = ["bellwire_agent", reference.get("connectionreferencelogicalname", "")]
    assert all(name.startswith(f"{prefix}_") for name in names)


def test_the_customizations_point_at_the_flows_file() -> None:
    flow = xml("customizations.xml").find("Workflows/Workflow")
    assert flow is not None
    assert flow.findtext("JsonFileName", "").removeprefix("/") in opened().namelist()
    assert flow.get("WorkflowId") == f"{{{FLOW_ID}}}"
    assert flow.findtext("Category") == "5"


def test_the_flow_uses_the_connection_and_the_variable_of_the_solution() -> None:
    properties = orjson.loads(opened().read(FLOW_FILE))["properties"]
    reference = xml("customizations.xml").find("connectionreferences/connectionreference")
    assert reference is not None
    used = properties["connectionReferences"]["shared_teams"]
    assert used["connection"]["connectionReferenceLogicalName"] == reference.get("connectionreferencelogicalname")
    assert reference.findtext("connectorid", "").endswith(used["api"]["name"])
    schema_names = [
        each.get("metadata", {}).get("schemaName") for each in properties["definition"]["parameters"].values()
    ]
    assert ElementTree.fromstring(opened().read(VARIABLE)).get("schemaname") in schema_names


@pytest.mark.parametrize(("callers", "said"), [("tenant", "Tenant"), ("anyone", "All")])
def test_who_may_call_is_what_was_asked_for(callers: Callers, said: str) -> None:
    (trigger,) = orjson.loads(opened(callers=callers).read(FLOW_FILE))["properties"]["definition"]["triggers"].values()
    assert trigger["inputs"]["triggerAuthenticationType"] == said


def test_what_is_read_back_is_what_was_written() -> None:
    assert orjson.loads(opened().read(FLOW_FILE)) == workflow("tenant")
    assert xml(VARIABLE).findtext("defaultvalue") == "cr637_pager"
    assert solution("x", "tenant") == solution("x", "tenant")


def test_without_an_agent_it_is_asked_for_on_import() -> None:
    variable = ElementTree.fromstring(opened(agent="").read(VARIABLE))
    assert variable.find("defaultvalue") is None
    assert variable.findtext("isrequired") == "1"


def test_an_agents_name_cannot_break_out_of_the_file() -> None:
    variable = ElementTree.fromstring(opened(agent='"><x/>').read(VARIABLE))
    assert variable.findtext("defaultvalue") == '"><x/>'
