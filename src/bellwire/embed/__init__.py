"""Bellwire inside a bot that exists already: two lines, one module for each SDK.

    from bellwire.embed import m365_agents
    bellwire = m365_agents.attach(ADAPTER)

=================  ============================================  ==================
module             SDK                                           extra
=================  ============================================  ==================
``m365_agents``    Microsoft 365 Agents SDK, aiohttp or FastAPI  ``m365-agents``
``bot_framework``  Bot Framework SDK for Python                  ``bot-framework``
``teams_sdk``      Microsoft Teams SDK for Python                ``teams-sdk``
=================  ============================================  ==================

Every incoming activity is handed to capture, on a thread of its own: a turn is never delayed, altered or broken.
"""

from bellwire.embed.attached import Attached
from bellwire.embed.home import TeamsChat
from bellwire.embed.opening import Service

__all__ = ["Attached", "Service", "TeamsChat"]
