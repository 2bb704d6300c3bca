"""A posting goes out as one request and comes back as one outcome, whatever Teams or the login service say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bellwire.model.message import Message
from bellwire.model.outcome import Halt, Heal, Opened, Remedy, Retry, Scope, Sent, Step, Undeliverable, Unknown
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.net import open_session
from bellwire.teams.clouds import custom
from bellwire.teams.connector import Connector
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.sender import BotSender
from bellwire.teams.tokens import TokenSource
from tests.support.wire import Asked, Clock, Server, always, serving

TENANT = "11111111-1111-1111-1111-111111111111"
MEGAN = Person("alerts", TENANT, "aaaaaaaa-0000-0000-0000-000000000001")
APP_ID = "22222222-2222-2222-2222-222222222222"
THREADS = ["19:x@thread.v2", "19:x@thread.tacv2", "19:x@thread.skype", "19:meeting_x@Thread.V2", " 19:x@THREAD.v2"]
MESSAGE = Message(id="m", text="The disk of db1 is full")
REGISTRATION = Registration(sender="alerts", app_id=APP_ID, tenant_id=TENANT, client_secret="correct-horse-battery")


class Teams(Server):
    """A login service and a Bot Connector at one address; each token is a new one."""

    def __init__(self) -> None:
        super().__init__(always(201, {"id": "17"}))
        self.login = always(200, {"access_token": "first", "expires_in": 3600})

    @property
    def connector_asked(self) -> list[Asked]:
        return [asked for asked in self.asked if "/oauth2/" not in asked.path]


@pytest.fixture
async def teams() -> AsyncIterator[Teams]:
    made = Teams()
    async with serving(lambda asked: (made.login if "/oauth2/" in asked.path else made.answering)(asked)) as server:
        made.url, made.asked = server.url, server.asked
        yield made


@pytest.fixture
async def sender(teams: Teams) -> AsyncIterator[BotSender]:
    cloud = custom(login_url=teams.url, openid_metadata_url=teams.url, service_hosts=[teams.host])
    clock = Clock()
    async with open_session(timeout=5) as session:
        tokens = TokenSource(credential(REGISTRATION, cloud, session, clock=clock), clock=clock)
        yield BotSender(APP_ID, cloud, Connector(session, cloud, clock=clock, timeout=5), tokens)
        await tokens.close()


@pytest.fixture
def posting(teams: Teams) -> Posting:
    return Posting(
        step=Step.POST,
        person=MEGAN,
        service_url=f"{teams.url}/emea/",
        conversation_id="a:1CONV",
        activity_id="17",
        message=MESSAGE,
    )


async def test_a_post_is_sent(sender: BotSender, teams: Teams, posting: Posting) -> None:
    assert await sender.send(posting) == Sent("17", 201)
    asked = teams.connector_asked[0]
    assert (asked.method, asked.path) == ("POST", "/emea/v3/conversations/a%3A1CONV/activities")
    assert asked.json["text"] == MESSAGE.text
    assert asked.headers["Authorization"] == "Bearer first"


async def test_a_chat_is_opened_by_object_id_without_any_product_context(
    sender: BotSender, teams: Teams, posting: Posting
) -> None:
    teams.answering = always(201, {"id": "a:1NEW"})
    opened = await sender.send(replace(posting, step=Step.OPEN_CHAT, conversation_id=None, message=None))
    assert opened == Opened("a:1NEW", posting.service_url, 201)
    body = teams.connector_asked[0].json
    assert body["members"] == [{"id": MEGAN.aad_object_id}]
    assert body["channelData"] == {"tenant": {"id": TENANT}}


async def test_a_post_is_changed_and_taken_back(sender: BotSender, teams: Teams, posting: Posting) -> None:
    assert await sender.send(replace(posting, step=Step.CHANGE)) == Sent("17", 201)
    assert await sender.send(replace(posting, step=Step.TAKE_BACK)) == Sent("17", 201)
    assert [asked.method for asked in teams.connector_asked] == ["PUT", "DELETE"]
    assert {asked.path for asked in teams.connector_asked} == {"/emea/v3/conversations/a%3A1CONV/activities/17"}


async def test_many_posts_need_one_token(sender: BotSender, teams: Teams, posting: Posting) -> None:
    for _ in range(5):
        await sender.send(posting)
    assert len(teams.asked) - len(teams.connector_asked) == 1


@pytest.mark.parametrize("surface", [surface for surface in Surface if surface is not Surface.TEAMS_PERSONAL])
@pytest.mark.parametrize("step", list(Step))
async def test_nothing_goes_to_any_surface_but_the_teams_chat(
    sender: BotSender, teams: Teams, posting: Posting, surface: Surface, step: Step
) -> None:
    outcome = await sender.send(replace(posting, surface=surface, step=step))
    assert outcome == Undeliverable(Reason.SEEN_ELSEWHERE_ONLY, None, f"surface_{surface}")
    assert teams.asked == []


@pytest.mark.parametrize("thread", THREADS)
async def test_a_thread_that_comes_back_for_a_chat_is_not_taken_for_the_persons_own(
    sender: BotSender, teams: Teams, posting: Posting, thread: str
) -> None:
    teams.answering = always(201, {"id": thread})
    outcome = await sender.send(replace(posting, step=Step.OPEN_CHAT, conversation_id=None, message=None))
    assert outcome == Undeliverable(Reason.SEEN_ELSEWHERE_ONLY, None, "conversation_is_a_thread")


@pytest.mark.parametrize("thread", THREADS)
@pytest.mark.parametrize("step", [Step.POST, Step.CHANGE, Step.TAKE_BACK])
async def test_nothing_goes_to_a_thread(
    sender: BotSender, teams: Teams, posting: Posting, thread: str, step: Step
) -> None:
    outcome = await sender.send(replace(posting, step=step, conversation_id=thread))
    assert outcome == Undeliverable(Reason.SEEN_ELSEWHERE_ONLY, None, "conversation_is_a_thread")
    assert teams.asked == []


async def test_graphs_name_of_the_personal_chat_is_no_thread(sender: BotSender, teams: Teams, posting: Posting) -> None:
    assert await sender.send(replace(posting, conversation_id="19:aaa_bbb@unq.gbl.spaces")) == Sent("17", 201)


@pytest.mark.parametrize("url", ["https://evil.example/", "http://127.0.0.1:1/", ""])
async def test_nothing_goes_to_a_foreign_host_and_not_even_a_token_is_asked_for(
    sender: BotSender, teams: Teams, posting: Posting, url: str
) -> None:
    outcome = await sender.send(replace(posting, service_url=url))
    assert outcome == Undeliverable(Reason.HOST_NOT_ALLOWED, None, "host_not_allowed")
    assert teams.asked == []


async def test_after_a_401_the_next_request_brings_a_new_token(
    sender: BotSender, teams: Teams, posting: Posting
) -> None:
    await sender.send(posting)
    teams.login = always(200, {"access_token": "second", "expires_in": 3600})
    teams.answering = always(401, {"error": {"code": "AuthorizationError"}})
    outcome = await sender.send(posting)
    assert isinstance(outcome, Heal)
    assert outcome.remedy is Remedy.NEW_TOKEN
    teams.answering = always(201, {"id": "18"})
    assert await sender.send(posting) == Sent("18", 201)
    assert [asked.headers["Authorization"] for asked in teams.connector_asked] == [
        "Bearer first",
        "Bearer first",
        "Bearer second",
    ]


async def test_refused_credentials_halt_the_sender(sender: BotSender, teams: Teams, posting: Posting) -> None:
    teams.login = always(401, {"error": "invalid_client"})
    assert await sender.send(posting) == Halt(Reason.TOKEN_REFUSED, 401, "invalid_client")
    assert teams.connector_asked == []


async def test_a_login_service_that_is_down_pauses_the_lane(sender: BotSender, teams: Teams, posting: Posting) -> None:
    teams.login = always(503, headers={"Retry-After": "9"})
    assert await sender.send(posting) == Retry(503, "status 503", 9.0, Scope.TENANT)
    assert teams.connector_asked == []


async def test_a_throttled_post_is_the_tenants_unless_the_conversation_was_busy(
    sender: BotSender, teams: Teams, posting: Posting
) -> None:
    teams.answering = always(429, {"error": {"code": "Throttled"}}, headers={"Retry-After": "2"})
    assert await sender.send(posting) == Retry(429, "Throttled", 2.0, Scope.TENANT)
    assert await sender.send(replace(posting, recent_posts=7)) == Retry(429, "Throttled", 2.0, Scope.CONVERSATION)


async def test_an_unreadable_success_is_unknown(sender: BotSender, teams: Teams, posting: Posting) -> None:
    teams.answering = always(201, b"{")
    assert await sender.send(posting) == Unknown(Reason.ANSWER_UNREADABLE, 201, "broken_answer")


async def test_a_wrong_host_has_a_spare_one(sender: BotSender, teams: Teams, posting: Posting) -> None:
    teams.answering = always(403, {"error": {"code": "InvalidBotApiHost"}})
    outcome = await sender.send(posting)
    assert isinstance(outcome, Heal)
    assert outcome.remedy is Remedy.SWITCH_HOST
    assert sender.spare_service_url == sender.default_service_url == f"{teams.url}/teams/"


@pytest.mark.parametrize("missing", ["conversation_id", "message"])
async def test_a_posting_without_what_its_step_needs_is_a_mistake(
    sender: BotSender, posting: Posting, missing: str
) -> None:
    without = replace(posting, conversation_id=None) if missing == "conversation_id" else replace(posting, message=None)
    with pytest.raises(ValueError, match=missing):
        await sender.send(without)
