"""SMS, by Twilio. Importing this package costs nothing; the channel itself is in `channel`."""

from workers.channels.sms.config import SmsConfig

__all__ = ["SmsConfig"]
