"""Whatever cannot be done is answered as problem+json, the framework's own refusals and defects too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.service.books import Books
from tests.support.service import Reply, Running

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}


def assert_problem(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.headers["Content-Type"], reply.code) == (status, PROBLEM, code)
    assert reply.body["status"] == status
    assert reply.body["type"] == f"/problems/{code}"
    assert reply.body["title"]
    assert reply.body["detail"]
    assert reply.body["remedy"]


@pytest.mark.parametrize("path", ["/", "/v2", "/v1/nothing", "/v1/messages/", "/v1/deliveries//cancel", "/docs/x"])
async def test_an_unknown_address_is_not_found(service: Running, path: str) -> None:
    assert_problem(await service.call("GET", path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/messages", "POST"),
        ("PUT", "/v1/deliveries", "GET"),
        ("PATCH", "/v1/deliveries/01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77/cancel", "POST"),
        ("POST", "/healthz", "GET"),
        ("GET", "/api/messages", "POST"),
        ("OPTIONS", "/v1/books", "GET"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(service: Running, method: str, path: str, allowed: str) -> None:
    refused = await service.call(method, path)
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"to":' + b"[" * 100_000,
        b'{"text": "' + b"\xed\xa0\x80" + b'"}',
        b'{"text": 1' + b"0" * 5_000 + b"}",
    ],
)
async def test_what_is_no_json_is_refused(service: Running, body: bytes) -> None:
    refused = await service.call("POST", "/v1/messages", data=body, headers=JSON)
    assert refused.status in (400, 422)
    assert refused.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("body", [b"null", b"[]", b'"hi"', b"1", b"NaN"])
async def test_what_is_no_object_is_refused(service: Running, body: bytes) -> None:
    assert_problem(await service.call("POST", "/v1/messages", data=body, headers=JSON), 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b'{"to": {"upn": "adele@contoso.example"}, "txt": "x"}', "txt", "Nothing of this name is known here."),
        (b'{"text": "x"}', "to", "It is missing."),
        (b'{"to": "adele@contoso.example", "text": "x"}', "to", "A JSON object is needed."),
    ],
)
async def test_what_is_wrong_with_a_field_is_said_in_words(
    service: Running, body: bytes, field: str, said: str
) -> None:
    refused = await service.call("POST", "/v1/messages", data=body, headers=JSON)
    assert_problem(refused, 422, "invalid_request")
    assert (refused.body["field"], refused.body["detail"]) == (field, said)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "x"])
async def test_a_body_of_another_kind_is_refused(service: Running, kind: str) -> None:
    refused = await service.call("POST", "/v1/messages", data=b"{}", headers={"Content-Type": kind})
    assert_problem(refused, 415, "unsupported_media_type")


async def test_a_body_of_json_may_name_its_charset(service: Running) -> None:
    kind = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await service.call("POST", "/v1/messages", data=b"{}", headers=kind)).status == 422


async def test_too_large_a_body_is_refused_by_its_declared_length(service: Running) -> None:
    assert_problem(await service.call("POST", "/v1/messages", data=b" " * 1_000_001, headers=JSON), 413, "too_large")


async def test_too_large_a_body_is_refused_without_a_declared_length_too(service: Running) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 50_000

    assert_problem(await service.call("POST", "/v1/messages", data=endless(), headers=JSON), 413, "too_large")


async def test_a_defect_tells_the_caller_nothing(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Books, *, audit: bool = False) -> None:
        raise ValueError("very private")

    monkeypatch.setattr(Books, "read", broken)
    refused = await service.call("GET", "/v1/books")
    assert_problem(refused, 500, "internal")
    assert "private" not in str(refused.body)


async def test_an_odd_key_in_a_body_is_named_in_a_harmless_way(service: Running) -> None:
    refused = await service.call("POST", "/v1/messages", data=b'{"\\u0000\\u202e<b>": 1}', headers=JSON)
    assert "??<b>" in {finding["field"] for finding in refused.body["errors"]}
    assert (await service.call("POST", "/v1/messages", data=b'{"\\ud800": 1}', headers=JSON)).status == 422


async def test_no_answer_names_the_server(service: Running) -> None:
    assert "Server" not in (await service.call("GET", "/healthz")).headers
