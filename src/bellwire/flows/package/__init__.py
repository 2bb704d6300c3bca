"""The flow that posts as a Copilot Studio agent, as a solution for Power Automate (platform reference §9)."""
