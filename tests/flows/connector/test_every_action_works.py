"""Each action is called over HTTP exactly as the connector's files say, with a maker's API key."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

import jsonschema
import orjson
import pytest

from bellwire.flows.connector.files import connector_files
from bellwire.web.app import described
from tests.callbacks.receivers import receiving
from tests.support.service import Running, running

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "It is green."}]}


@dataclass
class Maker:
    """Calls as Power Automate does: by the files alone."""

    service: Running
    definition: dict[str, Any]
    properties: dict[str, Any]
    location: str = ""

    async def act(self, action: str, key: str | None = None, **given: Any) -> tuple[int, Any]:
        """Run an action with these inputs; the answer has the shape that the definition promises."""
        path, method, operation = self._operation(action)
        headers, body, query = self._headers(key or self.service.key), None, dict[str, str]()
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", quote(given[name], safe=""))
            elif parameter["in"] == "header" and name in given:
                headers[name] = given[name]
            elif parameter["in"] == "query" and name in given:
                query[name] = str(given[name])
            elif parameter["in"] == "body":
                body = {field: given[field] for field in parameter["schema"]["properties"] if field in given}
                jsonschema.validate(body, parameter["schema"])
        address = self.base + path
        async with self.service.session.request(method, address, json=body, headers=headers, params=query) as answer:
            content = await answer.read()
            promised = operation["responses"].get(str(answer.status), operation["responses"]["default"])
        self.location = answer.headers.get("Location", "")
        if "schema" not in promised:
            assert content == b""
            return answer.status, None
        said = orjson.loads(content)
        jsonschema.validate(said, nullable(promised["schema"]))
        return answer.status, said

    @property
    def base(self) -> str:
        """The service's address."""
        return f"{self.definition['schemes'][0]}://{self.definition['host']}{self.definition['basePath'].rstrip('/')}"

    async def choices(self, action: str, field: str) -> list[str]:
        """What the designer offers for a field of an action."""
        _, _, operation = self._operation(action)
        (body,) = (each["schema"]["properties"] for each in operation["parameters"] if each["in"] == "body")
        said = body[field]["x-ms-dynamic-values"]
        status, answer = await self.act(said["operationId"])
        assert status == 200
        return [each[said["value-path"]] for each in answer[said["value-collection"]]]

    def notice(self, trigger: str) -> dict[str, Any]:
        """The schema of what a trigger's flow is started with."""
        path, _, operation = self._operation(trigger)
        assert operation["x-ms-trigger"] == "single"
        found: dict[str, Any] = self.definition["paths"][path]["x-ms-notification-content"]["schema"]
        return nullable(found)

    async def unsubscribe(self, location: str) -> int:
        """DELETE at the address that the subscription was answered with, which an internal action has to describe."""
        path, method, operation = self._operation("RemoveCallback")
        assert (method, operation["x-ms-visibility"]) == ("delete", "internal")
        assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), location)
        address = urljoin(self.base, location)
        async with self.service.session.delete(address, headers=self._headers(self.service.key)) as answer:
            return answer.status

    def _operation(self, action: str) -> tuple[str, str, dict[str, Any]]:
        return next(
            (path, method, operation)
            for path, methods in self.definition["paths"].items()
            for method, operation in methods.items()
            if operation.get("operationId") == action
        )

    def _headers(self, key: str) -> dict[str, str]:
        """The key as the security definition sends it, then the policies over it."""
        (scheme,) = self.definition["securityDefinitions"].values()
        headers = {scheme["name"]: key}
        for policy in self.properties["policyTemplateInstances"]:
            said = policy["parameters"]
            value = said["x-ms-apimTemplateParameter.value"].replace("@connectionParameters('api_key')", key)
            headers[said["x-ms-apimTemplateParameter.name"]] = value
        return headers


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with Swagger's way to allow null as JSON Schema has it."""
    made = dict(schema)
    if made.pop("x-nullable", False):
        made = {"anyOf": [{"type": "null"}, made]}
    inner = made["anyOf"][1] if "anyOf" in made else made
    if "properties" in inner:
        inner["properties"] = {name: nullable(each) for name, each in inner["properties"].items()}
    if isinstance(inner.get("items"), dict):
        inner["items"] = nullable(inner["items"])
    return made


@pytest.fixture
async def maker(sqlite_url: str) -> AsyncIterator[Maker]:
    async with running(sqlite_url, environment={"BELLWIRE_CALLBACKS__ALLOWED_HOSTS": "127.0.0.1"}) as service:
        files = connector_files(described(), service.url, icon=b"", accent="#4f52b2", publisher="Contoso")
        definition, properties = (orjson.loads(files[name]) for name in list(files)[:2])
        yield Maker(service, definition, properties["properties"])


