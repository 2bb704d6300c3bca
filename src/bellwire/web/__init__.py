"""The HTTP faces: the bot endpoint, the API for callers, and health."""
