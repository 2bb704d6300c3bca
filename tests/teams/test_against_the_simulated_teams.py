"""The whole wire against a Teams that keeps its own ledger: what is said of a request is what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web

from bellwire.errors import InvalidToken
from bellwire.model.message import Message
from bellwire.model.outcome import Halt, Heal, Opened, Outcome, Remedy, Retry, Sent, Step, Undeliverable, Unknown
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.net import open_session
from bellwire.simulator import Actor, Simulator, faults
from bellwire.simulator.faults import Fault
from bellwire.simulator.refusal import Envelope
from bellwire.simulator.signing import Flaw
from bellwire.teams.clouds import Cloud, custom
from bellwire.teams.connector import Connector
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.keys import SigningKeys
from bellwire.teams.sender import BotSender
from bellwire.teams.tokens import TokenSource
from bellwire.teams.verify import Verifier
from tests.support.wire import Asked, serving


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def told(sim: Simulator) -> dict[str, str]:
    """The simulator's settings, by the last part of their names."""
    return {name.rpartition("__")[2].lower(): value for name, value in sim.settings("alerts").items()}


@pytest.fixture
def cloud(told: dict[str, str]) -> Cloud:
    names = ("login_url", "openid_metadata_url", "token_issuer", "bot_scope", "graph_url")
    return custom(service_hosts=told["service_hosts"].split(","), **{name: told.get(name) for name in names})


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


@pytest.fixture
async def sender(told: dict[str, str], cloud: Cloud, session: ClientSession) -> AsyncIterator[BotSender]:
    registration = Registration(
        sender="alerts",
        app_id=told["app_id"],
        tenant_id=told["tenant_id"],
        client_secret=told["client_secret"],
    )
    tokens = TokenSource(credential(registration, cloud, session, clock=clock), clock=clock)
    yield BotSender(registration.app_id, cloud, Connector(session, cloud, clock=clock, timeout=0.5), tokens)
    await tokens.close()


@pytest.fixture
def megan(sim: Simulator) -> Actor:
    return sim.crowd(1)[0]


def posting(megan: Actor, step: Step = Step.POST, *, text: str = "The disk of db1 is full") -> Posting:
    return Posting(
        step=step,
        person=Person("alerts", megan.tenant_id, megan.aad_object_id),
        service_url=megan.service_url,
        conversation_id=None if step is Step.OPEN_CHAT else megan.chat().id,
        message=Message(id="m", text=text),
    )


async def test_a_chat_is_opened_and_written_to_changed_and_taken_back(sender: BotSender, megan: Actor) -> None:
    opened = await sender.send(posting(megan, Step.OPEN_CHAT))
    assert opened == Opened(megan.chat().id, megan.service_url, 201)
    sent = await sender.send(posting(megan))
    assert isinstance(sent, Sent)
    posted = replace(posting(megan, text="It is empty again"), activity_id=sent.activity_id)
    assert await sender.send(replace(posted, step=Step.CHANGE)) == Sent(sent.activity_id, 200)
    assert [line.activity["text"] for line in megan.received()] == ["It is empty again"]
    assert await sender.send(replace(posted, step=Step.TAKE_BACK)) == Sent(sent.activity_id, 200)


FATES = [
    ("BotDisabledByAdmin", Reason.DISABLED_BY_ADMIN),
    ("BotNotInConversationRoster", Reason.UNINSTALLED),
    ("ConversationBlockedByUser", Reason.BLOCKED),
    ("ForbiddenOperationException", Reason.NOT_INSTALLED),
    ("MessageWritesBlocked", Reason.BLOCKED),
    ("NotEnoughPermissions", Reason.NOT_PERMITTED),
]


@pytest.mark.parametrize("envelope", [Envelope.MODERN, Envelope.LEGACY])
@pytest.mark.parametrize(("code", "reason"), FATES)
async def test_every_403_has_its_reason_in_both_envelopes(
    sim: Simulator, sender: BotSender, megan: Actor, code: str, reason: Reason, envelope: Envelope
) -> None:
    sim.faults.add(faults.forbidden(code, envelope=envelope))
    assert await sender.send(posting(megan)) == Undeliverable(reason, 403, code)


