"""From a mail that came to one of our addresses to events: a bounce, a complaint, an answer, or nothing of ours."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from types import MappingProxyType
from uuid import UUID

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.email.bounce import Outcome, Report, read_bounce, read_report
from workers.channels.email.wording import answer_of, decoded_header
from workers.channels.opt_out import consent_in
from workers.channels.tokens import id_of, label, text_of

# The standard library's parser and the bounce detectors raise these upon hostile mail; no one else's fault is hidden.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, MessageError)

_OURS = re.compile(r"\b(?:bounce|reply)\+([0-9a-f]{32})@", re.I)
_ATTEMPT_HEADER = re.compile(rb"^X-Postroom-Attempt:\s*([0-9a-f-]{36})\s*$", re.I | re.M)
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon|double-bounce)\b", re.I)

SIGNS_OF_MAIL = ("From", "To", "Date", "Received", "Return-Path", "Message-ID", "Subject")
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "complaint"})
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Mail:
    """One inbound mail and what we know of it before reading on."""

    message: Message
    raw: bytes
    envelope_to: str
    bounce_domain: str
    account: str
    attempt: UUID | None
    """Our attempt that it is about, as far as it can be told."""

    @property
    def key(self) -> str:
        """Its own Message-ID; the hash of a mail that has none."""
        return id_of(self.message.get("Message-ID")) or hashlib.sha256(self.raw).hexdigest()

    @property
    def sender(self) -> str:
        """The bare address of its author."""
        return id_of(parseaddr(decoded_header(self.message, "From"))[1])

    @property
    def moment(self) -> datetime:
        """When it was written, by its author's clock; now where that cannot be read."""
        try:
            at = parsedate_to_datetime(text_of(str(self.message.get("Date", ""))))
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            return datetime.now(UTC)

    def event(self, kind: EventKind, key: str, **rest: object) -> ChannelEvent:
        """An event about the message that this mail is about."""
        ours = f"<{self.attempt}@{self.bounce_domain}>" if self.attempt else ""
        return ChannelEvent(
            kind=kind,
            key=key,
            channel=ChannelName.EMAIL,
            account=self.account,
            occurred_at=self.moment,
            provider_id=ours or id_of(self.message.get("In-Reply-To")) or None,
            attempt_id=self.attempt,
            **rest,  # type: ignore[arg-type]
        )


def parse(raw: bytes, envelope_to: str, *, bounce_domain: str, account: str) -> Parsed:
    """The mail's events. Raises Malformed for bytes that are no mail."""
    try:
        message = message_from_bytes(raw)
        if not any(name in message for name in SIGNS_OF_MAIL):
            raise Malformed("The body has no mail headers. Post the raw message (message/rfc822) as it was received.")
        to = text_of(envelope_to)
        return _read(Mail(message, raw, to, bounce_domain, account, _attempt(message, raw, to, bounce_domain)))
    except UNREADABLE as error:
        raise Malformed(f"The mail cannot be read ({type(error).__name__}: {error}).") from error


def _attempt(message: Message, raw: bytes, envelope_to: str, bounce_domain: str) -> UUID | None:
    """The attempt by its envelope, by the returned part, or by what the mail answers to: the surest first."""
    envelope = _OURS.search(envelope_to) or _OURS.search(str(message.get("To", "")))
    returned = _ATTEMPT_HEADER.search(raw)
    threads = " ".join(str(message.get(name, "")) for name in ("In-Reply-To", "References"))
    answered = re.search(rf"<([0-9a-f-]{{36}})@{re.escape(bounce_domain)}>", threads, re.I)
    named = (
        envelope.group(1) if envelope else "",
        returned.group(1).decode() if returned else "",
        answered.group(1) if answered else "",
    )
    return next((UUID(one) for one in named if _is_uuid(one)), None)


def _read(mail: Mail) -> Parsed:
    reader = REPORTS.get(_report_type(mail.message))
    if reader:
        return reader(mail)
    if _may_be_bounce(mail):
        reports = read_bounce(mail.message)
        if reports:
            return _reported(mail, reports)
    if _is_from_daemon(mail):
        return Parsed(unknown=("bounce:unrecognised",))
    if _is_automatic(mail.message):
        return Parsed(ignored=("auto_reply",))
    return _answer(mail)


def _report_type(message: Message) -> str:
    """RFC 6522's name of the report; where the outer part does not say, its parts do."""
    declared = str(message.get_param("report-type", "") or "").lower()
    inner = {part.get_content_type() for part in message.walk()} if message.is_multipart() else set()
    by_part = next((name for content_type, name in _PARTS.items() if content_type in inner), "")
    return declared if declared in REPORTS else by_part


