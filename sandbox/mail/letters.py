"""Mails that come back: bounces as RFC 3464 has them, replies as people write them."""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from sandbox.messages import Message as Kept

HOST = "mx.sandbox.invalid"
WORDS: Mapping[str, str] = {
    "5.1.1": "550 5.1.1 No such mailbox here",
    "5.2.2": "552 5.2.2 Mailbox full",
    "4.4.1": "451 4.4.1 The receiving server does not answer; will go on trying",
}


def bounce(sent: Kept, status: str, now: datetime) -> bytes:
    """A delivery status notification about a mail that had been accepted."""
    assert sent.mail is not None
    action = "delayed" if status.startswith("4") else "failed"
    report = MIMEMultipart("report", policy=SMTP)
    report.set_param("report-type", "delivery-status")
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{HOST}>"
    report["To"] = sent.mail.envelope_from
    report["Subject"] = "Delayed Mail (still being retried)" if action == "delayed" else "Undelivered Mail"
    report["Date"] = format_datetime(now)
    report["Message-ID"] = make_msgid(domain=HOST)
    report["Auto-Submitted"] = "auto-replied"
    report["Return-Path"] = "<>"
    words = WORDS[status]
    report.attach(MIMEText(f"Your message to <{sent.address}> could not be delivered:\r\n\r\n    {words}\r\n"))
    report.attach(_delivery_status(sent.address, action, status, words, now))
    report.attach(_original_headers(sent.mail.headers))
    return report.as_bytes()


def _delivery_status(address: str, action: str, status: str, words: str, now: datetime) -> Message:
    about_all, about_one = Message(policy=SMTP), Message(policy=SMTP)
    about_all["Reporting-MTA"] = f"dns; {HOST}"
    about_all["Arrival-Date"] = format_datetime(now)
    about_one["Final-Recipient"] = f"rfc822; {address}"
    about_one["Action"] = action
    about_one["Status"] = status
    about_one["Diagnostic-Code"] = f"smtp; {words}"
    part = MIMENonMultipart("message", "delivery-status", policy=SMTP)
    part.set_payload([about_all, about_one])
    return part


def _original_headers(headers: tuple[tuple[str, str], ...]) -> Message:
    return MIMEText("".join(f"{name}: {value}\n" for name, value in headers), "rfc822-headers")


def reply(sent: Kept, text: str, name: str, now: datetime) -> tuple[bytes, str]:
    """A person's answer to a mail, and the address that it is for."""
    assert sent.mail is not None
    answer = _answer(sent, name, now)
    answer["Subject"] = sent.mail.subject if sent.mail.subject.lower().startswith("re:") else f"Re: {sent.mail.subject}"
    quoted = "\n".join(f"> {line}" for line in sent.text.splitlines())
    answer.set_content(
        f"{text}\n\n{parseaddr(sent.mail.sender)[0] or sent.mail.sender} wrote:\n{quoted}\n", cte="base64"
    )
    return answer.as_bytes(), parseaddr(sent.mail.reply_to)[1]


def out_of_office(sent: Kept, name: str, now: datetime) -> tuple[bytes, str]:
    """What a machine answers in a person's place; to the envelope sender, as RFC 3834 says."""
    assert sent.mail is not None
    answer = _answer(sent, name, now)
    answer["Subject"] = f"Automatic reply: {sent.mail.subject}"
    answer["Auto-Submitted"] = "auto-replied"
    answer["Precedence"] = "bulk"
    answer.set_content("I am out of the office and will read your message when I am back.\n")
    return answer.as_bytes(), sent.mail.envelope_from


def _answer(sent: Kept, name: str, now: datetime) -> EmailMessage:
    assert sent.mail is not None
    answer = EmailMessage(policy=SMTP)
    answer["From"] = f"{name} <{sent.address}>" if name.isascii() and name.replace(" ", "").isalnum() else sent.address
    answer["To"] = sent.mail.reply_to
    answer["Date"] = format_datetime(now)
    answer["Message-ID"] = make_msgid(domain=sent.address.rpartition("@")[2] or HOST)
    answer["In-Reply-To"] = sent.id
    answer["References"] = f"{sent.mail.references} {sent.id}".strip()
    return answer
