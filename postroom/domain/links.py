"""Signed links that prove by themselves to whom we sent them: to his own preferences, and to a document."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

LASTS = timedelta(days=730)
"""As long as the message that carried it is kept."""
LONGEST = 600
"""Characters of a token; a longer one is none of ours."""
DOCUMENTS = "/o/"
"""Where links to documents begin, below the address of a company."""
DECISIONS = "/a/"
"""Where links begin by which somebody decides."""
_PURPOSE = b"postroom:preferences:1:"
_OPENING = b"postroom:opening:1:"
_FORM = b"postroom:form:1:"
_MAC_BYTES = 12
"""96 bits: nobody guesses them over a network, and every character of an SMS is paid for."""
_OPENING_BYTES = 1 + 16 + _MAC_BYTES


class NotALink(ValueError):
    """The token was not made by us, or long ago. Says nothing else: whoever holds it learns nothing."""


class TooOld(NotALink):
    """Ours, but what it belongs to is forgotten by now."""


class Purpose(StrEnum):
    """What a link to a document is opened for."""

    VIEW = "v"
    """To see the document, where its customer sees it."""
    PAY = "p"
    RECORD = "r"
    """To see the record in Odoo, where colleagues work: at the address that the event names."""
    DECIDE = "a"
    """To see what somebody is asked, and to decide it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a link to a document says: which message carried it, and what for. We know the rest; nobody else need."""

    message: UUID
    purpose: Purpose

    @property
    def issued(self) -> datetime:
        """When its message was written: a UUIDv7 tells (RFC 9562, section 5.7)."""
        return datetime.fromtimestamp((self.message.int >> 80) / 1000, UTC)


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

    def at(self, base: str) -> "Links":
        """The same links below another address of ours: a company's own."""
        return replace(self, public_url=base)

    def document(self, opening: Opening) -> str:
        """What asks Odoo for the document when it is opened, or the page where somebody decides."""
        room = f"{self._base}{DECISIONS}" if opening.purpose is Purpose.DECIDE else self.documents
        return f"{room}{self.opening_token(opening)}"

    @property
    def documents(self) -> str:
        """What every link to a document begins with."""
        return documents_under(self.public_url)

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

    def opening_token(self, opening: Opening) -> str:
        """The end of a link to a document: 39 characters."""
        body = opening.purpose.encode() + opening.message.bytes
        return _encoded(body + self._mac(body))

    def opening(self, token: str, now: datetime) -> Opening:
        """What a link to a document says. Raises NotALink, TooOld."""
        raw = _decoded(token) if len(token) <= LONGEST and token.isascii() else b""
        body, given = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        # Encoded again, so that each link has one spelling: base64 lets the last character vary.
        if len(raw) != _OPENING_BYTES or not hmac.compare_digest(self._mac(body), given) or _encoded(raw) != token:
            raise NotALink
        opening = Opening(UUID(bytes=body[1:]), Purpose(body[:1].decode()))
        if now - opening.issued > LASTS:
            raise TooOld
        return opening

    def form_mark(self, token: str) -> str:
        """What a form behind a link carries, by which we know again that the page was ours."""
        return _encoded(hmac.new(self.secret.encode(), _FORM + token.encode(), hashlib.sha256).digest())

    def is_own_form(self, token: str, mark: str) -> bool:
        """Whether a form was made by our page behind this very link."""
        return hmac.compare_digest(self.form_mark(token).encode(), mark.encode())

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.secret.encode(), _OPENING + body, hashlib.sha256).digest()[:_MAC_BYTES]

    def _signature(self, body: str) -> bytes:
        return hmac.new(self.secret.encode(), _PURPOSE + body.encode(), hashlib.sha256).digest()


def documents_under(base: str) -> str:
    """What every link to a document begins with; where a provider approves links, it approves this."""
    return f"{base.rstrip('/')}{DOCUMENTS}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise NotALink from error
