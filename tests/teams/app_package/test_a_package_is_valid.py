"""Whatever is asked for, the package is one that Teams takes: by the published schema, and by our own rules."""

from __future__ import annotations

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.teams.app_package.archive import manifest_of, pack, package_flaws
from bellwire.teams.app_package.manifest import TeamsApp, manifest
from bellwire.teams.app_package.rules import manifest_flaws
from tests.support.schemas import published
from tests.teams.app_package.apps import APP, APP_ID, app, files_of

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1)
guids = st.uuids().map(str)
versions = st.tuples(*[st.integers(0, 999)] * 3).map(lambda parts: ".".join(map(str, parts)))
addresses = st.from_regex(r"https://[a-z]{1,20}\.example(/[a-z]{0,20})?", fullmatch=True)
apps = st.builds(
    TeamsApp,
    app_id=guids,
    manifest_id=guids,
    version=versions,
    name=texts.map(lambda text: text[:30]),
    full_name=texts.map(lambda text: text[:100]),
    description=texts.map(lambda text: text[:80]),
    full_description=texts,
    developer=texts.map(lambda text: text[:32]),
    website=addresses,
    privacy=addresses,
    terms=addresses,
    accent=st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True),
    team=st.booleans(),
    copilot=st.booleans(),
    read_receipts=st.booleans(),
    notification_only=st.booleans(),
)


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(published("MicrosoftTeams-1.30.schema.json"))


@given(apps)
def test_every_manifest_is_valid(schema: jsonschema.Draft4Validator, made: TeamsApp) -> None:
    document = orjson.loads(orjson.dumps(manifest(made)))
    assert [error.message for error in schema.iter_errors(document)] == []
    assert list(manifest_flaws(document, made.app_id)) == []


def test_the_package_holds_three_files_at_its_root_and_has_no_flaw() -> None:
    package = pack(APP)
    assert set(files_of(package)) == {"manifest.json", "color.png", "outline.png"}
    assert package_flaws(package, APP_ID) == []
    assert manifest_of(package) == manifest(APP)


def test_the_same_app_gives_the_same_bytes() -> None:
    assert pack(APP) == pack(APP)


def test_unless_asked_for_the_app_stays_in_personal_scope_and_out_of_copilot() -> None:
    made = manifest(APP)
    assert made["bots"][0]["scopes"] == ["personal"]
    assert made["defaultInstallScope"] == "personal"
    assert not {"copilotAgents", "authorization"} & made.keys()


def test_what_is_asked_for_is_there() -> None:
    made = manifest(app(team=True, copilot=True, read_receipts=True, notification_only=True))
    assert made["bots"][0] == {"botId": APP_ID, "scopes": ["personal", "team", "copilot"], "isNotificationOnly": True}
    assert made["copilotAgents"]["customEngineAgents"] == [{"type": "bot", "id": APP_ID}]
    (permission,) = made["authorization"]["permissions"]["resourceSpecific"]
    assert permission == {"name": "ChatMessageReadReceipt.Read.Chat", "type": "Application"}
