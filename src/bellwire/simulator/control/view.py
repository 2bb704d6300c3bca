"""People and conversations as JSON, for the chat page and for tests."""

from __future__ import annotations

from typing import Any

from bellwire.simulator.actor import Actor
from bellwire.simulator.chat import Chat, Json, Kind, Line
from bellwire.simulator.courier import Answer
from bellwire.simulator.playground import Playground

LINES = 100
TITLES = {
    Kind.TEAMS: "Teams chat",
    Kind.COPILOT: "Copilot in Teams",
    Kind.M365: "Microsoft 365 Copilot",
    Kind.AGENT: "Chat with agent",
}


def person_view(sim: Playground, actor: Actor) -> Json:
    """Who it is, and what they have to do with the bot."""
    person, presence = actor.person, actor.presence
    return {
        "aad_object_id": person.aad_object_id,
        "tenant_id": person.tenant_id,
        "name": person.name,
        "upn": person.upn,
        "email": person.email,
        "locale": person.locale,
        "timezone": person.timezone,
        "region": person.region,
        "deleted": person.deleted,
        "guest": person.guest,
        "enabled": person.enabled,
        "user_id": presence.user_id,
        "service_url": actor.service_url,
        "state": "deleted" if person.deleted else presence.state,
        "installed": presence.installed,
        "acquired": presence.acquired,
        "removed": presence.removed,
        "blocked": presence.blocked,
        "disabled": sim.world.forbids(actor.bot, person),
        "agent": actor.agent,
        "chat_id": presence.chat_id,
        "preview": _last(sim, presence.chat_id),
    }


def surfaces_view(sim: Playground, actor: Actor, lines: int = LINES) -> list[Json]:
    """The person's conversations, with what was said in them last."""
    presence = actor.presence
    own = [presence.chat_id, *presence.copilot_ids.values()]
    chats = [sim.world.chats[chat_id] for chat_id in own if chat_id is not None]
    chats += sim.world.agent_chats(actor.person)
    return [chat_view(sim, chat, lines) for chat in [*chats, *sim.world.shared_with(actor.person)]]


def chat_view(sim: Playground, chat: Chat, lines: int = LINES) -> Json:
    """A conversation and its last lines."""
    shown = list(chat.lines.values())[-lines:]
    return {
        "id": chat.id,
        "kind": chat.kind.value,
        "title": _title(sim, chat),
        "members": chat.members,
        "bot_inside": not chat.kind.is_shared or bool(chat.bots),
        "deleted": chat.deleted,
        "lines": [_line_view(sim, line) for line in shown],
    }


def answer_view(answer: Answer) -> Json:
    """What the bot answered to one activity."""
    return {
        "at": answer.at,
        "status": answer.status,
        "ok": answer.ok,
        "seconds": round(answer.seconds, 6),
        "tries": answer.tries,
        "problem": answer.problem,
        "body": answer.body,
        "activity": answer.activity,
    }


def _title(sim: Playground, chat: Chat) -> str:
    team = sim.world.teams.get(chat.team_id or "")
    if team is not None:
        return f"{team.name} > {chat.name}"
    return TITLES.get(chat.kind) or chat.name or "Group chat"


def _last(sim: Playground, chat_id: str | None) -> str | None:
    """The text that a list of chats would show under the name."""
    lines = list(sim.world.chats[chat_id].lines.values()) if chat_id is not None else []
    written = [line for line in lines if line.deleted_at is None]
    return _preview(written[-1].activity) if written else None


def _preview(activity: Json) -> str:
    """What a toast says: the summary, the text, or what Teams says of a card without either."""
    return str(activity.get("summary") or activity.get("text") or "Sent a card")


def _line_view(sim: Playground, line: Line) -> dict[str, Any]:
    author = sim.world.bots[line.author].name if line.from_bot else sim.world.people[line.author].name
    activity = line.activity
    return {
        "id": line.id,
        "at": line.at,
        "author": author,
        "from_bot": line.from_bot,
        "text": activity.get("text"),
        "text_format": activity.get("textFormat", "markdown"),
        "summary": activity.get("summary"),
        "preview": _preview(activity),
        "attachments": activity.get("attachments", []) if line.from_bot else [],
        "importance": activity.get("importance"),
        "updated_at": line.updated_at,
        "deleted_at": line.deleted_at,
        "reactions": line.reactions,
    }
