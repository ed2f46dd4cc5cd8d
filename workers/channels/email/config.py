"""What one mailbox of ours needs to know."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from workers.channels.checks import Check, refuse, wait_check

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How the line to the relay is kept private."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """One sender at one relay. Without an inbound secret nothing that comes in is believed."""

    host: str
    port: int
    sender: str
    """The From header: 'Name <mailbox@domain>'."""
    bounce_domain: str
    """Where bounces and replies come back to: bounce+<id>@ and reply+<id>@ of this domain."""
    inbound_secrets: tuple[str, ...] = field(default=(), repr=False)
    """`whsec_…` of the relay that posts mail to us; two while rotating."""
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    reply_to: str = ""
    """A fixed address for replies; empty means reply+<id>@ the bounce domain, which names the message for sure."""
    connect_timeout: float = 5.0
    answer_timeout: float = 20.0
    """Seconds for the whole conversation about one message."""

    def __post_init__(self) -> None:
        refuse("Email is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        plain_login = self.user and self.security is Security.NONE and self.host not in LOOPBACK
        return (
            (not self.host, "the relay has no host"),
            (not 0 < self.port < 65536, f"port {self.port} is not between 1 and 65535"),
            ("@" not in self.mailbox, f"sender {self.sender!r} holds no address; write 'Name <mailbox@domain>'"),
            (any(c in self.sender + self.reply_to for c in "\r\n"), "sender or reply_to holds a line break"),
            (not self.bounce_domain or "@" in self.bounce_domain, "bounce_domain is no domain"),
            (bool(plain_login), "a password would travel in the clear; use smtps:// or ?starttls=required"),
            (bool(self.user) != bool(self.password), "user and password come together or not at all"),
            (not all(map(_is_secret, self.inbound_secrets)), "an inbound secret is not 'whsec_' and base64"),
            wait_check(self.connect_timeout, self.answer_timeout),
        )

    @classmethod
    def from_url(
        cls, url: str, *, sender: str, bounce_domain: str, inbound_secrets: tuple[str, ...] = (), reply_to: str = ""
    ) -> "EmailConfig":
        """From smtp://user:password@host:587?starttls=required|off, or smtps://; ValueError names every fault."""
        parts = urlsplit(url)
        security = _SECURITY.get((parts.scheme, parse_qs(parts.query).get("starttls", ["required"])[-1]))
        if security is None:
            raise ValueError("Email is not configured: the URL is neither smtp://…?starttls=required|off nor smtps://…")
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[security],
            sender=sender,
            bounce_domain=bounce_domain,
            inbound_secrets=inbound_secrets,
            security=security,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            reply_to=reply_to,
        )

    @property
    def mailbox(self) -> str:
        """The bare address that we write from."""
        return parseaddr(self.sender)[1]

    @property
    def display_name(self) -> str:
        """The name that stands before it."""
        return parseaddr(self.sender)[0]

    def reply_address(self, key: str) -> Address:
        """Where an answer to one attempt goes."""
        if self.reply_to:
            name, address = parseaddr(self.reply_to)
            return Address(name, addr_spec=address)
        return Address(self.display_name, f"reply+{key}", self.bounce_domain)


_SECURITY = {
    ("smtp", "required"): Security.STARTTLS,
    ("smtp", "off"): Security.NONE,
    ("smtps", "required"): Security.TLS,
    ("smtps", "off"): Security.TLS,
}
_PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


def secret_key(secret: str) -> bytes:
    """The bytes of a Standard Webhooks secret; raises binascii.Error for what is no base64."""
    bare = secret.removeprefix("whsec_")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def _is_secret(secret: str) -> bool:
    try:
        return bool(secret_key(secret))
    except (binascii.Error, ValueError):
        return False
