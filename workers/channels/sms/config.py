"""What one SMS sender needs to know."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
"""A messaging service: a pool of senders, of which Twilio chooses one."""

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
LONGEST_VALIDITY = 36_000


@dataclass(frozen=True, slots=True)
class SmsConfig:
    """One account at Twilio, and the number or messaging service that it sends by."""

    api_url: str
    account_sid: str
    sender: str
    """Our number in E.164, a short code, a sender's name, or a messaging service (MG…)."""
    status_url: str
    """Where Twilio posts what became of a message; /status and the attempt's id are added to it."""
    auth_tokens: tuple[str, ...] = field(repr=False)
    """The first one asks; all of them verify, while one is rotated."""
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
    """Seconds for the whole answer, counted from the last byte that we sent."""
    validity_seconds: int = 4 * 3600
    """How long a message may wait at Twilio before it is given up (30036): an alert of yesterday helps nobody."""

    def __post_init__(self) -> None:
        faults = [fault for wrong, fault in self._checks() if wrong]
        if faults:
            raise ValueError("SMS is not configured: " + "; ".join(faults))

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        api, status = _split(self.api_url), _split(self.status_url)
        return (
            (not api, f"api_url {self.api_url!r} is no http(s) URL"),
            (not _ACCOUNT.fullmatch(self.account_sid), f"account_sid {self.account_sid!r} is not AC and 32 hex digits"),
            (
                not any(form.fullmatch(self.sender) for form in (SERVICE, _NUMBER, _NAME)),
                f"the sender {self.sender!r} is no number as in +34911234567, no name of up to 11 characters and no "
                "messaging service (MG and 32 hex digits)",
            ),
            (not status, f"status_url {self.status_url!r} is no http(s) URL"),
            (
                # Twilio would refuse each message (21609) instead of telling us what became of it.
                bool(api and status) and _is_outside(api) and not _is_reachable(status),
                f"status_url {self.status_url!r} cannot be reached by Twilio: set PUBLIC_URL to the door's address "
                "in the outside world, a host name without underscores",
            ),
            (not self.auth_tokens or "" in self.auth_tokens, "auth_tokens is empty"),
            (not all(_is_plain(token) for token in self.auth_tokens), "an auth token holds a blank or odd sign"),
            (self.connect_timeout <= 0 or self.answer_timeout <= 0, "timeouts must be above zero"),
            (
                not 1 <= self.validity_seconds <= LONGEST_VALIDITY,
                f"validity_seconds {self.validity_seconds} is not between 1 and {LONGEST_VALIDITY}",
            ),
        )

    @property
    def messages_url(self) -> str:
        """Where messages are posted to."""
        return f"{self.api_url.rstrip('/')}/2010-04-01/Accounts/{self.account_sid}/Messages.json"


def _split(raw: str) -> SplitResult | None:
    """The URL, or None where it is none that can be posted to."""
    try:
        url = urlsplit(raw)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        return None
    return url if usable else None


def _is_outside(url: SplitResult | None) -> bool:
    return url is not None and not _is_loopback(url.hostname or "")


def _is_reachable(url: SplitResult | None) -> bool:
    return _is_outside(url) and url is not None and "_" not in (url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token
