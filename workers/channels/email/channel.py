"""Email as a channel: one attempt over SMTP, and what comes back by mail."""

import binascii
import hashlib
import hmac
import re
import smtplib
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from postroom.domain.channels import Capabilities, ChannelName, Fault, Parsed, Receipt, Rendered
from workers.channels.base import ChannelError
from workers.channels.email import inbound
from workers.channels.email.capabilities import CAPABILITIES
from workers.channels.email.config import EmailConfig, secret_key
from workers.channels.email.connection import Lines, StartTlsMissing
from workers.channels.email.letter import Letter, letter_of
from workers.channels.email.verdicts import reply_fault, sender_fault, transport_fault
from workers.channels.headers import find_header

SIGNATURE_AGE = 300
"""Seconds that a signature may be old or early (Standard Webhooks)."""

_DOT = re.compile(rb"(?m)^\.")


class Email:
    """One sender at one relay. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.EMAIL
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: EmailConfig) -> None:
        self._config = config
        self._lines = Lines(config)

    @property
    def account(self) -> str:
        """The mailbox that we write from."""
        return self._config.mailbox

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else."""
        letter = letter_of(rendered, to, key, self._config)
        smtp = self._line()
        try:
            _offer(smtp, letter)
            _hand_over(smtp, letter)
        except _Refused as refused:
            self._tidy(smtp)
            raise ChannelError(refused.fault) from None
        except _Lost as lost:
            self._lines.drop()
            raise ChannelError(transport_fault(lost.code, _words(lost.__cause__))) from lost.__cause__
        except OSError as error:  # SMTPException is one, too
            self._lines.drop()
            raise ChannelError(transport_fault("broken_before_end", _words(error))) from error
        return Receipt(letter.message_id, datetime.now(UTC))

    def _line(self) -> smtplib.SMTP:
        """A connection to the relay; every failure here leaves nothing behind."""
        try:
            return self._lines.current()
        except StartTlsMissing as error:
            raise ChannelError(transport_fault("starttls_missing")) from error
        except smtplib.SMTPResponseException as error:
            raise ChannelError(sender_fault(error.smtp_code, _decoded(error.smtp_error))) from error
        except smtplib.SMTPServerDisconnected as error:
            raise ChannelError(transport_fault("connect", _words(error))) from error
        except smtplib.SMTPException as error:
            # What is left of them: AUTH not offered, or no mechanism that smtplib knows.
            raise ChannelError(transport_fault("auth_missing")) from error
        except (OSError, UnicodeError) as error:
            raise ChannelError(transport_fault("connect", _words(error))) from error

    def _tidy(self, smtp: smtplib.SMTP) -> None:
        """After a refusal the connection is good for the next letter, or it is dropped."""
        try:
            if smtp.rset()[0] != 250:
                self._lines.drop()
        except OSError:
            self._lines.drop()

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether the relay signed these bytes (Standard Webhooks), within five minutes.

        Written here and not left to the `standardwebhooks` package: it decodes the body as UTF-8, and mail is bytes.
        """
        stamp, sent_id = find_header(headers, "webhook-timestamp"), find_header(headers, "webhook-id")
        if not sent_id or not _is_fresh(stamp):
            return False
        signed = b".".join((sent_id.encode("utf-8", "replace"), stamp.encode(), raw))
        given = [*_signatures(find_header(headers, "webhook-signature"))]
        keys = [secret_key(secret) for secret in self._config.inbound_secrets]
        expected = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
        return any(hmac.compare_digest(one, other) for one in expected for other in given)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:
        """The one mail in the body: a bounce, a complaint, an answer, or something to leave alone."""
        envelope_to = find_header(headers, "X-Envelope-To")
        return inbound.parse(raw, envelope_to, bounce_domain=self._config.bounce_domain, account=self.account)

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._lines.drop()


# The conversation about one letter ----------------------------------------------------------------------------------


class _Refused(Exception):
    """The server said no; nothing was taken."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _Lost(Exception):
    """The line broke at a point that decides what may have arrived."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _offer(smtp: smtplib.SMTP, letter: Letter) -> None:
    options = _size(smtp, letter)
    if letter.utf8:
        if not smtp.has_extn("smtputf8"):
            raise _Refused(transport_fault("smtputf8_missing"))
        smtp.command_encoding = "utf-8"
        options.append("SMTPUTF8")
    code, words = _read(smtp.mail(letter.sender, options))
    if code != 250:
        raise _Refused(sender_fault(code, words))
    code, words = _read(smtp.rcpt(letter.recipient))
    if code not in (250, 251):
        raise _Refused(reply_fault(code, words))


def _size(smtp: smtplib.SMTP, letter: Letter) -> list[str]:
    """The letter's size for a relay that wants to know (RFC 1870); one too large for it is not even offered."""
    if not smtp.has_extn("size"):
        return []
    size, most = len(letter.content), smtp.esmtp_features["size"].strip()
    if most.isdecimal() and 0 < int(most) < size:
        raise _Refused(transport_fault("unsendable", f"the letter has {size} bytes and the relay takes {most}"))
    return [f"SIZE={size}"]


def _hand_over(smtp: smtplib.SMTP, letter: Letter) -> None:
    code, words = _read(smtp.docmd("DATA"))
    if code != 354:
        raise _Refused(reply_fault(code, words))
    # Written out instead of smtplib's data(): a break before the last dot took nothing, a break after it is unknown.
    smtp.send(_DOT.sub(b"..", letter.content) + b".\r\n")
    try:
        code, words = _read(smtp.getreply())
    except OSError as error:
        raise _Lost("no_answer_to_data") from error
    if code >= 400:
        raise _Refused(reply_fault(code, words))
    if code >= 300:
        raise _Lost("no_answer_to_data")


def _read(reply: tuple[int, bytes]) -> tuple[int, str]:
    """A reply with its words as text. Raises SMTPServerDisconnected for what is no SMTP: the line cannot be trusted."""
    code, words = reply
    if not 200 <= code < 600:
        raise smtplib.SMTPServerDisconnected("the answer was not SMTP")
    return code, _decoded(words)


def _decoded(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _words(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}" if error else ""


# Standard Webhooks over bytes ---------------------------------------------------------------------------------------


def _is_fresh(stamp: str) -> bool:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    return abs(int(stamp) - datetime.now(UTC).timestamp()) <= SIGNATURE_AGE


def _signatures(header: str) -> list[bytes]:
    found = []
    for part in header.split(" "):
        version, _, value = part.partition(",")
        try:
            found += [b64decode(value, validate=True)] if version == "v1" else []
        except (binascii.Error, ValueError):
            continue
    return found
