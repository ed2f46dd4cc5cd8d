"""Slack, by its Web API. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.slack.config import SlackConfig

__all__ = ["SlackConfig"]