_PARTS = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/feedback-report": "feedback-report",
    "message/disposition-notification": "disposition-notification",
}

# Reports ------------------------------------------------------------------------------------------------------------


def _delivery_status(mail: Mail) -> Parsed:
    """RFC 3464: one block per recipient. A report without a block that can be read may still be told by its words."""
    reports = read_report(mail.message) or read_bounce(mail.message)
    return _reported(mail, reports) if reports else Parsed(unknown=("dsn:unreadable",))


_KINDS = {Outcome.FAILED: EventKind.FAILED, Outcome.DELIVERED: EventKind.DELIVERED}


def _reported(mail: Mail, reports: Iterable[Report]) -> Parsed:
    events: list[ChannelEvent] = []
    ignored: list[str] = []
    for report in reports:
        kind = _KINDS.get(report.outcome)
        if kind is None:
            ignored.append(label("dsn", report.outcome))
            continue
        # Nearly every report is about one recipient; only further ones need a number.
        key = f"{mail.key}:{kind}" + (f":{len(events)}" if events else "")
        events.append(mail.event(kind, key, address=report.address, fault=report.fault))
    return Parsed(tuple(events), tuple(ignored))


def _feedback(mail: Mail) -> Parsed:
    """RFC 5965: the recipient pressed 'this is spam'. Other kinds (not-spam, auth-failure) ask nothing of us."""
    parts = [part for part in mail.message.walk() if part.get_content_type() == "message/feedback-report"]
    fields = _fields(parts[0]) if parts else {}
    kind = fields.get("feedback-type", "").lower()
    if kind not in COMPLAINTS:
        return Parsed(ignored=(label("feedback", kind),))
    address = id_of(parseaddr(fields.get("original-rcpt-to", ""))[1]) or None
    return Parsed((mail.event(EventKind.OPTED_OUT, mail.key, address=address, text=f"[complaint] {kind}"),))


def _fields(part: Message) -> Mapping[str, str]:
    """A part of header-like lines; the parser hands them over as a message or as text, by its content type."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if isinstance(inner, Message) and inner.keys():
        return {name.lower(): text_of(str(value)) for name, value in inner.items()}
    content = part.get_payload(decode=True)
    text = inner.get_payload() if isinstance(inner, Message) else content
    lines = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or "")
    found = (line.partition(":") for line in lines.splitlines() if ":" in line)
    return {name.strip().lower(): text_of(value.strip()) for name, _, value in found}


def _disposition(_mail: Mail) -> Parsed:
    """A reading receipt (RFC 8098); we ask for none, and mail programs send them at will."""
    return Parsed(ignored=("mdn",))


REPORTS: Mapping[str, Callable[[Mail], Parsed]] = MappingProxyType(
    {
        "delivery-status": _delivery_status,
        "feedback-report": _feedback,
        "disposition-notification": _disposition,
    }
)

# Who speaks: a machine or a person ----------------------------------------------------------------------------------


def _may_be_bounce(mail: Mail) -> bool:
    """Only such mail is searched for a bounce: a person's answer may quote one."""
    return _is_from_daemon(mail) or mail.envelope_to.lower().startswith("bounce+")


def _is_from_daemon(mail: Mail) -> bool:
    return bool(_DAEMON.match(mail.sender))


def _is_automatic(message: Message) -> bool:
    """RFC 3834's sign, and those that were in use before it."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        submitted not in ("no", "")
        or str(message.get("Precedence", "")).strip().lower() in BULK
        or str(message.get("Return-Path", "")).strip() == "<>"
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "List-Id", "X-Auto-Reply"))
    )


def _answer(mail: Mail) -> Parsed:
    """A person's answer. STOP alone, in the body or as the subject, ends the conversation; START takes it up again."""
    words, text = answer_of(mail.message)
    subject = decoded_header(mail.message, "Subject")
    kind = _consent(words, subject) or EventKind.REPLIED
    return Parsed((mail.event(kind, mail.key, address=mail.sender or None, text=text or subject or "[empty mail]"),))


def _consent(words: str, subject: str) -> EventKind | None:
    """A subject's STOP counts beside any words, its START only without: in doubt a person is left in peace."""
    said, titled = consent_in(words), consent_in(subject)
    if EventKind.OPTED_OUT in (said, titled):
        return EventKind.OPTED_OUT
    return said or (None if words.strip() else titled)


def _is_uuid(raw: str) -> bool:
    try:
        return bool(raw) and UUID(raw) is not None
    except ValueError:
        return False
