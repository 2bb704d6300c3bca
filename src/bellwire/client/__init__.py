"""Talks to a Bellwire service from Python: ``Client`` for ordinary code, ``AsyncClient`` for asyncio.

    with Client("http://127.0.0.1:3978", key="bw_...") as bellwire:
        delivery = bellwire.send(to="5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f", text="The build is **green** again.")
        print(bellwire.wait(delivery.id).state)

Errors are those of ``bellwire.errors``, with the service's code, field and remedy.
"""

from bellwire.client.answers import (
    Amendment,
    Attempt,
    Books,
    BooksLine,
    Callback,
    Checked,
    Delivery,
    Finding,
    Mailing,
    Page,
    Person,
    Reach,
    Repair,
    Repairs,
    Sender,
    Told,
    Trial,
)
from bellwire.client.asynchronous import AsyncClient
from bellwire.client.synchronous import Client
from bellwire.client.verification import Event, verify

__all__ = [
    "Amendment",
    "AsyncClient",
    "Attempt",
    "Books",
    "BooksLine",
    "Callback",
    "Checked",
    "Client",
    "Delivery",
    "Event",
    "Finding",
    "Mailing",
    "Page",
    "Person",
    "Reach",
    "Repair",
    "Repairs",
    "Sender",
    "Told",
    "Trial",
    "verify",
]
