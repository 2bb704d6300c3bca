"""The receiver in docs/callbacks.md is run, and told."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from bellwire.callbacks.dispatcher import DEFECT
from bellwire.connections import KINDS
from bellwire.model.callback import Event, Health
from bellwire.web.server import serving
from tests.support.service import running

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text(encoding="utf-8")
ALLOWED = {"BELLWIRE_CALLBACKS__ALLOWED_HOSTS": "127.0.0.1"}


def sample(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_receiver_takes_what_it_is_told_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", "none yet")
    pasted: dict[str, Any] = {}
    exec(sample("python"), pasted)
    async with running(sqlite_url, environment=ALLOWED) as service, serving(pasted["app"]) as url:
        made = await service.client.add_callback(f"{url}/bellwire")
        assert (await service.client.test_callback(made.id)).answer == "http_401"
        pasted["SECRET"] = made.secret
        assert (await service.client.test_callback(made.id)).answer == "http_204"
        to = str(uuid.uuid4())
        delivery = await service.client.send(to=to, text="Welcome.", if_unreachable="wait", reference="build-4711")
        await service.client.cancel(delivery.id)
        while not pasted["ended"]:
            assert (await service.client.callbacks())[0].health == "working"
        assert pasted["ended"] == ["build-4711: cancelled"]


def test_the_page_names_every_event_every_health_and_every_failure() -> None:
    for word in (*Event, *Health, *(kind for _, kind in KINDS), "address_not_public", "connection_lost", DEFECT):
        assert f"`{word}`" in PAGE, word
