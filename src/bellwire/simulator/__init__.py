"""A Teams to run against over real HTTP: login, Bot Connector, people and their chats."""
