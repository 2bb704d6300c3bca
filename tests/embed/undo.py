"""Has an SDK parse activities as its adapter does, and says what Bellwire's module makes of the result again.

Runs in the SDK's own environment: the module's name as argument, a JSON list on standard input, one on standard output.
"""

from __future__ import annotations

import json
import sys


def m365_agents(activity):
    from microsoft_agents.activity import Activity

    from bellwire.embed.m365_agents import raw

    return raw(Activity.model_validate(activity))


def bot_framework(activity):
    from botbuilder.schema import Activity

    from bellwire.embed.bot_framework import raw

    return raw(Activity().deserialize(activity))


def teams_sdk(activity):
    from microsoft_teams.apps import ActivityEvent
    from microsoft_teams.apps.events import CoreActivity

    from bellwire.embed.teams_sdk import raw

    return raw(ActivityEvent(body=CoreActivity.model_validate(activity), token=None))


if __name__ == "__main__":
    undo = globals()[sys.argv[1]]
    json.dump([undo(activity) for activity in json.load(sys.stdin)], sys.stdout)
