"""How a provider's code becomes a verdict: tables of rulings, and the one way to read them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from postroom.domain.channels import Fault, Pace, Verdict

MAX_DETAIL = 300

# The provider's words may quote the recipient back at us; a detail is kept beside the message and shown to operators.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:]+@[^\s<>()\[\],;:]+")
_NUMBER = re.compile(r"(?<![#\w])\+?\d(?:[ \-().]?\d){6,}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row of a verdict table: what we make of a code, and what the provider says about it."""

    verdict: Verdict
    words: str
    pace: Pace = Pace.STANDARD
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A row that stands for a run of codes."""

    first: int
    last: int
    ruling: Ruling

    def covers(self, code: str) -> bool:
        """Whether the code is a number within the run."""
        return code.isdecimal() and len(code) <= len(str(self.last)) and self.first <= int(code) <= self.last


HTTP: Mapping[str, Ruling] = MappingProxyType(
    {
        "connect": Ruling(Verdict.TRANSIENT, "No connection was made (refused, no route, DNS, TLS): nothing left"),
        "misconfigured": Ruling(Verdict.SENDER_STOPPED, "The API's address cannot be used: nothing left"),
        "read_timeout": Ruling(Verdict.UNKNOWN, "The request left and no answer came in time"),
        "dropped": Ruling(Verdict.UNKNOWN, "The connection broke after the request left"),
        "no_message_id": Ruling(Verdict.UNKNOWN, "An accepted answer that names no message"),
        "not_json": Ruling(Verdict.UNKNOWN, "An accepted answer that cannot be read"),
        "http_408": Ruling(Verdict.UNKNOWN, "Request timeout, without a code"),
        "http_429": Ruling(Verdict.TRANSIENT, "Too many requests, without a code", Pace.THROTTLED),
        "http_401": Ruling(Verdict.SENDER_STOPPED, "Unauthorised, without a code"),
        "http_403": Ruling(Verdict.SENDER_STOPPED, "Forbidden, without a code"),
        "http_404": Ruling(Verdict.SENDER_STOPPED, "Not found, without a code: the API's address or version is wrong"),
        "http_3xx": Ruling(Verdict.SENDER_STOPPED, "A redirect, never followed: it would carry our token elsewhere"),
        "http_4xx": Ruling(Verdict.PERMANENT, "Refused without a code"),
        "http_5xx": Ruling(Verdict.UNKNOWN, "Server error without a code: the message may have been taken"),
        "unsendable": Ruling(Verdict.PERMANENT, "We wrote something that the channel cannot carry"),
    }
)
"""Outcomes of an HTTP request that the provider gives no code to; a channel adds and replaces rows."""


def find_ruling(code: str, table: Mapping[str, Ruling], spans: Iterable[Span] = ()) -> Ruling | None:
    """The row for a code; None where the provider says something that no row foresees."""
    exact = table.get(code)
    return exact or next((span.ruling for span in spans if span.covers(code)), None)


def fault_of(ruling: Ruling, code: str, detail: str, *, retry_after: timedelta | None = None) -> Fault:
    """The fault that a ruling makes of one refusal; the detail loses addresses and numbers on its way."""
    return Fault(ruling.verdict, code, redacted(detail), ruling.pace, retry_after, ruling.unreachable)


def redacted(words: str) -> str:
    """A provider's words on one line, bounded, without the addresses and long numbers that they may quote."""
    line = _BLANK.sub(" ", words[: 4 * MAX_DETAIL]).strip()
    line = _NUMBER.sub("<number>", _ADDRESS.sub("<address>", line))
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"
