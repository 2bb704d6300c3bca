"""How each section measures, in words: the part of docs/benchmarks.md that does not come from figures."""

from __future__ import annotations

from typing import Final

INTRODUCTION: Final = """\
# Benchmarks

This page is written by `bellwire bench all --docs docs/benchmarks.md`. Every figure on it comes from one run on the
machine named below, without a network. Run it yourself: `pip install '.[bench]'`, then `bellwire bench all`
(about half an hour) or `bellwire bench all --quick` (about three minutes).

How to read it:

- What is measured runs alone on one core, and the connector that it writes to on another one. The connector is a raw
  protocol server on uvloop and httptools which answers more than 20,000 requests a second. It demands the bearer
  token and counts every activity and every distinct conversation, and the counts in the tables are its counts.
- A machine is never quiet. Contenders therefore take turns of a second or two in one run, and a ratio is the median
  over rounds of the ratio within a round. **Ratios are the figures to trust**; absolute figures are those of this
  machine on that day. *Core* is the share of its core that a contender had: below about 0.9, somebody else used it,
  and then the CPU for a message says more than the rate.
- Nothing here measures Teams. Teams allows 50 messages a second for one bot in one tenant, so what a faster engine
  buys is idle time: CPU left over, tenants beside each other, and an urgent message that does not wait.
"""

THROUGHPUT: Final = """\
Each contender sends one text to each of {people:,} people in turn, each with a conversation id as long as a real one.

- **Bellwire** is the whole durable path, with the settings of a service and only the tenant's limit of 50/s lifted:
  a delivery is accepted and committed (SQLite, WAL, `synchronous=FULL`), claimed and committed, paced, sent over HTTP,
  and its outcome, its attempt and the books committed. A lap ends when the last outcome is. *Accepted in batches*
  takes one message to 500 people at a time, as a broadcast does; *one by one* has 64 callers who each wait for their
  own commit, as callers of the API do, without HTTP in between. The targets are about the former.
- **aiohttp, bare pooled loop** posts the same ready-made bytes over one session with 64 callers. It stores nothing,
  paces nothing and looks at the status only. It is the floor for anything built on aiohttp.
- **The SDKs** run in environments of their own with the versions pinned, each called as its documentation says. All
  that we could do for them was done: a constant token, so that none of them pays for Entra (the Bot Framework SDK
  would otherwise ask Entra twice for every message); uvloop, as Bellwire has it; one pair of credentials instead of
  one for each message; and each at the number of callers at which it did best in a trial (16, 16 and 1). None of them
  stores anything, retries or paces.
"""

PACED: Final = """\
One message to each of N people in one tenant, all accepted at once, against `bellwire simulate`, which enforces
Teams' limits exactly and answers 429 to whatever exceeds them. The time is from the first accepted activity to the
last in the simulator's ledger. The least possible time is N/50 seconds.
"""

URGENT: Final = """\
{bulk:,} bulk messages are queued and the engine works through them; meanwhile a caller sends one urgent message after
another, each to a person of their own, at irregular intervals. The time runs from the call of `send` to the arrival of
the request at the connector, so accepting, committing, claiming, pacing and the wire are all in it. *Paced* has
Teams' 50/s for the tenant, where the urgent message needs the next free place in a lane that is always full;
*unthrottled* has no limit, where it competes for the one core instead.
"""

QUEUE: Final = """\
Three databases hold so many queued deliveries each, and three processes take turns at sending from them; between
turns each database is filled up to its level again, unmeasured. The cost is the process's CPU time for each message
sent, and its ratio is against the lowest level in the same round. Memory is the worker's own process; its peak
includes the filling.
"""

ACCEPT: Final = """\
`bellwire serve` runs in a process of its own, with its worker sending at the same time; the caller is `aiohttp` on
the other core. The time runs from the request to its answer, which comes after the commit. The many are one message to
that many people in one call and one transaction: over HTTP (`POST /v1/messages/bulk`), again and again into the same
service, whose worker sends meanwhile at 50/s; and by the library (`Bellwire.bulk.accept`), each time into a new
database. Memory is the peak of the process that accepts. The connector's call is the one that its definition names for
*Send a message to many people*; when all have ended, each one's end is read by *List deliveries*, 1,000 a page.
"""

RELAY: Final = """\
The same turns of one person with a bot that answers at once, and through `bellwire serve` in front of it, by turns and
one at a time. The relay runs in a process of its own and learns from each turn meanwhile; *learnt* counts the turns
that it knows of, those of the warm-up among them. The bot and the simulated Teams share another process, so a turn is
slower here than with a bot elsewhere; what the relay adds is the difference.
"""

TENANTS: Final = """\
So many deliveries are queued for many tenants, and one worker sends from them for a while on a PostgreSQL of its own
(`bellwire bench tenants --postgres URL`, an empty database), begun when every tenant has got something: with Teams'
limit of 50/s for each of twenty; as many messages for a thousand tenants, of which each may have 1/s; and without a
limit, which shows the most that one worker can do. The difference of the costs is that of shorter batches at a slower
pace. *Pacing* is the part of the worker that decides what starts when, measured by itself: its lanes in simulated time,
every tenant at its limit. PostgreSQL's share is the CPU of all processes of its server, if it runs here, while the
worker sends; *accepting* is its share of each message that was queued before, in calls of up to 2,000 people. A tenant
reaches its limit but for what the proof of the window costs: limit / (window + latency), and half a per cent of slack.
"""
