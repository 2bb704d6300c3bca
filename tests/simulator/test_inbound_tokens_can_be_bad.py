"""Each flaw of an inbound token is the one that it is named for, and nothing else is wrong."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from bellwire.simulator import Flaw, Simulator

from .bot import BotEndpoint

SERVICE_URL = "http://127.0.0.1/emea/"


def checked(sim: Simulator, flaw: Flaw | None) -> dict[str, Any]:
    """The claims, if everything that a bot has to check is right."""
    header = sim.signer.authorization(sim.bot.app_id, SERVICE_URL, sim.clock.now(), flaw)
    assert header is not None, "no header"
    scheme, _, token = header.partition(" ")
    assert scheme == "Bearer", "no bearer"
    keys = {key.kid: key for key in sim.signer.published}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert "msteams" in key.endorsements, "not endorsed"
    options: Any = {"require": ["exp"]}
    public = key.private.public_key()
    claims: dict[str, Any] = jwt.decode(
        token, public, ["RS256"], audience=sim.bot.app_id, issuer=sim.signer.issuer, leeway=300, options=options
    )
    assert claims["serviceurl"] == SERVICE_URL, "other service URL"
    return claims


async def test_without_a_flaw_everything_is_right(sim: Simulator) -> None:
    assert checked(sim, None)["aud"] == sim.bot.app_id


@pytest.mark.parametrize(
    ("flaw", "complaint"),
    [
        (Flaw.FORGED, jwt.InvalidSignatureError),
        (Flaw.UNKNOWN_KEY, KeyError),
        (Flaw.UNENDORSED, AssertionError),
        (Flaw.EXPIRED, jwt.ExpiredSignatureError),
        (Flaw.NOT_YET, jwt.ImmatureSignatureError),
        (Flaw.NO_EXPIRY, jwt.MissingRequiredClaimError),
        (Flaw.AUDIENCE, jwt.InvalidAudienceError),
        (Flaw.ISSUER, jwt.InvalidIssuerError),
        (Flaw.NONE_ALGORITHM, jwt.InvalidAlgorithmError),
        (Flaw.HS256, jwt.InvalidAlgorithmError),
        (Flaw.RS512, jwt.InvalidAlgorithmError),
        (Flaw.NO_SERVICE_URL, KeyError),
        (Flaw.FOREIGN_SERVICE_URL, AssertionError),
        (Flaw.GARBAGE, jwt.DecodeError),
        (Flaw.BASIC, AssertionError),
        (Flaw.MISSING, AssertionError),
    ],
)
async def test_a_flaw_shows_as_just_that(sim: Simulator, flaw: Flaw, complaint: type[Exception]) -> None:
    with pytest.raises(complaint):
        checked(sim, flaw)


async def test_a_flaw_travels_with_the_activity(sim: Simulator, endpoint: BotEndpoint) -> None:
    await sim.person("Megan Bowen").say("hello", flaw=Flaw.MISSING)
    assert "Authorization" not in endpoint.headers[0]
