"""What one sms sender needs to know."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SmsConfig:
    """One account at Twilio, and the number or messaging service that it sends by."""

    api_url: str
    account_sid: str
    sender: str
    """Our number in E.164, or a messaging service (MG…)."""
    status_url: str
    """Where Twilio posts what became of a message; the attempt's id is added to it."""
    auth_tokens: tuple[str, ...] = field(repr=False)
    """The first one asks; all of them verify, while one is rotated."""
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
