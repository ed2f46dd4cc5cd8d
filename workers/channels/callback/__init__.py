"""Status callbacks to machines (Standard Webhooks). Importing this package costs nothing; see `channel`."""

from workers.channels.callback.config import CallbackConfig

__all__ = ["CallbackConfig"]
