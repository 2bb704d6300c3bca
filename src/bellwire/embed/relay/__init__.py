"""A relay in front of a bot in any language: everything goes through unchanged, and capture hears it on the side."""

from bellwire.embed.relay.relay import Relay

__all__ = ["Relay"]
