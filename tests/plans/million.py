"""A million deliveries of fifty tenants, as a service has them after a month, made within the database itself.

Most were sent. Some tenants have a mailing under way, some people wait, and everything else that grows with use is
there in its proportion. Nothing about it is random, so plans do not change from one run to the next.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

TENANTS: Final = 50
PEOPLE: Final = 2_000
DELIVERIES: Final = 1_000_000
CALLBACKS: Final = 20
WAITING_PEOPLE: Final = DELIVERIES // 97
NOW: Final = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MONTH: Final = timedelta(days=30)
SENDER: Final = "alerts"
WORKER: Final = "worker-at-work"
SENDER_ELSEWHERE: Final = "news"


def tenant(number: int) -> str:
    """The id of one of the tenants."""
    return f"{number:08x}-1111-4111-8111-111111111111"


def person(number: int) -> str:
    """The object id of one of the people; every tenant has somebody with it."""
    return f"{number:08x}-2222-4222-8222-222222222222"


def delivery(number: int) -> str:
    """The id of one of the deliveries; 1 is the oldest."""
    ms = int((NOW - MONTH).timestamp() * 1000) + number * int(MONTH.total_seconds() * 1000) // DELIVERIES
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{number:012x}"


def seed(conn: Connection) -> None:
    """Fill the tables; their secondary indexes are made when the rows are there, which takes half the time."""
    indexes = conn.execute(text(_INDEXES)).all()
    for name, _ in indexes:
        conn.execute(text(f"DROP INDEX {name}"))
    conn.execute(text("SET LOCAL session_replication_role = replica"))  # no look at each row's foreign keys
    conn.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    for name, statement in _FILL.items():
        conn.execute(text(f"INSERT INTO {name} {statement}"))
    for _, made in indexes:
        conn.execute(text(made))


_INDEXES: Final = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename IN ('deliveries', 'attempts', 'amendments') AND indexname LIKE 'ix_%'
"""
_AT: Final = f"timestamptz '{(NOW - MONTH).isoformat()}' + n * interval '{MONTH.total_seconds() / DELIVERIES} s'"
_MS: Final = f"lpad(to_hex((extract(epoch FROM {_AT}) * 1000)::bigint), 12, '0')"
_ID: Final = f"left({_MS}, 8) || '-' || right({_MS}, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0')"
_ID_OF_MESSAGE: Final = _ID.replace("(n)", "((n - 1) / 4 * 4 + 1)").replace(" n *", " ((n - 1) / 4 * 4 + 1) *")
_TENANT: Final = f"lpad(to_hex(n % {TENANTS}), 8, '0') || '-1111-4111-8111-111111111111'"
_PERSON: Final = f"lpad(to_hex(n / {TENANTS} % {PEOPLE}), 8, '0') || '-2222-4222-8222-222222222222'"
# The newest 30,000 belong to a mailing in the first five tenants; what waits is strewn over the month.
_STATE: Final = f"""
    CASE WHEN n > {DELIVERIES - 300_000} AND n % {TENANTS} < 5 THEN 'queued'
         WHEN n > {DELIVERIES - 10_000} AND n % {TENANTS} = 7 THEN 'sending'
         WHEN n % 97 = 0 THEN 'waiting' WHEN n % 89 = 0 THEN 'undeliverable' WHEN n % 997 = 0 THEN 'unknown'
         WHEN n % 499 = 0 THEN 'cancelled' WHEN n % 503 = 0 THEN 'expired' ELSE 'sent' END
"""
_DELIVERIES: Final = f"""
    (SELECT n, {_ID} AS id, {_TENANT} AS tenant_id, {_PERSON} AS aad_object_id, {_AT} AS at, {_STATE} AS state
     FROM generate_series(1, {DELIVERIES}) n) d
"""
_PEOPLE: Final = f"generate_series(0, {TENANTS * PEOPLE - 1}) n"
# Another worker's lane, in which all that is there is to be taken back.
_ELSEWHERE: Final = f"n % {TENANTS} = 11"
_WISHED: Final = f"({_ELSEWHERE} OR n % 1000 = 1)"
_FINAL: Final = "state NOT IN ('queued', 'sending', 'waiting')"

