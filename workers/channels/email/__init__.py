"""Email, by SMTP. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.email.config import EmailConfig, Security

__all__ = ["EmailConfig", "Security"]
