"""What one WhatsApp sender needs to know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.channels.checks import Check, refuse, token_checks, url_check, wait_check

_VERSION = re.compile(r"v\d{1,3}\.\d")


@dataclass(frozen=True, slots=True)
class WhatsAppConfig:
    """One phone number at one Cloud API. An empty secret means: verify nothing, refuse everything."""

    api_url: str
    api_version: str
    phone_number_id: str
    access_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(default="", repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 20.0
    """Seconds for the whole answer, counted from the last byte that we sent."""

    def __post_init__(self) -> None:
        refuse("WhatsApp is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        return (
            url_check("api_url", self.api_url),
            (not _VERSION.fullmatch(self.api_version), f"api_version {self.api_version!r} does not look like 'v23.0'"),
            (not self.phone_number_id.isdecimal(), f"phone_number_id {self.phone_number_id!r} is not all digits"),
            *token_checks("access_token", self.access_token),
            wait_check(self.connect_timeout, self.answer_timeout),
        )

    @property
    def messages_url(self) -> str:
        """Where messages are posted to."""
        return f"{self._number_url}/messages"

    @property
    def media_url(self) -> str:
        """Where documents are uploaded to."""
        return f"{self._number_url}/media"

    @property
    def _number_url(self) -> str:
        return f"{self.api_url.rstrip('/')}/{self.api_version}/{self.phone_number_id}"