_FILL: Final = {
    "messages (id, text, created_at)": f"SELECT {_ID}, 'Hello', {_AT} FROM generate_series(1, {DELIVERIES}, 4) n",
    """deliveries (id, message_id, tenant_id, sender, aad_object_id, recipient_kind, recipient_value, state, priority,
        run_at, accepted_at, expires_at, if_unreachable, on_unknown, attempts, reason, conversation_id, service_url,
        activity_id, finished_at, claimed_by, claimed_at)""": f"""
        SELECT id, {_ID_OF_MESSAGE}, tenant_id, '{SENDER}', aad_object_id,
            'aad_object_id', aad_object_id, state, n % 3, at, at,
            CASE WHEN n % 10 = 0 THEN at + interval '20 days' END, 'fail', 'hold',
            CASE WHEN state = 'queued' OR state = 'waiting' THEN 0 ELSE 1 END,
            CASE WHEN {_FINAL} AND state <> 'sent' THEN 'blocked' END, 'a:' || n,
            'https://smba.trafficmanager.net/emea/', CASE WHEN state = 'sent' THEN '1:' || n END,
            CASE WHEN {_FINAL} THEN at + interval '1 s' END,
            CASE WHEN state <> 'queued' AND state <> 'waiting' THEN '{WORKER}' END,
            CASE WHEN state <> 'queued' AND state <> 'waiting' THEN timestamptz '{NOW.isoformat()}' END
        FROM {_DELIVERIES}""",
    """attempts (delivery_id, number, tenant_id, sender, aad_object_id, step, worker, started_at, finished_at,
        outcome, status)""": f"""
        SELECT id, 1, tenant_id, '{SENDER}', aad_object_id, 'post', '{WORKER}', at,
            CASE WHEN state <> 'sending' THEN at + interval '1 s' END,
            CASE WHEN state = 'sent' THEN 'sent' WHEN state <> 'sending' THEN 'undeliverable' END,
            CASE WHEN state = 'sent' THEN 201 WHEN state <> 'sending' THEN 403 END
        FROM {_DELIVERIES} WHERE state NOT IN ('queued', 'waiting', 'cancelled', 'expired')""",
    """amendments (id, delivery_id, tenant_id, sender, aad_object_id, step, state, run_at, accepted_at,
        finished_at)""": f"""
        SELECT id, id, tenant_id, CASE WHEN {_ELSEWHERE} THEN '{SENDER_ELSEWHERE}' ELSE '{SENDER}' END, aad_object_id,
            'take_back', CASE WHEN {_WISHED} THEN 'queued' ELSE 'done' END, at, at, CASE WHEN {_WISHED} THEN NULL ELSE
            at END
        FROM {_DELIVERIES} WHERE state = 'sent' AND n % 10 = 1""",
    """conversation_references (tenant_id, sender, aad_object_id, conversation_id, service_url, source, created_at,
        seen_at, surface, user_id, bot_id, older, state)""": f"""
        SELECT {_TENANT}, '{SENDER}', {_PERSON}, 'a:' || n, 'https://smba.trafficmanager.net/emea/', 'install', now(),
            now(), 'teams_personal', '29:' || n, '28:bot', '{{}}', 'reachable'
        FROM {_PEOPLE} WHERE n / {TENANTS} % 97 <> 0""",
    "sightings (tenant_id, sender, aad_object_id, surface, seen, first_at, last_at)": f"""
        SELECT {_TENANT}, '{SENDER}', {_PERSON}, 'copilot', 1, now(), now() FROM {_PEOPLE} WHERE n % 2 = 0""",
    "agent_chats (tenant_id, sender, aad_object_id, delivered_at)": f"""
        SELECT {_TENANT}, '{SENDER}', {_PERSON}, now() FROM {_PEOPLE} WHERE n % 2 = 1""",
    "names (tenant_id, kind, name, aad_object_id, found_at)": f"""
        SELECT {_TENANT}, 'upn', 'somebody' || n || '@contoso.example', {_PERSON}, now() FROM {_PEOPLE}""",
    "teams (tenant_id, sender, team_id, service_url, name)": f"""
        SELECT {_TENANT}, '{SENDER}', '19:' || n, 'https://smba.trafficmanager.net/emea/', 'Sales'
        FROM generate_series(0, {TENANTS * 20 - 1}) n""",
    "roster (tenant_id, sender, aad_object_id, team_id, user_id, guest, listed_at)": f"""
        SELECT {_TENANT}, '{SENDER}', {_PERSON}, '19:' || n % {TENANTS * 20}, '29:' || n, false, now()
        FROM {_PEOPLE}""",
    "idempotency_keys (caller, key, body_hash, delivery_id, created_at, expires_at)": f"""
        SELECT 'caller-' || n % 10, 'key-' || n, 'hash', 'delivery', {_AT}, {_AT} + interval '1 day'
        FROM generate_series({DELIVERIES - 100_000}, {DELIVERIES}) n""",
    """repairs (id, tenant_id, sender, aad_object_id, state, asked_at, run_at, attempts, finished_at)""": f"""
        SELECT 'repair-' || n, {_TENANT}, '{SENDER}', {_PERSON}, CASE WHEN n % 3 = 0 THEN 'opened' ELSE 'queued' END,
            now(), timestamptz '{NOW.isoformat()}' + (n / {TENANTS} - {PEOPLE // 2}) * interval '1 s', 0,
            CASE WHEN n % 3 = 0 THEN now() END
        FROM {_PEOPLE}""",
    "callbacks (id, key_id, url, events, secret, created_at, failures, only_key_id)": f"""
        SELECT 'callback-' || n, 'key-' || n, 'https://caller.example/', 'delivery.ended', 'secret', now(), 0,
            CASE WHEN n > 0 THEN 'key-' || n END
        FROM generate_series(0, {CALLBACKS - 1}) n""",
    "callback_events (callback_id, id, event, content, made_at, tries, run_at)": f"""
        SELECT 'callback-' || row_number() OVER () % {CALLBACKS}, 'ended_' || id, 'delivery.ended', to_jsonb(d)::text,
            finished_at, 0, CASE WHEN right(id, 2) = '21' THEN finished_at ELSE finished_at + interval '60 days' END
        FROM deliveries d WHERE state = 'sent' AND right(id, 1) = '1'""",
    "workers (id, started_at, heartbeat_at)": f"VALUES ('{WORKER}', now(), now())",
    "lanes (tenant_id, sender, owner)": f"""
        SELECT {_TENANT}, '{SENDER}', '{WORKER}' FROM generate_series(0, {TENANTS - 1}) n
        UNION ALL SELECT '{tenant(11)}', '{SENDER_ELSEWHERE}', 'worker-elsewhere'""",
    "books (tenant_id, sender, accepted, sent, undeliverable, unknown, cancelled, expired)": f"""
        SELECT tenant_id, sender, count(*), {
        ", ".join(
            f"count(*) FILTER (WHERE state = '{state}')"
            for state in ("sent", "undeliverable", "unknown", "cancelled", "expired")
        )
    }
        FROM deliveries GROUP BY tenant_id, sender""",
}
