"""Power Automate's wire: messages that a flow posts as a Copilot Studio agent."""
