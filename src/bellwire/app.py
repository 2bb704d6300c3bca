"""Wires the service from its settings: the one place where parts come together, and the only reader of ``config``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from aiohttp import ClientSession

from bellwire.callbacks.dispatcher import Dispatcher
from bellwire.callbacks.post import Post
from bellwire.config import CloudSettings, FlowSettings, SenderSettings, Settings
from bellwire.delivery.rosters import RosterSource
from bellwire.delivery.sender import Sender
from bellwire.delivery.tuning import Tuning
from bellwire.delivery.worker import Worker
from bellwire.errors import TablesTooOld
from bellwire.flows.clouds import flow_cloud
from bellwire.flows.sender import FlowSender
from bellwire.flows.trigger import FlowPlace, trigger_of
from bellwire.model.callback import CallbackPolicy
from bellwire.model.pacing import CONVERSATION_WINDOWS, Window
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.model.retry import RetryPolicy
from bellwire.net import open_session
from bellwire.service.amending import Amending
from bellwire.service.books import Books
from bellwire.service.bulk import BulkSending
from bellwire.service.callbacks import Callbacks
from bellwire.service.capture import Capture
from bellwire.service.checking import Checking
from bellwire.service.deliveries import Deliveries
from bellwire.service.directory import Directory
from bellwire.service.exporting import Exporting
from bellwire.service.health import Health
from bellwire.service.importing import Importing
from bellwire.service.keys import Keys, guessable
from bellwire.service.lag import watch_lag
from bellwire.service.metrics import CountedSender, Metrics
from bellwire.service.people import People
from bellwire.service.repairing import Repairing
from bellwire.service.send import Sending
from bellwire.service.sender_list import SenderList
from bellwire.service.senders import Senders
from bellwire.service.telling import Telling
from bellwire.service.who import Who
from bellwire.store.clock import CLOCK_ERROR, DatabaseClock
from bellwire.store.database import Database
from bellwire.teams.clouds import CLOUDS, Cloud, custom
from bellwire.teams.connector import Connector
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.graph.apps import GraphApps
from bellwire.teams.graph.people import GraphPeople
from bellwire.teams.graph.tokens import GraphTokens
from bellwire.teams.graph.wire import GraphWire
from bellwire.teams.keys import SigningKeys
from bellwire.teams.roster import BotRosters
from bellwire.teams.sender import BotSender
from bellwire.teams.tokens import TokenSource
from bellwire.teams.verify import Verifier

Clock = Callable[[], datetime]

ANSWER_LATE: Final = 5.0
"""Seconds after its timeout in which a request's result is written down, if its worker lives."""

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bellwire:
    """The open service: its parts, ready to be used."""

    settings: Settings
    database: Database
    verifier: Verifier
    capture: Capture
    sending: Sending
    bulk: BulkSending
    deliveries: Deliveries
    amending: Amending
    people: People
    importing: Importing
    repairing: Repairing
    exporting: Exporting
    telling: Telling
    checking: Checking
    callbacks: Callbacks
    sender_list: SenderList
    books: Books
    keys: Keys
    health: Health
    metrics: Metrics
    worker: Worker | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, work: bool = True, upgrade: bool = True, clock: Clock | None = None
    ) -> AsyncIterator[Bellwire]:
        """Open the service, bring its tables up to date, and at the end of the block close everything in order.

        Without ``work`` nothing is sent from this process; without ``upgrade`` the tables are left as they are. Unless
        a ``clock`` is given, PostgreSQL's time counts, or on SQLite the machine's.

        Raises:
            ConfigError: the settings cannot be used.
            TablesTooOld: somebody else has to bring the tables up to date first.
            StoreUnavailable: the database does not answer.
        """
        cloud = cloud_of(settings.cloud)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(
                open_session(limit_per_host=settings.worker.seats, timeout=settings.worker.request_timeout)
            )
            database = await _database(settings, stack, upgrade=upgrade)
            clock = clock or await _clock(database, stack)
            signing_keys = SigningKeys(session, cloud, clock=clock)
            stack.push_async_callback(signing_keys.close)
            metrics = Metrics(database, clock)
            _in_background(watch_lag(metrics.late), stack)
            graph = _graph_wires(settings, cloud, session, clock, stack)
            apps = {
                name: GraphApps(graph[name], bot.catalogue_id) for name, bot in settings.bots.items() if name in graph
            }
            bots, rosters = _bots(settings, cloud, session, clock, apps, stack)
            wires = {**bots, **_flows(settings, cloud, session, clock, stack)}
            senders = {name: CountedSender(name, sender, metrics) for name, sender in wires.items()}
            worker = await _worker(settings, database, senders, rosters, clock, stack) if work else None
            post = await stack.enter_async_context(
                Post.open(settings.callbacks.allowed_hosts, _callback_policy(settings), clock)
            )
            if work:
                dispatcher = Dispatcher(database, post, clock=clock, told=metrics.told)
                dispatcher.start()
                stack.push_async_callback(dispatcher.stop)
            if worker is not None:
                metrics.watch(worker, settings.metrics.tenants)
            directories = {name: GraphPeople(wire) for name, wire in graph.items()}
            yield _wired(settings, cloud, database, signing_keys, metrics, directories, worker, post, clock)


