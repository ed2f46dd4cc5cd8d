"""Signed links that lead one person to his own preferences, and prove by themselves that he was sent them."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LASTS = timedelta(days=730)
"""As long as the message that carried it is kept."""
LONGEST = 600
"""Characters of a token; a longer one is none of ours."""
_PURPOSE = b"postroom:preferences:1:"


class NotALink(ValueError):
    """The token was not made by us, or long ago. Says nothing else: whoever holds it learns nothing."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a link belongs to, and which message carried it."""

    company: str
    recipient: str
    """As an intent names him: partner:42."""
    language: str
    message_type: str
    issued: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and believes them."""

    secret: str
    public_url: str

    def __post_init__(self) -> None:
        """Without a secret anybody could make them."""
        if not self.secret:
            raise ValueError("LINK_SECRET is empty. Make one: python -m postroom.services.keyring LINK_SECRET")

    def preferences(self, holder: Holder) -> str:
        """The page where he chooses what he hears."""
        return f"{self._base}/preferences/{self.token(holder)}"

    def unsubscribe(self, holder: Holder) -> str:
        """What a mail program posts to when its user unsubscribes with one click (RFC 8058)."""
        return f"{self._base}/unsubscribe/{self.token(holder)}"

    @property
    def _base(self) -> str:
        return self.public_url.rstrip("/")

    def token(self, holder: Holder) -> str:
        """What stands in the link: the holder, readable, and our signature over him."""
        issued = int(holder.issued.timestamp())
        told = [holder.company, holder.recipient, holder.language, holder.message_type, issued]
        body = _encoded(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
        return f"{body}.{_encoded(self._signature(body))}"

    def holder(self, token: str, now: datetime) -> Holder:
        """Whom a token belongs to. Raises NotALink."""
        body, _, given = token.partition(".")
        if len(token) > LONGEST or not hmac.compare_digest(_encoded(self._signature(body)).encode(), given.encode()):
            raise NotALink
        company, recipient, language, message_type, seconds = json.loads(_decoded(body))
        issued = datetime.fromtimestamp(seconds, UTC)
        if now - issued > LASTS:
            raise NotALink
        return Holder(company, recipient, language, message_type, issued)

    def _signature(self, body: str) -> bytes:
        return hmac.new(self.secret.encode(), _PURPOSE + body.encode(), hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise NotALink from error
