"""What one WhatsApp sender needs to know."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

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
        faults = [fault for wrong, fault in self._checks() if wrong]
        if faults:
            raise ValueError("WhatsApp is not configured: " + "; ".join(faults))

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        url = urlsplit(self.api_url)
        token = self.access_token
        return (
            (
                url.scheme not in ("http", "https") or not url.hostname,
                f"api_url {self.api_url!r} is no http(s) URL",
            ),
            (not _VERSION.fullmatch(self.api_version), f"api_version {self.api_version!r} does not look like 'v23.0'"),
            (not self.phone_number_id.isdecimal(), f"phone_number_id {self.phone_number_id!r} is not all digits"),
            (not token, "access_token is empty"),
            (not token.isascii() or not token.isprintable() or " " in token, "access_token holds a blank or odd sign"),
            (self.connect_timeout <= 0 or self.answer_timeout <= 0, "timeouts must be above zero"),
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
