"""Notifications inside Odoo. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.odoo.config import OdooConfig

__all__ = ["OdooConfig"]
