"""What a mail must have before this provider takes it; every fault at once."""

import re
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
VERP = re.compile(r"bounce\+[0-9a-f]{32}@[^@\s]+")
LINK = re.compile(r"<(https://|http://(127\.0\.0\.1|localhost)[:/])[^<>\s]+>")
"""RFC 8058 asks for https; a door on this machine has none, and nobody outside could press the link anyway."""
ONE_CLICK = "List-Unsubscribe=One-Click"
Check = Callable[[EmailMessage, str], str | None]


def faults_of(mail: EmailMessage, envelope_from: str) -> list[str]:
    """Everything that is wrong with a mail; none means that it is taken."""
    return [fault for check in CHECKS if (fault := check(mail, envelope_from))]


def _sender(_mail: EmailMessage, envelope_from: str) -> str | None:
    if VERP.fullmatch(envelope_from):
        return None
    return f"MAIL FROM:<{envelope_from}>: expected bounce+<32 hex digits>@domain, so that a bounce finds its attempt"


def _message_id(mail: EmailMessage, _: str) -> str | None:
    if MESSAGE_ID.fullmatch(str(mail["Message-ID"] or "").strip()):
        return None
    return "Message-ID: missing, or not of the form <id@domain> (RFC 5322, 3.6.4)"


def _date(mail: EmailMessage, _: str) -> str | None:
    try:
        parsedate_to_datetime(str(mail["Date"] or ""))
    except ValueError:
        return "Date: missing or not a date (RFC 5322, 3.6.1)"
    return None


def _present(name: str) -> Check:
    def check(mail: EmailMessage, _: str) -> str | None:
        return None if str(mail[name] or "").strip() else f"{name}: missing or empty"

    return check


def _singular(mail: EmailMessage, _: str) -> str | None:
    names = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To")
    twice = [name for name in names if len(mail.get_all(name, [])) > 1]
    return f"{', '.join(twice)}: stands there more than once (RFC 5322, 3.6)" if twice else None


def _both_parts(mail: EmailMessage, _: str) -> str | None:
    missing = [kind for kind in ("plain", "html") if mail.get_body((kind,)) is None]
    return f"Content-Type: no text/{' and no text/'.join(missing)} part" if missing else None


def _unsubscribe(mail: EmailMessage, _: str) -> str | None:
    """RFC 8058: one click needs both headers, and an https link among them."""
    post, link = mail["List-Unsubscribe-Post"], str(mail["List-Unsubscribe"] or "")
    bulk = str(mail["Precedence"] or "").lower() == "bulk" or mail["List-ID"] is not None
    if not (bulk or post or link):
        return None
    if LINK.search(link) and str(post or "").strip() == ONE_CLICK:
        return None
    return f"List-Unsubscribe: needs an https link, and List-Unsubscribe-Post: {ONE_CLICK} (RFC 8058)"


CHECKS: Iterable[Check] = (
    _sender,
    _message_id,
    _date,
    _present("From"),
    _present("To"),
    _present("Subject"),
    _singular,
    _both_parts,
    _unsubscribe,
)
