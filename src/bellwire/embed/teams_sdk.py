"""The Microsoft Teams SDK for Python.

    from bellwire.embed import teams_sdk
    bellwire = teams_sdk.attach(app)

A plugin of the SDK is told of an activity only after the SDK's models took it, and these know two of the five
installation actions (platform reference §1.3). The app's ``activity`` event comes before them, after the token was
verified, and has the JSON that Teams sent.
"""

from __future__ import annotations

from typing import Any

from microsoft_teams.apps import ActivityEvent, App

from bellwire.config import Settings
from bellwire.embed.attached import Attached
from bellwire.embed.opening import Service, opening
from bellwire.embed.told import told


def attach(app: App, at: Settings | Service | None = None) -> Attached:
    """Have every activity that the app takes in captured; returns what sends messages.

    ``at`` is where Bellwire runs: ``Settings`` for this process, a ``Service``, or as the environment says.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    attached = Attached(opening(at))

    def listen(event: ActivityEvent) -> None:
        attached.offer(lambda: told(_claims(event.token), raw(event)))

    app.events.on("activity", listen)
    return attached


def raw(event: ActivityEvent) -> dict[str, Any]:
    """The activity as Teams sent it: the SDK's envelope keeps every field but three as it came."""
    body = event.body
    return {**(body.model_extra or {}), "type": body.type, "id": body.id}


def _claims(token: Any) -> dict[str, Any]:
    """The claims, by the names that they have in the token; where the app asks for none, there are none."""
    return {"aud": getattr(token, "audience", None), "serviceurl": token.service_url}
