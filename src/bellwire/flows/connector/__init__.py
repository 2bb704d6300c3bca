"""The Power Automate custom connector: what lets makers call this service without code."""
