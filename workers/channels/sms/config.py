"""What one SMS sender needs to know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from workers.channels.checks import Check, is_plain, is_url, refuse, url_check, wait_check

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
        refuse("SMS is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        return (
            url_check("api_url", self.api_url),
            (not _ACCOUNT.fullmatch(self.account_sid), f"account_sid {self.account_sid!r} is not AC and 32 hex digits"),
            (
                not any(form.fullmatch(self.sender) for form in (SERVICE, _NUMBER, _NAME)),
                f"the sender {self.sender!r} is no number as in +34911234567, no name of up to 11 characters and no "
                "messaging service (MG and 32 hex digits)",
            ),
            url_check("status_url", self.status_url),
            (
                # Twilio would refuse each message (21609) instead of telling us what became of it.
                is_url(self.status_url) and _is_outside(self.api_url) and not _is_reachable(self.status_url),
                f"status_url {self.status_url!r} cannot be reached by Twilio: set PUBLIC_URL to the door's address "
                "in the outside world, a host name without underscores",
            ),
            (not self.auth_tokens or "" in self.auth_tokens, "auth_tokens is empty"),
            (not all(is_plain(token) for token in self.auth_tokens), "an auth token holds a blank or odd sign"),
            wait_check(self.connect_timeout, self.answer_timeout),
            (
                not 1 <= self.validity_seconds <= LONGEST_VALIDITY,
                f"validity_seconds {self.validity_seconds} is not between 1 and {LONGEST_VALIDITY}",
            ),
        )

    @property
    def messages_url(self) -> str:
        """Where messages are posted to."""
        return f"{self.api_url.rstrip('/')}/2010-04-01/Accounts/{self.account_sid}/Messages.json"


def _is_outside(url: str) -> bool:
    return is_url(url) and not _is_loopback(urlsplit(url).hostname or "")


def _is_reachable(url: str) -> bool:
    return _is_outside(url) and "_" not in (urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
