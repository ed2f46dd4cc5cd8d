"""WhatsApp, by Meta's Cloud API. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.whatsapp.config import WhatsAppConfig

__all__ = ["WhatsAppConfig"]
