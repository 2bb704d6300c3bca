"""Runs a bot's file as its author would, with the simulated Teams in the place of Microsoft's cloud.

Runs in the SDK's own environment. Microsoft's addresses are constants of the SDKs, so they are changed here; the bot
itself knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
import urllib.parse
import urllib.request

CLOUD = json.loads(os.environ["SIMULATED_CLOUD"])


class SimulatedLogin:
    """In the place of ``msal.ConfidentialClientApplication``, which insists on https and on Microsoft's discovery."""

    token = None

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def acquire_token_silent(self, *_: object, **__: object):
        """The token that is there already."""
        return self.token

    acquire_token_silent_with_error = acquire_token_silent

    def acquire_token_for_client(self, *_: object, **__: object):
        """A new token, by a plain client-credentials request."""
        form = {
            "grant_type": "client_credentials",
            "client_id": CLOUD["app_id"],
            "client_secret": CLOUD["client_secret"],
            "scope": CLOUD["bot_scope"],
        }
        with urllib.request.urlopen(CLOUD["token_url"], urllib.parse.urlencode(form).encode()) as answer:
            type(self).token = json.load(answer) | {"token_source": "identity_provider"}
        return self.token


def simulate_login() -> None:
    import msal

    msal.ConfidentialClientApplication = SimulatedLogin


def simulate_m365_agents() -> None:
    from microsoft_agents.hosting.core.authorization import _entra_issuers

    _entra_issuers.BOTFRAMEWORK_JWKS_URIS[CLOUD["issuer"]] = CLOUD["keys_url"]


def simulate_bot_framework() -> None:
    from botframework.connector.auth import AuthenticationConstants, ChannelValidation

    AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = CLOUD["openid_metadata_url"]
    AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = CLOUD["issuer"]
    ChannelValidation.TO_BOT_FROM_CHANNEL_TOKEN_VALIDATION_PARAMETERS.issuer = [CLOUD["issuer"]]
    ChannelValidation.open_id_metadata_endpoint = CLOUD["openid_metadata_url"]


def simulate_teams_sdk() -> None:
    from microsoft_teams.api.auth.cloud_environment import PUBLIC

    object.__setattr__(PUBLIC, "openid_metadata_url", CLOUD["openid_metadata_url"])
    object.__setattr__(PUBLIC, "token_issuer", CLOUD["issuer"])


if __name__ == "__main__":
    for simulate in (simulate_login, simulate_m365_agents, simulate_bot_framework, simulate_teams_sdk):
        with contextlib.suppress(ImportError):
            simulate()
    runpy.run_path(sys.argv[1], run_name="__main__")
