"""Proactive Microsoft Teams messages to one person, in that person's own Teams chat with the bot."""
