"""The simulator, driven by schemathesis from Microsoft's ConnectorAPI.json."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.schemas import folder

from .connector_schema import served_schema

EXAMPLES = 15

if not (folder() / "ConnectorAPI.json").exists():
    pytest.skip(f"no ConnectorAPI.json in {folder()}; set BELLWIRE_SCHEMAS", allow_module_level=True)


class Target:
    """A simulator in a process of its own, a bot's token for it, and chats that exist."""

    def __init__(self, url: str, settings_: dict[str, str]) -> None:
        self.url = url
        self.base_url = f"{url}/emea/{settings_['BELLWIRE_SENDERS__ALERTS__TENANT_ID']}"
        form = {
            "grant_type": "client_credentials",
            "client_id": settings_["BELLWIRE_SENDERS__ALERTS__APP_ID"],
            "client_secret": settings_["BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET"],
            "scope": settings_["BELLWIRE_CLOUD__BOT_SCOPE"],
        }
        login = f"{settings_['BELLWIRE_CLOUD__LOGIN_URL']}/botframework.com/oauth2/v2.0/token"
        token = requests.post(login, data=form, timeout=10).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.person = requests.post(f"{url}/control/people", json={"name": "Megan"}, timeout=10).json()
        deeds = f"{url}/control/people/{self.person['aad_object_id']}"
        requests.post(f"{deeds}/install", timeout=10)
        self.chat_id = requests.get(deeds, timeout=10).json()["chat_id"]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    command = [sys.executable, "-m", "bellwire.simulator", "--unlimited"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = orjson.loads(process.stdout.readline())
        yield Target(ready["url"], ready["settings"])
        process.terminate()


schema = schemathesis.openapi.from_dict(served_schema())


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_is_found(case: Any, target: Target) -> None:
    if case.path_parameters.get("conversationId") and crc32(repr(case.body).encode()) % 2:
        case.path_parameters["conversationId"] = target.chat_id
    # The schema requires nothing: an activity without text, a create without members. Teams refuses both.
    case.call_and_validate(base_url=target.base_url, headers=target.headers, excluded_checks=[positive_data_acceptance])
