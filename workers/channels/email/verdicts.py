"""What a mail server's codes mean for a message. Words: RFC 3463, RFC 5321 and the large providers' pages.

The enhanced code (5.1.1) speaks first, then its class of subjects (4.4.x), then the plain code (553), then the first
digit: an unknown 5xx concerns the recipient, an unknown 4xx passes.
"""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Fault, Pace, Verdict
from postroom.outside.rulings import RL, A, F, P, R, Ruling, S, fault_in, fault_of

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # The address
        "5.1.1": Ruling(F, "Bad destination mailbox address", unreachable=True),
        "5.1.2": Ruling(F, "Bad destination system address", unreachable=True),
        "5.1.3": Ruling(F, "Bad destination mailbox address syntax", unreachable=True),
        "5.1.6": Ruling(F, "Destination mailbox has moved, no forwarding address", unreachable=True),
        "5.1.7": Ruling(S, "Bad sender's mailbox address syntax"),
        "5.1.8": Ruling(S, "Bad sender's system address"),
        "5.1.10": Ruling(F, "Recipient address has null MX", unreachable=True),
        "5.1.x": Ruling(F, "Other address status"),
        "4.1.8": Ruling(R, "Bad sender's system address (the check may pass later)", Pace.GREYLIST),
        # The mailbox
        "5.2.1": Ruling(F, "Mailbox disabled, not accepting messages"),
        "5.2.2": Ruling(RL, "Mailbox full", Pace.NEXT_DAY),
        "5.2.3": Ruling(P, "Message length exceeds the recipient's limit; send a link"),
        "4.2.1": Ruling(R, "The recipient receives mail too fast, or the mailbox is busy", Pace.GREYLIST),
        "4.2.2": Ruling(RL, "Mailbox full", Pace.LATE),
        # The mail system
        "5.3.4": Ruling(P, "Message too big for system; send a link"),
        "4.3.x": Ruling(R, "Mail system is busy, full or not accepting", Pace.GREYLIST),
        # The way there
        "4.4.7": Ruling(F, "Delivery time expired"),
        "5.4.7": Ruling(F, "Delivery time expired"),
        "4.4.x": Ruling(R, "Network or routing: no answer from host, bad connection"),
        "4.5.3": Ruling(RL, "Too many recipients", Pace.LATE),
        # The content
        "5.6.x": Ruling(P, "Message content or media is not supported"),
        # Policy and trust: our domain, not the recipient
        "5.7.1": Ruling(S, "Delivery not authorised, message refused"),
        "5.7.26": Ruling(S, "Unauthenticated mail: SPF, DKIM or DMARC did not pass"),
        "5.7.28": Ruling(S, "Unusual rate of unsolicited mail from our address or domain"),
        "5.7.x": Ruling(S, "Security or policy: authentication, encryption, reputation"),
        "4.7.x": Ruling(R, "Policy for now: greylisted, or too many messages", Pace.GREYLIST),
        # Without an enhanced code
        "421": Ruling(R, "Service not available, closing transmission channel", Pace.GREYLIST),
        "450": Ruling(R, "Mailbox unavailable for now", Pace.GREYLIST),
        "451": Ruling(R, "Local error in processing; greylisting speaks like this too", Pace.GREYLIST),
        "452": Ruling(RL, "Insufficient system storage", Pace.LATE),
        "454": Ruling(R, "Temporary authentication or TLS failure", Pace.GREYLIST),
        "530": Ruling(S, "Authentication required"),
        "534": Ruling(S, "Authentication mechanism is too weak"),
        "535": Ruling(S, "Authentication credentials invalid"),
        "538": Ruling(S, "Encryption required for this authentication mechanism"),
        "552": Ruling(RL, "Exceeded storage allocation", Pace.NEXT_DAY),
        "553": Ruling(F, "Mailbox name not allowed", unreachable=True),
        # By the first digit
        "4.x.x": Ruling(R, "A passing failure that no row foresees"),
        "5.x.x": Ruling(F, "A permanent failure that no row foresees"),
    }
)

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {
        "connect": Ruling(R, "No connection was made (refused, no route, DNS, TLS): nothing left"),
        "broken_before_end": Ruling(R, "The connection broke before the message's end: nothing can have been taken"),
        "no_answer_to_data": Ruling(A, "The message left whole and no answer to its end came"),
        "starttls_missing": Ruling(S, "The relay offers no STARTTLS, and it is required"),
        "auth_missing": Ruling(S, "The relay offers no way to log in that we know"),
        "smtputf8_missing": Ruling(F, "The address needs SMTPUTF8 and the relay does not offer it"),
        "bad_address": Ruling(F, "Not an address that mail can be sent to"),
        "unsendable": Ruling(P, "We wrote something that an email cannot carry"),
        "bounce": Ruling(F, "Returned as undeliverable; the report names no code"),
    }
)
"""Outcomes that no server gave a code to."""

transport_fault = partial(fault_in, TRANSPORT)

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def ruling_of(code: str, basic: str) -> Ruling:
    """The ruling for an enhanced code (or none: '') beside a plain one."""
    subject = code.rsplit(".", 1)[0] + ".x" if code else ""
    digit = (basic or code)[:1]
    named = (code, subject, basic)
    return next((VERDICTS[key] for key in named if key in VERDICTS), VERDICTS["4.x.x" if digit == "4" else "5.x.x"])


def reply_fault(basic: int, words: str) -> Fault:
    """The fault of one SMTP reply."""
    plain, enhanced = str(basic), enhanced_of(words)
    # A server that says '550 4.7.1' contradicts itself; the plain code rules (RFC 5321, 4.2).
    code = enhanced if enhanced[:1] == plain[:1] else ""
    return fault_of(ruling_of(code, plain), code or plain, f"{plain} {words}")


def enhanced_of(words: str) -> str:
    """The enhanced code at the start of a reply, or an empty string."""
    found = _ENHANCED.match(words)
    return found.group(1) if found else ""


def sender_fault(basic: int, words: str) -> Fault:
    """The fault of a refused login or MAIL FROM: what no row foresees concerns our sender, not the recipient."""
    fault = reply_fault(basic, words)
    if fault.verdict is Verdict.FALLBACK:
        return Fault(Verdict.SENDER_STOPPED, fault.code, fault.detail)
    return fault
