"""Contenders take turns, and the connector's count is the one that is believed."""

from __future__ import annotations

import runpy
import sys

import pytest

from bellwire.bench import people
from bellwire.bench.contest import Contender, fastest, ratio, take_turns
from bellwire.bench.peer import peer
from bellwire.bench.scale import QUICK
from bellwire.bench.stage import stage
from bellwire.bench.throughput import SCRIPTS
from bellwire.errors import Unavailable


async def test_two_bare_loops_take_turns_and_every_message_is_counted() -> None:
    async with stage(QUICK, lambda _what, _share: None, pin=False) as opened:
        command = [sys.executable, str(SCRIPTS / "bare_aiohttp.py"), "--people", "7", "--callers", "2", "--url"]
        async with (
            peer("one", [*command, f"{opened.connector}/one"]) as one,
            peer("two", [*command, f"{opened.connector}/two"]) as two,
        ):
            contenders = [Contender("one", "one", one), Contender("two", "two", two)]
            turns: list[str] = []
            await take_turns(contenders, rounds=2, seconds=0.05, told=turns.append)
            assert turns == ["one", "two", "two", "one", "one", "two"]
            for contender in contenders:
                counted = await opened.tally(contender.name)
                assert counted["accepted"] == contender.sent > 0
                assert counted["conversations"] == 7
                assert len(contender.rates) == 2
                assert contender.failed == 0
            assert ratio(contenders[0], contenders[1]) > 0
            assert fastest(contenders) in contenders


async def test_a_process_that_dies_is_named_with_its_last_words() -> None:
    with pytest.raises(Unavailable, match=r"process broken of the bench gave no answer: .*no such thing"):
        async with peer("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"]):
            pass


def test_the_contenders_write_to_the_same_people_with_the_same_text() -> None:
    laps = runpy.run_path(str(SCRIPTS / "laps.py"))
    assert laps["conversation_id"](7) == people.conversation_id(7)
    assert (laps["TENANT"], laps["APP_ID"], laps["TEXT"]) == (people.TENANT, people.APP_ID, people.TEXT)
