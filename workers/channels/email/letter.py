"""From what is rendered to a letter: an envelope, and the bytes of one RFC 5322 message."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from uuid import UUID

import idna

from postroom.domain.channels import Attachment, Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.email.capabilities import CAPABILITIES, MAX_LETTER, MAX_TEXT
from workers.channels.email.config import EmailConfig
from workers.channels.email.verdicts import transport_fault


class _Whole(UnstructuredHeader):
    """A header that stays on one line: `email` breaks a long address up and encodes it, and none can follow it then."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # BaseHeader's


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)  # type: ignore[arg-type]  # a mixin, as all of the registry's own
# 7bit: quoted-printable or base64 pass every relay, and a signature over them survives every hop.
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)
_POLICY_UTF8 = _POLICY.clone(utf8=True)

_LOCAL = re.compile(r"""[^\s\x00-\x1f\x7f<>()\[\]\\,;:"@]{1,64}""")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready for SMTP."""

    message_id: str
    sender: str
    """The envelope's: a bounce comes back to it and names the attempt."""
    recipient: str
    content: bytes
    utf8: bool
    """The recipient's local part is not ASCII, so that the relay must speak SMTPUTF8."""


def letter_of(rendered: Rendered, to: str, key: UUID, config: EmailConfig) -> Letter:
    """The letter. Raises ChannelError before a byte leaves when it cannot be written."""
    recipient = deliverable(to)
    utf8 = not recipient.isascii()
    message_id = f"<{key}@{config.bounce_domain}>"
    try:
        message = _written(rendered, _POLICY_UTF8 if utf8 else _POLICY)
        _address(message, recipient, key, config)
        message["Message-ID"] = message_id
        message["Subject"] = rendered.subject
        if rendered.unsubscribe is not None:
            message["List-Unsubscribe"] = f"<{rendered.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        content = message.as_bytes()
    except (ValueError, LookupError, MessageError) as error:
        raise _unsendable(str(error)) from error
    if len(content) > MAX_LETTER:
        raise _unsendable(f"the letter has {len(content)} bytes; {MAX_LETTER} are taken by everybody")
    return Letter(message_id, f"bounce+{key.hex}@{config.bounce_domain}", recipient, content, utf8)


def deliverable(to: str) -> str:
    """The address with its domain in ASCII. Raises ChannelError for what is no address."""
    local, _, domain = to.rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ChannelError(transport_fault("bad_address")) from error
    if not _LOCAL.fullmatch(local) or ".." in local or local.startswith(".") or local.endswith("."):
        raise ChannelError(transport_fault("bad_address"))
    return f"{local}@{ascii_domain}"


def _written(rendered: Rendered, policy: "EmailPolicy[EmailMessage]") -> EmailMessage:
    if not rendered.subject or not rendered.subject.strip():
        raise _unsendable("the subject is empty")
    if in_vain := not_carried(rendered, CAPABILITIES, "fields"):
        raise _unsendable(f"a letter has no place for {', '.join(in_vain)}; say it in text and HTML")
    if len(rendered.text) > MAX_TEXT:
        raise _unsendable(f"the text has {len(rendered.text)} characters; a letter carries {MAX_TEXT}")
    if len(rendered.text) + len(rendered.html or "") > 2 * MAX_TEXT:
        raise _unsendable(f"text and HTML exceed {2 * MAX_TEXT} characters")
    message = EmailMessage(policy)
    message.set_content(rendered.text, subtype="plain", charset="utf-8")
    if rendered.html is not None:
        message.add_alternative(rendered.html, subtype="html", charset="utf-8")
    for attachment in rendered.attachments:
        _enclose(message, attachment)
    return message


def _enclose(message: EmailMessage, attachment: Attachment) -> None:
    """The document beside the words: multipart/mixed around what was there; its name by RFC 2231."""
    if not attachment.content:
        raise _unsendable(f"the document {attachment.name!r} has no content")
    main, _, sub = attachment.media_type.partition("/")
    message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)


def _address(message: EmailMessage, recipient: str, key: UUID, config: EmailConfig) -> None:
    local, _, domain = recipient.rpartition("@")
    message["From"] = Address(config.display_name, addr_spec=config.mailbox)
    message["To"] = Address("", local, domain)
    message["Reply-To"] = config.reply_address(key.hex)
    message["Date"] = datetime.now(UTC)
    # RFC 3834: no out-of-office should answer, and none of ours answers back. The second is Microsoft's word for it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["X-Postroom-Attempt"] = str(key)


def _unsendable(detail: str) -> ChannelError:
    return ChannelError(transport_fault("unsendable", detail))
