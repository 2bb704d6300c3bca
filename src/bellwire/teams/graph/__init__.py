"""Microsoft Graph, as far as it is needed: who somebody is, and the app installed for them (platform reference §7)."""
