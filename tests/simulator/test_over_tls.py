"""The same Teams over https, with a certificate of a private authority."""

from __future__ import annotations

import ssl

import aiohttp
import trustme

from bellwire.simulator import Simulator


async def test_it_serves_over_https_and_says_so_in_every_address() -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with Simulator(tls=server) as sim, aiohttp.ClientSession() as session:
        settings = sim.settings()
        async with session.get(settings["BELLWIRE_CLOUD__OPENID_METADATA_URL"], ssl=client) as answer:
            assert (await answer.json())["jwks_uri"].startswith("https://127.0.0.1:")
        addresses = [value for name, value in settings.items() if name.endswith("_URL")]
        assert all(address.startswith("https://") for address in addresses)
        assert sim.person("Megan Bowen").service_url.startswith(f"https://{settings['BELLWIRE_CLOUD__SERVICE_HOSTS']}/")


async def test_closing_ends_open_event_streams() -> None:
    async with aiohttp.ClientSession() as session:
        async with Simulator() as sim:
            stream = await session.get(f"{sim.url}/control/events")
            await stream.content.readline()
        assert await stream.content.read() in (b"\n", b"")