async def test_a_text_and_a_card_arrive_and_can_be_asked_about(maker: Maker) -> None:
    adele = maker.service.teams.person("Adele Vance")
    await adele.install()
    to = {"aad_object_id": adele.aad_object_id}
    status, sent = await maker.act("SendMessage", to=to, text="A row was added.")
    assert status == 202
    status, _ = await maker.act("SendCard", to=to, card=CARD, summary="Build 4711")
    assert status == 202
    await maker.service.teams.ledger.wait_for(2)
    await maker.service.client.wait(sent["id"])
    status, delivery = await maker.act("GetDelivery", id=sent["id"])
    assert (status, delivery["state"]) == (200, "sent")
    received = [message.activity for message in adele.received()]
    assert {each.get("text") for each in received} >= {"A row was added."}
    assert any(each.get("attachments", [{}])[0].get("content") == CARD for each in received if each.get("attachments"))


async def test_many_people_go_in_one_call_and_each_end_can_be_read(maker: Maker) -> None:
    people = [actor.aad_object_id for actor in maker.service.teams.crowd(3)]
    status, said = await maker.act(
        "SendToMany", to=people, text="The canteen is closed.", if_unreachable="wait", **{"Idempotency-Key": "canteen"}
    )
    assert status == 202
    assert said["accepted"] == 3
    status, again = await maker.act(
        "SendToMany", to=people, text="The canteen is closed.", if_unreachable="wait", **{"Idempotency-Key": "canteen"}
    )
    assert again["message_id"] == said["message_id"]
    found: list[str] = []
    page: dict[str, Any] = {"next": None}
    while len(found) < 3:
        after = {"after": page["next"]} if page["next"] else {}
        status, page = await maker.act("ListDeliveries", message_id=said["message_id"], limit=2, **after)
        assert status == 200
        found += [each["person"]["aad_object_id"] for each in page["deliveries"]]
    assert (sorted(found), page["next"]) == (sorted(people), None)


async def test_what_waits_can_be_cancelled(maker: Maker) -> None:
    to = {"aad_object_id": str(uuid.uuid4())}
    _, waiting = await maker.act("SendMessage", to=to, text="Welcome.", if_unreachable="wait")
    status, cancelled = await maker.act("CancelDelivery", id=waiting["id"])
    assert (status, cancelled["state"]) == (200, "cancelled")


async def test_whether_somebody_can_be_reached_is_answered(maker: Maker) -> None:
    adele = maker.service.teams.person("Adele Vance")
    await adele.install()
    status, person = await maker.act("GetPerson", name=adele.person.email)
    assert status == 200
    assert person["senders"][0]["reachable"] is True
    status, problem = await maker.act("GetPerson", name="nobody@contoso.example")
    assert status == 409
    assert problem["remedy"]


async def test_who_can_be_reached_is_answered_by_e_mail_address(maker: Maker) -> None:
    adele, ben = (maker.service.teams.person(name) for name in ("Adele Vance", "Ben Okafor"))
    await adele.install()
    status, said = await maker.act("CheckPeople", to=[adele.person.email, ben.person.email])
    assert status == 200
    assert [(each["to"], each["reachable"]) for each in said["people"]] == [
        (adele.person.email, True),
        (ben.person.email, False),
    ]
    assert said["reasons"][0]["remedy"]


async def test_a_flow_starts_when_a_delivery_ends_until_it_is_turned_off(maker: Maker) -> None:
    async with receiving() as flow:
        status, _ = await maker.act("WhenDeliveryEnds", url=flow.url, sender="alerts")
        assert status == 201
        location = maker.location
        adele = maker.service.teams.person("Adele Vance")
        await adele.install()
        _, sent = await maker.act("SendMessage", to={"aad_object_id": adele.aad_object_id}, text="A row was added.")
        started = (await flow.asked()).json
        jsonschema.validate(started, maker.notice("WhenDeliveryEnds"))
        assert (started["data"]["id"], started["data"]["state"]) == (sent["id"], "sent")
        assert await maker.unsubscribe(location) == 204
        assert await maker.service.client.callbacks() == []


async def test_the_senders_are_offered(maker: Maker) -> None:
    for action in ("SendMessage", "SendCard", "SendToMany", "WhenDeliveryEnds"):
        assert await maker.choices(action, "sender") == ["alerts"]


async def test_a_card_without_its_notification_text_is_refused(maker: Maker) -> None:
    reply = await maker.service.call("POST", "/v1/messages/card", {"to": {"aad_object_id": str(uuid.uuid4())}})
    assert reply.status == 422


async def test_a_wrong_key_is_told_as_such(maker: Maker) -> None:
    status, problem = await maker.act("GetDelivery", key="bw_nobodys-key-at-all", id=str(uuid.uuid4()))
    assert (status, problem["code"]) == (401, "invalid_key")
