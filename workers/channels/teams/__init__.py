"""Microsoft Teams, by the Bot Connector. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.teams.config import TeamsConfig

__all__ = ["TeamsConfig"]
