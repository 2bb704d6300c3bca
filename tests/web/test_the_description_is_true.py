"""schemathesis reads the service's own description and finds nothing that is not as described."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import Running

EXAMPLES = "20"
SEED = "20261122"
SECONDS = 300


async def description(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = (await service.call("GET", "/openapi.json")).body
    return found


async def someone_as_in_the_examples(service: Running) -> None:
    adele = service.teams.person("Adele", aad_object_id="5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f")
    await adele.install()


async def test_schemathesis_finds_nothing(service: Running, tmp_path: Path) -> None:
    await someone_as_in_the_examples(service)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json", "--no-color"]
    options = ["--header", f"Authorization: Bearer {service.key}", "--checks", "all", "-n", EXAMPLES, "--seed", SEED]
    run = await asyncio.create_subprocess_exec(*command, *options, stdout=PIPE, stderr=STDOUT, cwd=tmp_path)
    async with asyncio.timeout(SECONDS):
        told, _ = await run.communicate()
    assert run.returncode == 0, told.decode()
    books = await service.client.books(audit=True)
    assert books.balanced
    assert books.accepted > 0, "not one generated message was accepted, so little was proved"


async def test_no_page_is_served_that_needs_the_internet(service: Running) -> None:
    for path in ("/docs", "/redoc"):
        gone = await service.call("GET", path)
        assert (gone.status, "/openapi.json" in gone.body["remedy"]) == (404, True)


async def test_every_operation_has_a_name_words_and_its_refusals(service: Running) -> None:
    document = await description(service)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["operationId"]
            assert operation["summary"]
            assert operation["description"]
            assert operation["tags"]
            if path.startswith("/v1/"):
                assert {"401", "422", "503"} <= set(operation["responses"])
                assert operation["security"]


async def test_refusals_are_described_as_problems(service: Running) -> None:
    document = await description(service)
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert list(response["content"]) == ["application/problem+json"]


async def test_the_description_speaks_of_nothing_that_is_not_there(service: Running) -> None:
    schemas = (await description(service))["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    assert {"Problem", "CardValue", "SendBody", "DeliveryDetail"} <= set(schemas)


@pytest.mark.parametrize("name", ["SendBody"])
async def test_every_example_is_accepted(service: Running, name: str) -> None:
    await someone_as_in_the_examples(service)
    examples = (await description(service))["components"]["schemas"][name]["examples"]
    for example in examples:
        assert (await service.call("POST", "/v1/messages", example)).status == 202
