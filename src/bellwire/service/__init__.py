"""The use cases: what Bellwire does for those who call it."""
