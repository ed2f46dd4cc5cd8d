"""How a provider's code becomes a verdict: tables of rulings, and the one way to read them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import structlog

from postroom.domain.channels import ChannelName, Fault, Pace, Verdict

# The letters of the channels' tables, so that a row fits a line.
R = Verdict.TRANSIENT
RL = Verdict.LATER
A = Verdict.UNKNOWN
F = Verdict.FALLBACK
P = Verdict.PERMANENT
S = Verdict.SENDER_STOPPED
O = Verdict.OPT_OUT  # noqa: E741 - a letter like the others

MAX_DETAIL = 300

# The provider's words may quote the recipient back at us; a detail is kept beside the message and shown to operators.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:]+@[^\s<>()\[\],;:]+")
_NUMBER = re.compile(r"(?<![#\w])\+?\d(?:[ \-().]?\d){6,}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")
_log = structlog.get_logger(__name__)


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
        "connect": Ruling(R, "No connection was made (refused, no route, DNS, TLS): nothing left"),
        "misconfigured": Ruling(S, "The API's address cannot be used: nothing left"),
        "read_timeout": Ruling(A, "The request left and no answer came in time"),
        "dropped": Ruling(A, "The connection broke after the request left"),
        "no_message_id": Ruling(A, "An accepted answer that names no message"),
        "not_json": Ruling(A, "An accepted answer that cannot be read"),
        "http_408": Ruling(A, "Request timeout, without a code"),
        "http_429": Ruling(R, "Too many requests, without a code", Pace.THROTTLED),
        "http_401": Ruling(S, "Unauthorised, without a code"),
        "http_403": Ruling(S, "Forbidden, without a code"),
        "http_404": Ruling(S, "Not found, without a code: the API's address or version is wrong"),
        "http_3xx": Ruling(S, "A redirect, never followed: it would carry our token elsewhere"),
        "http_4xx": Ruling(P, "Refused without a code"),
        "http_5xx": Ruling(A, "Server error without a code: the message may have been taken"),
        "unsendable": Ruling(P, "We wrote something that the channel cannot carry"),
    }
)
"""Outcomes of an HTTP request that the provider gives no code to; a channel adds and replaces rows."""

UNKNOWN_CODE = Ruling(R, "A code that is in no row: asked again within bounds, and counted")
NO_REASON = Fault(R, "no_reason", "Failed, and no code says why: asked again within bounds")


def find_ruling(code: str, table: Mapping[str, Ruling], spans: Iterable[Span] = ()) -> Ruling | None:
    """The row for a code; None where the provider says something that no row foresees."""
    exact = table.get(code)
    return exact or next((span.ruling for span in spans if span.covers(code)), None)


def fault_of(ruling: Ruling, code: str, detail: str, *, retry_after: timedelta | None = None) -> Fault:
    """The fault that a ruling makes of one refusal; the detail loses addresses and numbers on its way."""
    return Fault(ruling.verdict, code, redacted(detail), ruling.pace, retry_after, ruling.unreachable)


def fault_in(
    table: Mapping[str, Ruling], code: str, detail: str = "", *, retry_after: timedelta | None = None
) -> Fault:
    """The fault of a row that says by itself what happened; a detail only adds to its words."""
    ruling = table[code]
    return fault_of(ruling, code, f"{ruling.words}: {detail}" if detail else ruling.words, retry_after=retry_after)


def code_fault(
    channel: ChannelName,
    code: str,
    ruling: Ruling | None,
    words: str,
    *,
    retry_after: timedelta | None = None,
    unforeseen: Ruling = UNKNOWN_CODE,
) -> Fault:
    """The fault of a provider's code, in the provider's words. A code without a ruling is logged: it wants a row."""
    if ruling is None:
        _log.warning("unknown_provider_code", channel=channel, code=code)
        ruling, words = unforeseen, f"unknown code: {words or unforeseen.words}"
    return fault_of(ruling, code, words or ruling.words, retry_after=retry_after)


def redacted(words: str) -> str:
    """A provider's words on one line, bounded, without the addresses and long numbers that they may quote."""
    line = _BLANK.sub(" ", words[: 4 * MAX_DETAIL]).strip()
    line = _NUMBER.sub("<number>", _ADDRESS.sub("<address>", line))
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"