def _in_background(work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    """Run beside everything else, until the stack closes."""
    stack.callback(asyncio.create_task(work).cancel)


def cloud_of(settings: CloudSettings) -> Cloud:
    """The cloud that the settings name.

    Raises:
        ConfigError: an address of the custom cloud is missing or wrong.
    """
    if settings.name != "custom":
        return CLOUDS[settings.name]
    return custom(
        login_url=settings.login_url,
        openid_metadata_url=settings.openid_metadata_url,
        token_issuer=settings.token_issuer,
        bot_scope=settings.bot_scope,
        graph_url=settings.graph_url,
        service_hosts=settings.service_hosts,
    )


def _wired(
    settings: Settings,
    cloud: Cloud,
    database: Database,
    signing_keys: SigningKeys,
    metrics: Metrics,
    directories: Mapping[str, Directory],
    worker: Worker | None,
    post: Post,
    clock: Clock,
) -> Bellwire:
    app_ids = {name: sender.app_id for name, sender in settings.bots.items()}
    names = {app_id: name for name, app_id in app_ids.items()}
    senders = _senders(settings)
    who = Who(database, senders, directories, clock, keep_for=timedelta(seconds=settings.directory.keep_for))
    listed = [key.get_secret_value() for key in settings.api_keys]
    if guessable(listed):
        log.warning("short_keys", count=guessable(listed), remedy="Use long random keys in BELLWIRE_API_KEYS.")
    capture = Capture(database, names, settings.tenants, clock)
    return Bellwire(
        settings=settings,
        database=database,
        verifier=Verifier(cloud, signing_keys, names, clock=clock),
        capture=capture,
        sending=Sending(database, senders, who, clock),
        bulk=BulkSending(database, senders, who, clock),
        deliveries=Deliveries(database, clock),
        amending=Amending(database, clock, senders.flows),
        people=People(database, senders, who, clock),
        importing=Importing(database, senders, app_ids, cloud, who, clock),
        repairing=Repairing(database, senders),
        exporting=Exporting(database, senders),
        telling=Telling(capture, senders, app_ids, cloud),
        checking=Checking(database, senders, who, clock),
        callbacks=Callbacks(database, senders, post, clock),
        sender_list=SenderList(database, senders, clock),
        books=Books(database, clock),
        keys=Keys(database, listed, clock),
        health=Health(database, worker, clock=clock),
        metrics=metrics,
        worker=worker,
    )


def _senders(settings: Settings) -> Senders:
    own = {name: sender.tenant_id for name, sender in settings.senders.items()}
    return Senders(
        own_tenants=own,
        default=settings.default_sender,
        allowed_tenants=settings.tenants,
        flows=frozenset(settings.flows),
        order=settings.order,
    )


async def _database(settings: Settings, stack: AsyncExitStack, *, upgrade: bool) -> Database:
    direct_url = settings.database_direct_url
    database = Database(
        settings.database_url.get_secret_value(), None if direct_url is None else direct_url.get_secret_value()
    )
    await database.start()
    stack.push_async_callback(database.close)
    if upgrade:
        await database.migrate()
    elif await database.behind():
        raise TablesTooOld("The database's tables are older than this program.")
    return database


def _callback_policy(settings: Settings) -> CallbackPolicy:
    own = settings.callbacks
    return CallbackPolicy(total=own.retry_for, disable_after=own.disable_after, timeout=own.timeout)


async def _clock(database: Database, stack: AsyncExitStack) -> Clock:
    """The time that all processes on this database share."""
    if database.dialect == "sqlite":
        return utc_now
    clock = DatabaseClock(database)
    stack.push_async_callback(clock.close)
    await clock.start()
    return clock


def _graph_wires(
    settings: Settings, cloud: Cloud, session: ClientSession, clock: Clock, stack: AsyncExitStack
) -> dict[str, GraphWire]:
    """Each sender's way to Microsoft Graph; none where the cloud has no Graph, or the sender no registration."""
    wires: dict[str, GraphWire] = {}
    registered = {name: sender for name, sender in settings.senders.items() if sender.app_id}
    for name, sender in registered.items() if cloud.graph_url is not None else ():
        tokens = GraphTokens(registration_of(name, sender), cloud, session, clock=clock)
        stack.push_async_callback(tokens.close)
        wires[name] = GraphWire(
            session, cloud.graph_url or "", tokens, clock=clock, timeout=settings.worker.request_timeout
        )
    return wires


def _bots(
    settings: Settings,
    cloud: Cloud,
    session: ClientSession,
    clock: Clock,
    apps: Mapping[str, GraphApps],
    stack: AsyncExitStack,
) -> tuple[dict[str, Sender], dict[str, RosterSource]]:
    connector = Connector(session, cloud, clock=clock, timeout=settings.worker.request_timeout)
    bots: dict[str, Sender] = {}
    rosters: dict[str, RosterSource] = {}
    for name, sender in settings.bots.items():
        tokens = TokenSource(credential(registration_of(name, sender), cloud, session, clock=clock), clock=clock)
        stack.push_async_callback(tokens.close)
        bots[name] = BotSender(sender.app_id, cloud, connector, tokens, apps.get(name))
        rosters[name] = BotRosters(connector, tokens)
    return bots, rosters


def flow_places(settings: Settings, cloud: Cloud) -> dict[str, FlowPlace]:
    """Where the flows are, in the cloud as flows see it.

    Raises:
        ConfigError: an address is none of a flow in this cloud.
    """
    places: dict[str, FlowPlace] = {}
    for name, sender in settings.flows.items():
        field = f"BELLWIRE_SENDERS__{name.upper()}__FLOW_URL"
        trigger = trigger_of(sender.flow_url.get_secret_value(), cloud, field=field)
        places[name] = FlowPlace(trigger, None if trigger.signed else registration_of(name, sender))
    return places


def _flows(
    settings: Settings, cloud: Cloud, session: ClientSession, clock: Clock, stack: AsyncExitStack
) -> dict[str, Sender]:
    cloud = flow_cloud(cloud, settings.cloud.flow_scope)
    flows: dict[str, Sender] = {}
    for name, place in flow_places(settings, cloud).items():
        tokens = None
        if place.caller is not None:
            tokens = TokenSource(credential(place.caller, cloud, session, clock=clock), clock=clock)
            stack.push_async_callback(tokens.close)
        if place.trigger.old:
            log.warning("flow_address_old", sender=name, remedy=EXPLANATIONS[Reason.FLOW_ADDRESS_OLD].remedy)
        timeout = settings.flows[name].timeout
        flows[name] = FlowSender(place.trigger, session, tokens, clock=clock, timeout=timeout)
    return flows


async def _worker(
    settings: Settings,
    database: Database,
    bots: Mapping[str, Sender],
    rosters: Mapping[str, RosterSource],
    clock: Clock,
    stack: AsyncExitStack,
) -> Worker:
    tuning = Tuning(
        seats=settings.worker.seats,
        per_second=settings.pace.tenant_per_second,
        installs_per_second=settings.pace.installs_per_second,
        windows=CONVERSATION_WINDOWS if settings.pace.conversation_windows else (),
        flows={name: Window(sender.per_minute, 60.0) for name, sender in settings.flows.items()},
        retry=RetryPolicy(
            total=settings.worker.retry_for,
            active_every=settings.worker.chat_active_every,
            active_for=settings.worker.chat_active_for,
        ),
        heartbeat=settings.worker.heartbeat,
        keep_for=timedelta(days=settings.keep.days) if settings.keep.days else None,
        longest_request=max(settings.worker.request_timeout, *(sender.timeout for sender in settings.flows.values()), 0)
        + ANSWER_LATE,
        clock_error=CLOCK_ERROR if database.dialect == "postgresql" else 0.0,
    )
    worker = Worker(database, bots, clock=clock, tuning=tuning, rosters=rosters)
    await worker.start()
    stack.push_async_callback(worker.stop)
    return worker


def registration_of(name: str, sender: SenderSettings | FlowSettings) -> Registration:
    """The registration that a sender's settings describe."""
    return Registration(
        sender=name,
        app_id=sender.app_id or "",
        tenant_id=sender.tenant_id,
        client_secret=sender.client_secret.get_secret_value() if sender.client_secret else None,
        certificate=sender.certificate,
        certificate_password=sender.certificate_password.get_secret_value() if sender.certificate_password else None,
        managed_identity=sender.managed_identity,
    )
