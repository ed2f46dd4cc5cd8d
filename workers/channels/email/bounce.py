"""What a returned mail says: standard reports (RFC 3464), and the many formats from before them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum

from flufl.bounce import all_failures

from postroom.domain.channels import Fault, Verdict
from postroom.outside.rulings import fault_of
from workers.channels.email.verdicts import enhanced_of, ruling_of, transport_fault
from workers.channels.email.wording import part_text
from workers.channels.tokens import id_of, text_of


class Outcome(StrEnum):
    """What became of the letter at one recipient."""

    FAILED = "failed"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    RELAYED = "relayed"


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient's part of a report."""

    outcome: Outcome
    address: str | None
    fault: Fault | None = None


# Comments behind the word and OpenSMTPD's 'error' have been seen.
_ACTIONS = (
    ("fail", Outcome.FAILED),
    ("error", Outcome.FAILED),
    ("delivered", Outcome.DELIVERED),
    ("delayed", Outcome.DELAYED),
    ("relayed", Outcome.RELAYED),
    ("expanded", Outcome.RELAYED),
)
_BY_CLASS = {"5": Outcome.FAILED, "4": Outcome.DELAYED, "2": Outcome.DELIVERED}

# Not an address of the net (205.5.1.1), nor a version.
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.#])([45][0-5]\d)(?=[ \-][^\d])")
# Where the notice ends and the returned letter begins.
_COPY = re.compile(
    r"(?im)^.*\b(?:(?:this|here|line) is a copy of|original message follows|message headers? follows?)\b.*$"
    r"|^-+ ?original message ?-+$|^Received:"
)
VAGUE = frozenset({"", "5.0.0", "4.0.0"})


def read_report(message: Message) -> tuple[Report, ...]:
    """Each recipient's block of a delivery status; none when no block can be read."""
    return tuple(filter(None, map(_report, _blocks(message))))


def _blocks(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            payload = part.get_payload()
            yield from (block for block in payload if isinstance(block, Message)) if isinstance(payload, list) else ()


def _report(block: Message) -> Report | None:
    action, status = _field(block, "Action").lower(), enhanced_of(_field(block, "Status"))
    known = next((outcome for word, outcome in _ACTIONS if action.startswith(word)), None)
    outcome = known or _BY_CLASS.get(status[:1])
    if outcome is None:
        return None
    address = _address(_field(block, "Original-Recipient")) or _address(_field(block, "Final-Recipient"))
    diagnostic = _field(block, "Diagnostic-Code")
    words = diagnostic.partition(";")[2].strip() or diagnostic
    return Report(outcome, address, _failure(status, words) if outcome is Outcome.FAILED else None)


def _field(block: Message, name: str) -> str:
    return text_of(str(block.get(name, ""))).strip()


def _address(field: str) -> str | None:
    """From 'rfc822; someone@example.com', whose type some servers leave out."""
    bare = field.rpartition(";")[2].strip().strip("<>").strip()
    return id_of(bare) if "@" in bare else None


def _failure(status: str, words: str) -> Fault:
    """The fault of a final failure: the status, or a code in the words where the status says nothing."""
    enhanced, plain = _ENHANCED.search(words), _PLAIN.search(words)
    code = status if status not in VAGUE else (enhanced.group(1) if enhanced else "")
    basic = plain.group(1) if plain else ""
    if not code and not basic:
        return transport_fault("bounce", words)
    return _settled(fault_of(ruling_of(code, basic), code or basic, words or f"status {code}"))


def _settled(fault: Fault) -> Fault:
    """The relay has asked again for days and gave up: what may pass for a server has passed for this message."""
    final = fault.verdict is Verdict.TRANSIENT or fault.code.startswith("4")
    return replace(fault, verdict=Verdict.FALLBACK) if final else fault


def read_bounce(message: Message) -> tuple[Report, ...]:
    """A bounce in one of the formats that are no standard, by the detectors of GNU Mailman."""
    delayed, failed = all_failures(message)
    fault = _failure("", _telling_line(message)) if failed else None
    lost = [Report(Outcome.FAILED, _decoded(address), fault) for address in sorted(failed)]
    return (*lost, *(Report(Outcome.DELAYED, _decoded(address)) for address in sorted(delayed)))


def _telling_line(message: Message) -> str:
    """The line of the notice that names a code. The returned letter below it is ours: '450 EUR' is no code."""
    parts = message.get_payload() if message.is_multipart() else [message]
    notices = (part for part in parts if isinstance(part, Message) and part.get_content_type() == "text/plain")
    first = next(notices, None)
    lines = _COPY.split(part_text(first))[0].splitlines() if first else []
    return next((line.strip() for line in lines if _ENHANCED.search(line) or _PLAIN.search(line)), "")


def _decoded(address: bytes) -> str | None:
    return id_of(address.decode("utf-8", "replace")) or None
