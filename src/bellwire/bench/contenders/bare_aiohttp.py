"""The least that sending can cost: one pooled aiohttp session, a ready-made body, nothing kept of the answer."""

from __future__ import annotations

import argparse
import json
from urllib.parse import quote

import aiohttp
import laps


async def main(given: argparse.Namespace) -> None:
    """Post the same bytes to every chat."""
    body = json.dumps({"type": "message", "text": laps.TEXT}).encode()
    headers = {"Authorization": f"Bearer {laps.constant_token(given.url)}", "Content-Type": "application/json"}
    addresses = [
        f"{given.url}/v3/conversations/{quote(laps.conversation_id(number), safe='')}/activities"
        for number in range(given.people)
    ]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def send(number: int) -> None:
            async with session.post(addresses[number], data=body) as answer:
                answer.raise_for_status()
                await answer.read()

        await laps.run(send, given)


if __name__ == "__main__":
    laps.start(main)
