"""What receivers are told, how often, and when: against real receivers, by a clock that is moved by hand."""

from __future__ import annotations

from collections import Counter
from functools import partial

import orjson
import pytest
from sqlalchemy import Connection, func, select
from standardwebhooks import Webhook

from bellwire.model.callback import CallbackPolicy, Health, Reply
from bellwire.model.shown import shown
from bellwire.store import callbacks, deliveries
from bellwire.store.tables import callback_events
from tests.callbacks.receivers import SECRET, Office, Receiver, receiving
from tests.support.proxy import forwarding, lead_out
from tests.support.wire import always, serving

DAY = 86_400.0


def events(conn: Connection) -> int:
    """How many events there are of all callbacks."""
    return conn.execute(select(func.count()).select_from(callback_events)).scalar_one()


async def test_a_receiver_is_told_the_delivery_as_the_api_shows_it(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    (ended,) = await office.end(caller_reference="build-4711")
    async with office.dispatching():
        asked = await receiver.asked()
        assert await office.reply() is Reply.TAKEN
    delivery = await office.database.read(partial(deliveries.get, delivery_id=ended))
    assert delivery is not None
    body = orjson.loads(asked.body)
    assert (body["type"], body["timestamp"]) == ("delivery.ended", body["data"]["finished_at"])
    assert body["data"] == orjson.loads(orjson.dumps(shown(delivery), option=orjson.OPT_UTC_Z))
    assert (body["data"]["state"], body["data"]["reference"]) == ("cancelled", "build-4711")
    assert b"Hello" not in asked.body
    assert asked.headers["webhook-id"] == f"ended_{ended}"
    assert await office.backlog(callback_id) == (0, 0)
    assert (await office.callback(callback_id)).succeeded_at == office.clock()


async def test_the_signature_is_that_of_standard_webhooks(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    newer = "whsec_" + "YSBuZXdlciBzZWNyZXQgb2YgaXQ="
    until = office.clock() + callbacks.REPEATED
    await office.database.write(partial(callbacks.renew, callback_id=callback_id, secret=newer, former_until=until))
    await office.end()
    async with office.dispatching():
        asked = await receiver.asked()
        await office.reply()
        signed = asked.headers["webhook-signature"].split()
        moment = office.clock().replace(microsecond=0)
        assert asked.headers["webhook-timestamp"] == str(int(moment.timestamp()))
        expected = [
            Webhook(each).sign(asked.headers["webhook-id"], moment, asked.body.decode()) for each in (newer, SECRET)
        ]
        assert signed == expected
        office.clock.go(hours=1)
        await office.end()
        later = await receiver.asked()
        assert len(later.headers["webhook-signature"].split()) == 1


async def test_what_is_not_taken_is_told_again_later_under_the_same_id(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 500
    await office.end()
    async with office.dispatching():
        first = await receiver.asked()
        assert await office.reply() is Reply.FAILED
        failing = await office.callback(callback_id)
        assert (failing.health, failing.failed_with, failing.failures) == (Health.FAILING, "http_500", 1)
        receiver.status = 200
        office.clock.go(seconds=6)
        second = await receiver.asked()
        assert await office.reply() is Reply.TAKEN
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (await office.callback(callback_id)).health is Health.WORKING


async def test_a_redirection_is_not_followed(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    async with receiving() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        await office.end()
        async with office.dispatching():
            assert await office.reply() is Reply.FAILED
        assert elsewhere.came.empty()
    assert (await office.callback(callback_id)).failed_with == "http_307"


async def test_a_receiver_that_asks_for_time_gets_it(office: Office, receiver: Receiver) -> None:
    await office.subscribe(receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    await office.end()
    async with office.dispatching():
        await receiver.asked()
        assert await office.reply() is Reply.FAILED
        receiver.status = 204
        (later,) = await office.end()
        office.clock.go(seconds=599)
        async with receiving() as other:
            await office.subscribe(other.url)
            (mark,) = await office.end()
            assert await other.told() == mark
            await office.reply()
        assert receiver.came.empty()
        office.clock.go(seconds=2)
        assert later in {await receiver.told() for _ in range(3)}


async def test_one_that_keeps_failing_is_tried_with_one_event_at_a_time(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 503
    await office.end(3)
    async with office.dispatching(CallbackPolicy(first=1.0, factor=1.0, failures=2)):
        for _ in range(3):
            await office.reply()
        office.clock.go(seconds=2)
        for _ in range(3):
            await office.reply()
        assert (await office.callback(callback_id)).paused_until is not None
        office.clock.go(seconds=2)
        await office.reply()
        assert (await office.callback(callback_id)).failures == 3
        assert await office.backlog(callback_id) == (3, 0)
        receiver.status = 204
        office.clock.go(seconds=2)
        assert [await office.reply() for _ in range(3)] == [Reply.TAKEN] * 3


async def test_what_is_not_taken_for_a_day_is_given_up(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 400
    await office.end()
    async with office.dispatching():
        while await office.backlog(callback_id) == (1, 0):
            await office.reply()
            office.clock.go(hours=4)
        assert await office.backlog(callback_id) == (0, 1)
        tries = receiver.came.qsize()
    assert 5 <= tries <= 15
    office.clock.go(days=8)
    async with office.dispatching():
        receiver.status = 204
        await office.end()
        await office.reply()
    assert await office.backlog(callback_id) == (0, 0)


async def test_one_that_takes_nothing_for_days_is_told_no_more(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 404
    async with office.dispatching():
        await office.end()
        await office.reply()
        office.clock.go(days=5)
        await office.end()
        await office.reply()
    found = await office.callback(callback_id)
    assert (found.health, found.disabled_at) == (Health.DISABLED, office.clock())
    await office.end()
    assert await office.backlog(callback_id) == (0, 0)


async def test_one_that_is_gone_is_forgotten(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 410
    await office.end(2)
    async with office.dispatching():
        assert await office.reply() is Reply.GONE
    assert await office.database.read(partial(callbacks.get, callback_id=callback_id)) is None
    assert await office.database.read(callbacks.backlogs) == {}


async def test_what_is_over_is_forgotten_bit_by_bit(office: Office, receiver: Receiver) -> None:
    """It is gone for everybody at once; its backlog would keep all others from writing if it went at once too."""
    callback_id = await office.subscribe(receiver.url)
    await office.end(5)
    remove = partial(callbacks.remove, callback_id=callback_id, now=office.clock())
    assert await office.database.write(remove)
    assert not await office.database.write(remove)
    assert await office.database.read(partial(callbacks.get, callback_id=callback_id)) is None
    assert await office.database.read(callbacks.every) == []
    assert await office.database.read(callbacks.backlogs) == {}
    assert await office.database.read(partial(callbacks.due, now=office.clock())) == []
    await office.end()
    left = []
    while callback_id in await office.database.read(callbacks.over):
        left.append(await office.database.read(events))
        await office.database.write(partial(callbacks.sweep, callback_id=callback_id, most=2))
    assert left == [5, 3, 1]
    assert await office.database.read(events) == 0


async def test_the_dispatcher_sweeps_what_is_over(office: Office, receiver: Receiver) -> None:
    removed, worn_out = await office.subscribe(receiver.url), await office.subscribe(receiver.url)
    await office.end(3)
    setback = callbacks.Setback("http_500", None, disabled=True, gone=False)
    await office.database.write(partial(callbacks.failed, callback_id=worn_out, setback=setback, now=office.clock()))
    await office.database.write(partial(callbacks.remove, callback_id=removed, now=office.clock()))
    assert await office.database.read(events) == 6
    async with office.dispatching():
        while await office.database.read(callbacks.over):
            pass
    assert await office.database.read(events) == 0
    assert receiver.came.empty()
    assert [each.id for each in await office.database.read(callbacks.every)] == [worn_out]


async def test_what_is_enabled_again_is_not_swept(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    await office.end()
    await office.database.write(partial(callbacks.sweep, callback_id=callback_id))
    assert await office.backlog(callback_id) == (1, 0)


async def test_a_receiver_may_ask_for_longer_than_a_day(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status, receiver.headers = 503, {"Retry-After": "99999999999999"}
    await office.end()
    office.clock.go(seconds=1)
    async with office.dispatching():
        first = await receiver.asked()
        assert await office.reply() is Reply.FAILED
        assert await office.backlog(callback_id) == (1, 0)
        receiver.status = 204
        office.clock.go(days=1, seconds=1)
        assert await office.reply() is Reply.TAKEN
        assert (await receiver.asked()).body == first.body


async def test_the_try_after_a_wait_beyond_the_day_is_the_last(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status, receiver.headers = 503, {"Retry-After": "99999999999999"}
    await office.end()
    office.clock.go(seconds=1)
    async with office.dispatching():
        await office.reply()
        office.clock.go(days=1, seconds=1)
        await office.reply()
    assert await office.backlog(callback_id) == (0, 1)


@pytest.mark.parametrize("host", ["a..b", ".foo", "a" * 64])
async def test_a_host_that_nobody_can_look_up_fails_like_any_other(office: Office, host: str) -> None:
    callback_id = await office.subscribe(f"https://{host}/x?sig=a-secret-of-the-receiver")
    await office.end()
    async with office.dispatching(CallbackPolicy(disable_after=1.0)):
        assert await office.reply() is Reply.FAILED
        failing = await office.callback(callback_id)
        assert (failing.health, failing.failed_with) == (Health.FAILING, "host_not_found")
        office.clock.go(minutes=1)
        assert await office.reply() is Reply.FAILED
    assert (await office.callback(callback_id)).health is Health.DISABLED


async def test_a_defect_of_ours_fails_like_anything_else(
    office: Office, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Here it is a secret that the library refuses to sign with."""
    callback_id = await office.subscribe(receiver.url)
    broken = partial(callbacks.renew, callback_id=callback_id, secret="whsec_x", former_until=office.clock())
    await office.database.write(broken)
    await office.end()
    async with office.dispatching():
        assert await office.reply() is Reply.FAILED
    failing = await office.callback(callback_id)
    assert (failing.health, failing.failed_with) == (Health.FAILING, "defect")
    assert "callback_broken" in caplog.text
    assert "a-secret-of-the-receiver" not in caplog.text


async def test_no_receiver_waits_for_another(office: Office, receiver: Receiver) -> None:
    receiver.silent = True
    await office.subscribe(receiver.url)
    async with receiving() as quick:
        await office.subscribe(quick.url)
        ended = await office.end(100)
        async with office.dispatching():
            assert {await quick.told() for _ in range(100)} == set(ended)
            assert receiver.came.qsize() == CallbackPolicy().at_once


async def test_what_a_dead_process_was_telling_is_told_again(office: Office, receiver: Receiver) -> None:
    await office.subscribe(receiver.url)
    receiver.silent = True
    (ended,) = await office.end()
    async with office.dispatching() as dispatcher:
        first = await receiver.asked()
        for task in list(dispatcher._serving.values()):
            task.cancel()
    receiver.silent = False
    office.clock.go(seconds=CallbackPolicy().lease + 1)
    async with office.dispatching():
        second = await receiver.asked()
        assert await office.reply() is Reply.TAKEN
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"ended_{ended}"


async def test_several_processes_share_the_work(office: Office, receiver: Receiver) -> None:
    callback_id = await office.subscribe(receiver.url)
    ended = await office.end(120)
    async with office.dispatching(), office.dispatching(), office.dispatching():
        told = Counter([await receiver.told() for _ in range(120)])
        assert [await office.reply() for _ in range(120)] == [Reply.TAKEN] * 120
    assert told == Counter(ended)
    assert await office.backlog(callback_id) == (0, 0)


async def test_a_machine_inside_is_never_connected_to(office: Office) -> None:
    """``localhost`` is not on the list of hosts that may be inside, whatever it leads to."""
    async with serving(always(204)) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        callback_id = await office.subscribe(url)
        await office.end()
        async with office.dispatching():
            assert await office.reply() is Reply.FAILED
        assert server.asked == []
    assert (await office.callback(callback_id)).failed_with == "address_not_public"


async def test_no_log_and_no_repr_shows_the_address(
    office: Office, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    callback_id = await office.subscribe(receiver.url)
    receiver.status = 500
    await office.end()
    async with office.dispatching():
        await office.reply()
    shown_ = f"{await office.callback(callback_id)!r}{caplog.text}"
    assert callback_id in shown_
    assert "127.0.0.1" not in shown_
    assert "a-secret-of-the-receiver" not in shown_
    assert SECRET not in shown_


async def test_a_receiver_behind_the_proxy_is_told_and_a_refusal_is_the_proxys(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarding() as proxy:
        lead_out(monkeypatch, proxy.url)
        callback_id = await office.subscribe(receiver.url.replace("127.0.0.1", "crm.example"))
        await office.end()
        async with office.dispatching(inside="crm.example"):
            await receiver.asked()
            assert await office.reply() is Reply.TAKEN
            proxy.refuses = 407
            proxy.hang_up()
            await office.end()
            assert await office.reply() is Reply.FAILED
    assert (await office.callback(callback_id)).failed_with == "proxy_refused_407"
