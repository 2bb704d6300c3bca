"""The Microsoft Graph of a simulated Teams: people, groups, the app catalogue, installs, chats and $batch."""
