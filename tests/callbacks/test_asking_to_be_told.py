"""Callers ask over HTTP to be told, look how it goes, and end it; the whole service tells them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from bellwire.client import verify
from bellwire.config import load_settings
from bellwire.errors import ConfigError, InvalidInput, Unauthorized
from bellwire.model.callback import Event
from bellwire.model.delivery import State
from bellwire.service.callbacks import Wanted
from bellwire.service.keys import Caller
from bellwire.web.schemas.callback import DeliveryEnded
from tests.callbacks.receivers import Receiver
from tests.support.service import Running, running

ALLOWED = {"BELLWIRE_CALLBACKS__ALLOWED_HOSTS": "127.0.0.1"}
NOBODY = "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url, environment=ALLOWED) as opened:
        yield opened


async def add(service: Running, **body: Any) -> Any:
    reply = await service.call("POST", "/v1/callbacks", body)
    assert reply.status == 201, reply.body
    assert reply.headers["Location"] == f"/v1/callbacks/{reply.body['id']}"
    return reply.body


async def test_from_the_message_to_the_receiver(service: Running, receiver: Receiver) -> None:
    """One message arrives, one is cancelled; the receiver hears of both what the API says of them."""
    made = await add(service, url=receiver.url)
    adele = service.teams.person("Adele Vance")
    await adele.install()
    sent = await service.client.send(to=adele.aad_object_id, text="The build is green.", reference="build-4711")
    asked = await receiver.asked()

    event = verify(asked.body, asked.headers, made["secret"])
    assert event.delivery is not None
    assert (event.id, event.delivery.id, event.delivery.state) == (f"ended_{sent.id}", sent.id, State.SENT)
    DeliveryEnded.model_validate_json(asked.body)
    detail = (await service.call("GET", f"/v1/deliveries/{sent.id}")).body
    assert orjson.loads(asked.body)["data"] == {
        name: value for name, value in detail.items() if name not in ("attempts", "amendments")
    }
    assert b"green" not in asked.body

    waiting = await service.client.send(to=str(uuid.uuid4()), text="Welcome.", if_unreachable="wait")
    await service.client.cancel(waiting.id)
    assert await receiver.told() == waiting.id


async def test_only_ones_own_is_told_on_wish(service: Running, receiver: Receiver) -> None:
    await add(service, url=receiver.url, mine=True)
    _, other = await service.bellwire.keys.add("somebody else")
    to = {"aad_object_id": str(uuid.uuid4())}
    for headers in ({"Authorization": f"Bearer {other}"}, {}):
        reply = await service.call(
            "POST", "/v1/messages", {"to": to, "text": "Welcome.", "if_unreachable": "wait"}, headers=headers
        )
        await service.client.cancel(reply.body["id"])
    assert await receiver.told() == reply.body["id"]


async def test_a_callback_is_added_listed_and_removed(service: Running, receiver: Receiver) -> None:
    made = await add(service, url=receiver.url, sender="alerts", reference="build-4711")
    assert made["secret"].startswith("whsec_")
    (listed,) = (await service.call("GET", "/v1/callbacks")).body["callbacks"]
    one = (await service.call("GET", f"/v1/callbacks/{made['id']}")).body
    assert listed == one == {name: value for name, value in made.items() if name != "secret"}
    assert (one["health"], one["sender"], one["reference"], one["mine"]) == ("working", "alerts", "build-4711", False)
    assert receiver.url.startswith(f"http://{one['host']}/")
    assert (await service.call("DELETE", f"/v1/callbacks/{made['id']}")).status == 204
    assert (await service.call("GET", f"/v1/callbacks/{made['id']}")).status == 404
    assert (await service.call("DELETE", f"/v1/callbacks/{made['id']}")).status == 404


async def test_asking_twice_has_it_told_once(service: Running, receiver: Receiver) -> None:
    first = await add(service, url=receiver.url)
    second = await add(service, url=receiver.url)
    other = await add(service, url=receiver.url, sender="alerts")
    assert first["id"] == second["id"] != other["id"]
    assert first["secret"] != second["secret"]


async def test_a_trial_says_what_the_receiver_answers(service: Running, receiver: Receiver) -> None:
    made = await add(service, url=receiver.url)
    reply = await service.call("POST", f"/v1/callbacks/{made['id']}/test")
    assert (reply.status, reply.body) == (200, {"reply": "taken", "answer": "http_204"})
    asked = await receiver.asked()
    event = verify(asked.body, asked.headers, made["secret"])
    assert (event.type, event.delivery) == ("callback.test", None)
    receiver.status = 500
    assert (await service.call("POST", f"/v1/callbacks/{made['id']}/test")).body["answer"] == "http_500"
    assert (await service.call("GET", f"/v1/callbacks/{made['id']}")).body["health"] == "working"


async def test_a_new_secret_signs_beside_the_old_one(service: Running, receiver: Receiver) -> None:
    made = await add(service, url=receiver.url)
    newer = (await service.call("POST", f"/v1/callbacks/{made['id']}/secret")).body
    await service.call("POST", f"/v1/callbacks/{made['id']}/test")
    asked = await receiver.asked()
    for secret in (made["secret"], newer["secret"]):
        assert verify(asked.body, asked.headers, secret).type == "callback.test"
    with pytest.raises(Unauthorized):
        verify(asked.body, asked.headers, "whsec_c29tZWJvZHkgZWxzZSdz")
    with pytest.raises(Unauthorized):
        verify(asked.body + b" ", asked.headers, newer["secret"])
    for none in ("", "whsec_", "whsec_x"):
        with pytest.raises(InvalidInput, match="bellwire callbacks add"):
            verify(asked.body, asked.headers, none)


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/hook",
        "https://localhost/hook",
        "https://user:password@receiver.example/hook",
        "https://receiver.example/hook#part",
        "https://receiver.example:99999/",
        "https://receiver.example:0/",
        "https://receiver..example/",
        "https://127.1/",
        "ftp://receiver.example/",
        "https:///hook",
        "https://receiver.example/a b",
        "https://receiver.example/\n",
        "https://ré.example/",
        "https://[::1/",
        "hook",
        "",
        "https://receiver.example/" + "a" * 5000,
    ],
)
async def test_an_address_that_may_not_be_told_is_refused(service: Running, url: str) -> None:
    reply = await service.call("POST", "/v1/callbacks", {"url": url})
    assert (reply.status, reply.body["field"]) == (422, "url")
    assert len(url) < 3 or url not in str(reply.body)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"sender": "nobody"}, 404, "sender"),
        ({"events": []}, 422, "events"),
        ({"events": ["person.replied"]}, 422, "events.0"),
        ({"reference": "a\0b"}, 422, "reference"),
        ({"reference": " "}, 422, "reference"),
        ({"secret": "whsec_mine"}, 422, "secret"),
    ],
)
async def test_a_wish_that_cannot_be_met_is_refused(
    service: Running, body: dict[str, Any], status: int, field: str
) -> None:
    reply = await service.call("POST", "/v1/callbacks", {"url": "https://receiver.example/", **body})
    assert (reply.status, reply.body["field"]) == (status, field)


async def test_nobody_without_a_key_is_told(service: Running) -> None:
    reply = await service.call("POST", "/v1/callbacks", {"url": "https://x.example/"}, headers={"Authorization": "no"})
    assert reply.status == 401


async def test_a_receiver_that_fails_shows_everywhere(service: Running, receiver: Receiver) -> None:
    made = await add(service, url=receiver.url)
    receiver.status = 500
    waiting = await service.client.send(to=str(uuid.uuid4()), text="Welcome.", if_unreachable="wait")
    await service.client.cancel(waiting.id)
    await receiver.told()
    one = (await service.call("GET", f"/v1/callbacks/{made['id']}")).body
    while one["health"] == "working":  # it is written down within moments after the answer
        one = (await service.call("GET", f"/v1/callbacks/{made['id']}")).body
    assert (one["health"], one["failed_with"], one["waiting"]) == ("failing", "http_500", 1)
    ready = await service.call("GET", "/readyz")
    assert ready.status == 200
    (check,) = (each for each in ready.body["checks"] if each["name"] == "callbacks")
    assert (check["well"], check["code"]) == (True, "callbacks_failing")
    numbers = (await service.call("GET", "/metrics")).body
    assert 'bellwire_callbacks{health="failing"} 1.0' in numbers
    assert 'bellwire_callback_events{state="waiting"} 1.0' in numbers
    assert 'bellwire_callback_requests_total{reply="failed"} 1.0' in numbers


async def test_no_answer_shows_the_address(service: Running, receiver: Receiver) -> None:
    made = await add(service, url=receiver.url)
    answers = [
        await service.call("GET", path)
        for path in ("/v1/callbacks", f"/v1/callbacks/{made['id']}", "/readyz", "/metrics")
    ]
    said = str([made, *(each.body for each in answers)])
    assert "a-secret-of-the-receiver" not in said
    assert "/hook" not in said


async def test_there_is_an_end_to_callbacks(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bellwire.service.callbacks.MOST_CALLBACKS", 2)
    async with running(sqlite_url, work=False) as service:
        for number in range(2):
            wanted = Wanted(url=f"https://receiver.example/{number}", events=[Event.DELIVERY_ENDED])
            await service.bellwire.callbacks.add(wanted, Caller("k", "k"))
        reply = await service.call("POST", "/v1/callbacks", {"url": "https://receiver.example/3"})
    assert (reply.status, reply.code) == (409, "conflict")


async def test_the_client_has_it_all(service: Running, receiver: Receiver) -> None:
    client = service.client
    made = await client.add_callback(receiver.url, reference="build-4711")
    assert made.secret is not None
    assert made.secret not in repr(made)
    assert [one.id for one in await client.callbacks()] == [made.id]
    assert (await client.test_callback(made.id)).reply == "taken"
    assert (await client.rotate_callback_secret(made.id)).secret != made.secret
    await client.remove_callback(made.id)
    assert await client.callbacks() == []


@pytest.mark.parametrize("entry", ["http://crm.internal/hook", "crm.internal/", "*.internal"])
def test_an_allowed_host_that_could_never_match_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ConfigError, match="host or host:port") as refused:
        load_settings(callbacks={"allowed_hosts": f"crm.internal:8080, {entry}"})
    assert str(refused.value.field).startswith("BELLWIRE_CALLBACKS__ALLOWED_HOSTS")
    assert entry not in str(refused.value)
