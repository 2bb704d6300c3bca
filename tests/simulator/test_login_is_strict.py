"""The login service refuses as Entra does, and its tokens open nothing but what they were asked for."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest

from bellwire.simulator import Simulator
from bellwire.simulator.bot import DEFAULT_APP_ID
from bellwire.simulator.graph.entra import ClientSecret

from .bot import BotClient


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, "unauthorized_client"),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"tenant": "99999999-9999-4999-8999-999999999999"}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_sign_in_is_refused(client: BotClient, changes: dict[str, str], status: int, error: str) -> None:
    reply = await client.sign_in(**changes)
    assert (reply.status, reply.body["error"]) == (status, error)
    assert {"error_description", "trace_id", "correlation_id", "timestamp"} <= set(reply.body)


async def test_a_secret_that_is_over_is_refused_until_there_is_another(sim: Simulator, client: BotClient) -> None:
    over, lasting = sim.clock.now() - timedelta(days=1), sim.clock.now() + timedelta(days=1)
    own = sim.bot.secret[:3]
    sim.entra.list_secrets(ClientSecret(own, over), ClientSecret("xyz", lasting))
    reply = await client.sign_in()
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")
    assert "AADSTS7000222" in reply.body["error_description"]
    sim.entra.list_secrets(ClientSecret(own, over), ClientSecret(own, lasting))
    assert (await client.sign_in()).status == 200


async def test_a_multi_tenant_bot_signs_in_at_the_bot_framework_tenant(client: BotClient) -> None:
    assert (await client.sign_in(tenant="botframework.com")).status == 200


async def test_the_answer_says_how_long_the_token_is_good(sim: Simulator, client: BotClient) -> None:
    sim.grants.lifetime = 5
    reply = await client.sign_in()
    assert (reply.body["token_type"], reply.body["expires_in"]) == ("Bearer", 5)


async def test_a_token_is_good_until_it_expires(sim: Simulator, client: BotClient) -> None:
    chat = sim.person("Megan Bowen").chat()
    sim.actor(chat.members[0]).presence.installed = True
    assert (await client.send(chat.id)).status == 201
    sim.clock.jump(3601)
    late = await client.send(chat.id)
    assert (late.status, late.code) == (401, "AuthorizationError")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic dXNlcjpwYXNz"])
async def test_no_good_token_no_entry(client: BotClient, authorization: str) -> None:
    reply = await client.call("GET", "/a:1/members", headers={"Authorization": authorization})
    assert (reply.status, reply.code) == (401, "AuthorizationError")


async def test_a_token_for_another_audience_does_not_open_the_connector(sim: Simulator, client: BotClient) -> None:
    sim.login.scopes.add("https://graph.example/.default")
    await client.sign_in(scope="https://graph.example/.default")
    assert (await client.create(sim.person("Megan Bowen").aad_object_id)).status == 401


async def test_revoked_tokens_are_worthless_until_the_bot_signs_in_again(sim: Simulator, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    assert sim.grants.revoke_all() == 1
    assert (await client.create(megan.aad_object_id)).status == 401
    await client.sign_in()
    assert (await client.create(megan.aad_object_id)).status == 201


async def test_an_unregistered_bot_is_told_so(sim: Simulator, client: BotClient) -> None:
    sim.bot.registered = False
    reply = await client.create(sim.crowd(1)[0].aad_object_id)
    assert (reply.status, reply.code) == (401, "BotNotRegistered")


async def test_inbound_tokens_are_signed_with_a_published_and_endorsed_key(sim: Simulator, client: BotClient) -> None:
    async with client.session.get(sim.settings()["BELLWIRE_CLOUD__OPENID_METADATA_URL"]) as answer:
        metadata = await answer.json()
    async with client.session.get(metadata["jwks_uri"]) as answer:
        keys = (await answer.json())["keys"]
    header = sim.signer.authorization(sim.bot.app_id, "http://service/", sim.clock.now())
    assert header is not None
    token = header.removeprefix("Bearer ")
    key = next(key for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
    assert "msteams" in key["endorsements"]
    claims = jwt.decode(token, jwt.PyJWK(key).key, ["RS256"], audience=DEFAULT_APP_ID, issuer=metadata["issuer"])
    assert claims["serviceurl"] == "http://service/"


async def test_rotated_keys_replace_the_old_ones_or_join_them(sim: Simulator) -> None:
    first = sim.signer.published[0].kid
    second = sim.rotate_keys(keep_old=True)
    assert [key.kid for key in sim.signer.published] == [second, first]
    third = sim.rotate_keys()
    assert [key.kid for key in sim.signer.published] == [third]