@pytest.mark.parametrize(
    ("fault", "kind", "arrived"),
    [
        (faults.throttled(3), Retry, False),
        (faults.throttled(3, as_date=True), Retry, False),
        (faults.answer(412), Retry, False),
        (faults.answer(500), Undeliverable, False),
        (faults.answer(502), Retry, False),
        (faults.answer(503, envelope=Envelope.HTML), Retry, False),
        (faults.answer(504, envelope=Envelope.EMPTY), Retry, False),
        (faults.answer(413), Undeliverable, False),
        (faults.answer(401), Heal, False),
        (faults.answer(401, "BotNotRegistered"), Halt, False),
        (faults.answer(404), Heal, False),
        (faults.forbidden("InvalidBotApiHost"), Heal, False),
        (faults.reset(), Unknown, False),
        (faults.answer_lost(), Unknown, True),
        (faults.garbled(), Unknown, True),
        (faults.stall(accepted=True), Unknown, True),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
async def test_what_is_said_of_a_post_is_never_more_than_is_known(
    sim: Simulator, sender: BotSender, megan: Actor, fault: Fault, kind: type[Outcome], arrived: bool
) -> None:
    sim.faults.add(fault)
    outcome = await sender.send(posting(megan))
    assert isinstance(outcome, kind)
    assert bool(sim.ledger.entries) is arrived
    assert kind is Unknown or not arrived, "what arrived was called lost"
    sim.let_go()


async def test_retry_after_is_the_same_in_seconds_and_as_a_date(
    sim: Simulator, sender: BotSender, megan: Actor
) -> None:
    sim.faults.add(faults.throttled(30), faults.throttled(30, as_date=True))
    waits = [outcome.after for _ in range(2) if isinstance(outcome := await sender.send(posting(megan)), Retry)]
    assert waits == [30.0, pytest.approx(30, abs=2)]


async def test_a_clock_that_runs_ahead_makes_no_wait_longer(sim: Simulator, sender: BotSender, megan: Actor) -> None:
    sim.faults.add(faults.clock_jump(600))
    await sender.send(posting(megan))
    sim.faults.add(faults.throttled(30, as_date=True))
    outcome = await sender.send(posting(megan))
    assert isinstance(outcome, Retry)
    assert outcome.after == pytest.approx(30, abs=2)


async def test_a_token_revoked_in_mid_run_is_replaced(sim: Simulator, sender: BotSender, megan: Actor) -> None:
    await sender.send(posting(megan))
    sim.faults.add(Fault(faults.Deed.REVOKE_TOKENS))
    outcome = await sender.send(posting(megan))
    assert isinstance(outcome, Heal)
    assert outcome.remedy is Remedy.NEW_TOKEN
    assert isinstance(await sender.send(posting(megan)), Sent)


async def test_a_server_that_is_away_wrote_nothing(sim: Simulator, sender: BotSender, megan: Actor) -> None:
    await sender.send(posting(megan))
    async with sim.unreachable():
        outcome = await sender.send(posting(megan))
    assert isinstance(outcome, Retry)
    assert outcome.status is None
    assert isinstance(await sender.send(posting(megan)), Sent)


class Bot:
    """A bot endpoint that verifies and says the verdict in its status."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.codes: list[str] = []

    async def answer(self, asked: Asked) -> web.StreamResponse:
        try:
            await self.verifier.verify(asked.headers.get("Authorization"), asked.json)
        except InvalidToken as refused:
            self.codes.append(refused.code)
            return web.Response(status=401)
        return web.Response(status=200)


@pytest.fixture
async def bot(sim: Simulator, told: dict[str, str], cloud: Cloud, session: ClientSession) -> AsyncIterator[Bot]:
    keys = SigningKeys(session, cloud, clock=clock)
    made = Bot(Verifier(cloud, keys, [told["app_id"]], clock=clock))
    async with serving(made.answer) as server:
        sim.bot_endpoint = f"{server.url}/api/messages"
        yield made
    await keys.close()


async def test_activities_of_every_surface_are_let_in(bot: Bot, megan: Actor) -> None:
    for surface in ("teams", "copilot", "m365"):
        assert (await megan.say("hello", on=surface)).status == 200
    assert bot.codes == []


async def test_a_roll_over_of_the_keys_is_not_noticed(sim: Simulator, bot: Bot, megan: Actor) -> None:
    assert (await megan.say("before")).status == 200
    sim.rotate_keys()
    assert (await megan.say("after")).status == 200


@pytest.mark.parametrize("flaw", list(Flaw))
async def test_every_flaw_of_a_token_is_a_401(bot: Bot, megan: Actor, flaw: Flaw) -> None:
    answer = await megan.say("hello", flaw=flaw)
    assert answer.status == 401, bot.codes
    assert len(bot.codes) == 1
