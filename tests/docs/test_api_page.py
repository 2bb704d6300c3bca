"""docs/api.md has every call of the API with an example, and no other."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bellwire.app import Bellwire
from bellwire.cli.demo.stage import GivenSettings
from bellwire.client import AsyncClient
from bellwire.web.app import create_app
from tests.support.service import running

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([A-Z]+ [^`]+)`\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL))
SOMEBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"
RECEIVER = "http://127.0.0.1:9/bellwire"
METHODS = frozenset({"get", "post", "put", "delete", "patch"})


async def test_the_page_has_every_call_and_no_other(tmp_path: Path) -> None:
    settings = GivenSettings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'docs.db'}")
    async with Bellwire.open(settings) as bellwire:
        paths = create_app(bellwire).openapi()["paths"]
    calls = {f"{method.upper()} {path}" for path, methods in paths.items() for method in METHODS & methods.keys()}
    assert set(SECTIONS) - {"POST /api/messages"} == calls


def test_every_call_has_an_example_that_calls_it() -> None:
    for call, section in SECTIONS.items():
        method, path = call.split()
        if path == "/api/messages":
            continue
        address = re.sub(r"\{\w+\}", r"$[A-Z_]+", path.replace("/", r"\/")).replace("$", r"\$")
        assert re.search(rf"curl [^`]*BELLWIRE_URL{address}[\"?]", section), call
        assert method == "GET" or f"-X {method}" in section or "-d '" in section, call


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
async def test_every_example_does_what_it_says_when_it_is_pasted(sqlite_url: str) -> None:
    async with running(
        sqlite_url, work=False, environment={"BELLWIRE_CALLBACKS__ALLOWED_HOSTS": "127.0.0.1"}
    ) as service:
        adele = service.teams.person("Adele Vance", aad_object_id=SOMEBODY, email="adele@contoso.example")
        await adele.install()
        shell = {
            "BELLWIRE_URL": service.url,
            "BELLWIRE_API_KEY": service.key,
            "TENANT_ID": service.teams.bot.tenant_id,
            "OBJECT_ID": SOMEBODY,
        }
        delivery, callback = {"ID": ""}, {"ID": ""}
        for call, section in SECTIONS.items():
            if call == "POST /api/messages":
                continue
            if call in {"POST /v1/callbacks/{id}/test", "POST /v1/callbacks/{id}/secret"}:
                callback["ID"] = (await service.client.add_callback(RECEIVER)).id  # the page has just ended it
            kept = callback if "/callbacks" in call else delivery
            status, answer = await pasted(example(section), {**shell, **kept})
            assert 200 <= status < 300, (call, answer)
            if call in {"POST /v1/messages", "POST /v1/deliveries/{id}/resend", "POST /v1/callbacks"}:
                kept["ID"] = json.loads(answer)["id"]


@pytest.mark.parametrize("number", [0, 1])
async def test_the_python_on_the_page_sends(sqlite_url: str, number: int) -> None:
    async with running(sqlite_url) as service:
        adele = service.teams.person("Adele Vance")
        await adele.install()
        program = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[number]
        shell = {"BELLWIRE_URL": service.url, "BELLWIRE_API_KEY": service.key}
        said = await told([sys.executable, "-c", program.replace("OBJECT_ID", adele.aad_object_id)], shell)
        await service.teams.ledger.wait_for(1)
        assert said == ("sent None\n", "1 accepted; refused: {'nobody@contoso.example': 'no_such_person'}\n")[number]


def test_the_page_names_every_method_of_the_client() -> None:
    methods = {name for name, _ in inspect.getmembers(AsyncClient, inspect.isfunction) if not name.startswith("_")}
    assert not {name for name in methods - {"close"} if f"`{name}`" not in PAGE}


def example(section: str) -> str:
    found = re.search(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].replace("https://receiver.contoso.example/bellwire", RECEIVER)


async def pasted(command: str, shell: Mapping[str, str]) -> tuple[int, str]:
    answer, _, status = (
        await told(["sh", "-ec", command.replace("curl ", "curl -w '\n%{http_code}' ")], shell)
    ).rpartition("\n")
    return int(status), answer


async def told(arguments: list[str], shell: Mapping[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *arguments, env={**os.environ, **shell}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return out.decode()
