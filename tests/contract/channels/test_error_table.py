"""Our verdicts against the team's own table of providers' errors: every code of every row, as its class allows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from postroom.domain.channels import ChannelName, EventKind, Verdict
from postroom.outside.rulings import Ruling, find_ruling
from workers.channels.email import verdicts as email_verdicts
from workers.channels.reference import verdict_tables

CLASSES: Mapping[str, Verdict] = MappingProxyType(
    {
        "R": Verdict.TRANSIENT,
        "RL": Verdict.LATER,
        "A": Verdict.UNKNOWN,
        "F": Verdict.FALLBACK,
        "P": Verdict.PERMANENT,
        "S": Verdict.SENDER_STOPPED,
        "O": Verdict.OPT_OUT,
    }
)
"""The letters of the table; `Verdict` has them beside its members."""

REFUSED = "An error with a code took nothing, so it is asked once more and needs no receipt to settle it"
ONE_COUNTRY = "One country refuses this sender: the leg falls back, the rest of the world goes on"
BARE = "Without an enhanced code a refusal says nothing of us: the table's own last word on unknown 5xx is F"

DEVIATIONS: Mapping[tuple[ChannelName, str], str] = MappingProxyType(
    {
        (ChannelName.WHATSAPP, "1"): REFUSED,
        (ChannelName.WHATSAPP, "135000"): REFUSED,
        (ChannelName.SMS, "30008"): "It comes by status callback, when nothing is open any more: once more, then on",
        (ChannelName.SMS, "30024"): ONE_COUNTRY,
        (ChannelName.SMS, "30040"): ONE_COUNTRY,
        (ChannelName.SMS, "30041"): ONE_COUNTRY,
        (ChannelName.EMAIL, "554"): BARE,
    }
)
"""Where we decided otherwise, and why. A row that agrees with the table again must go."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: its codes as we spell them, each with the verdicts that its class allows."""

    written: str
    allowed: Mapping[str, frozenset[Verdict]]


# How each provider's codes are written in the table ------------------------------------------------------------------


def _numbers(cell: str) -> list[str]:
    """As in: 131008 / 131009; 200–299; 1312xx; 20005†; a number with a comment in brackets."""
    found = re.findall(r"\b\d+(?:x+|–\d+)?", cell)
    return [code for each in found for code in _run(each)]


def _run(written: str) -> Sequence[str]:
    """A number as it stands; of a run of numbers each."""
    first, _, last = written.partition("–")
    if last:
        return [str(code) for code in range(int(first), int(last) + 1)]
    if "x" in written:
        return [str(code) for code in range(int(first.replace("x", "0")), int(first.replace("x", "9")) + 1)]
    return [written]


def _meta(cell: str) -> list[str]:
    return WORDS[ChannelName.WHATSAPP].get(cell, ()) or _numbers(cell)  # type: ignore[return-value]


def _slack(cell: str) -> list[str]:
    """As in: `is_archived`, `restricted_action*` for all that begin so, HTTP 429, 5xx."""
    named = [code for each in re.findall(r"`(\w+\*?)`", cell) for code in _beginning(each)]
    return [*named, *(code for words, codes in WORDS[ChannelName.SLACK].items() if words in cell for code in codes)]


def _beginning(written: str) -> list[str]:
    if written == "response_url":
        return []
    if not written.endswith("*"):
        return [written]
    return [code for code in verdict_tables(ChannelName.SLACK).VERDICTS if code.startswith(written[:-1])]


def _teams(cell: str) -> list[str]:
    """As in: 412, 502, 504 (bot); 403 bot (`MessageWritesBlocked`, BotNotInConversationRoster); timeout."""
    special = [code for words, codes in WORDS[ChannelName.TEAMS].items() if words in cell for code in codes]
    rest = cell.replace("403 (Graph)", "")
    return [*special, *(f"http_{status}" for status in re.findall(r"\b\d{3}\b", rest)), *re.findall(_CAMEL, rest)]


_CAMEL = re.compile(r"\b(?:[A-Z][a-z]+){2,}\b")
_PLAIN, _ENHANCED = re.compile(r"(?<![\d.])[245]\d\d(?!\.)\b"), re.compile(r"\b[45]\.(?:x|\d+\.(?:\d+|x))")


def _smtp(cell: str) -> list[str]:
    """As in: 451 4.3.x/4.7.x; 550/554 5.7.1; 553. Plain and enhanced codes stand for themselves."""
    words = [code for words, codes in WORDS[ChannelName.EMAIL].items() if cell.startswith(words) for code in codes]
    return words or [*_PLAIN.findall(cell), *_ENHANCED.findall(cell)]


WORDS: Mapping[ChannelName, Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: {
            "transport: DNS/connect refused": ["connect"],
            "transport: read timeout / 5xx without code": ["read_timeout", "dropped", "http_5xx"],
        },
        ChannelName.SLACK: {
            "HTTP 429": ["http_429"],
            "5xx": ["http_5xx"],
            "`response_url`": ["expired_url", "used_url"],
        },
        ChannelName.TEAMS: {"403 (Graph)": ["lookup_refused"], "timeout": ["read_timeout"]},
        ChannelName.EMAIL: {
            "connect/TLS/DNS": ["connect", "broken_before_end"],
            "timeout after DATA": ["no_answer_to_data"],
            "complaint": ["complaint"],
        },
    }
)
"""What the table says in words, by the rows that we have for it."""

SECTIONS: Mapping[ChannelName, tuple[str, Callable[[str], list[str]]]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: ("WhatsApp Cloud API", _meta),
        ChannelName.SMS: ("Twilio", _numbers),
        ChannelName.SLACK: ("Slack", _slack),
        ChannelName.TEAMS: ("Microsoft Teams", _teams),
        ChannelName.EMAIL: ("SMTP", _smtp),
    }
)
"""Under which heading each channel's table stands, and how its codes are read."""

# Reading the table ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(shared: Path, channel: ChannelName) -> list[Line]:
    heading, codes_in = SECTIONS[channel]
    page = (shared / "design" / "error-codes.md").read_text("utf-8")
    section = next(part for part in re.split(r"^## ", page, flags=re.M) if part.startswith(heading))
    return [Line(cell, dict(_allowed(codes_in(cell), told))) for cell, told in _cells(section, channel)]


def _cells(section: str, channel: ChannelName) -> Iterator[tuple[str, str]]:
    """The cells of code and class of each line below the table's head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    at = rows[0].index("Class")
    return ((cells[0], cells[at]) for cells in rows[2:])


def _allowed(codes: Sequence[str], told: str) -> Iterator[tuple[str, frozenset[Verdict]]]:
    """`A→P`, `F (P if …)` and `S(country) + F` allow each of their letters; `P / S` of two codes, one of each."""
    parts = told.split(" / ")
    each = parts if len(parts) == len(codes) and all(map(_letters, parts)) else [told] * len(codes)
    return ((code, _letters(part)) for code, part in zip(codes, each, strict=True))


def _letters(told: str) -> frozenset[Verdict]:
    return frozenset(CLASSES[letter] for letter in re.findall(r"(?<![A-Za-z])(?:RL|[RAFPSO])(?![A-Za-z])", told))


def _ruling(channel: ChannelName, code: str) -> Ruling | None:
    """The row that we have for a code of the table."""
    tables = verdict_tables(channel)
    if channel is ChannelName.EMAIL and re.fullmatch(r"[45]\d\d", code):
        return email_verdicts.ruling_of("", code)
    if channel is ChannelName.EMAIL and "." in code:
        subject = code[: code.rindex(".")] + ".x"
        rows: Mapping[str, Ruling] = tables.VERDICTS
        return rows.get(code) or rows.get("4.x.x" if code == "4.x" else subject)
    return find_ruling(code, {**tables.TRANSPORT, **tables.VERDICTS}, getattr(tables, "SPANS", ()))


# What must hold ------------------------------------------------------------------------------------------------------

EVERY = pytest.mark.parametrize("channel", SECTIONS, ids=str)


def _of_all_lines(lines: Sequence[Line]) -> dict[str, frozenset[Verdict]]:
    """A code that several lines name may have the class of any of them: 550 says less than what follows it."""
    together: dict[str, frozenset[Verdict]] = {}
    for line in lines:
        for code, allowed in line.allowed.items():
            together[code] = together.get(code, frozenset()) | allowed
    return together


@EVERY
def test_every_line_of_the_table_is_understood(lines: list[Line], channel: ChannelName) -> None:
    unread = [line.written for line in lines if not line.allowed or not all(line.allowed.values())]
    assert not unread, "no code or no class is found in: " + "; ".join(unread)
    assert len(lines) >= 10


@EVERY
def test_every_code_of_the_table_has_a_row_with_a_verdict_that_its_class_allows(
    lines: list[Line], channel: ChannelName
) -> None:
    assert not list(_faults(channel, _of_all_lines(lines)))


def _faults(channel: ChannelName, allowed: Mapping[str, frozenset[Verdict]]) -> Iterator[str]:
    for code, verdicts in allowed.items():
        row = _ruling(channel, code)
        if code == "complaint" or (channel, code) in DEVIATIONS:
            continue
        if row is None:
            yield f"{channel} {code}: no row"
        elif row.verdict not in verdicts:
            yield f"{channel} {code}: {row.verdict}, and the table allows {', '.join(sorted(verdicts))}"


@EVERY
def test_every_deviation_is_still_one(lines: list[Line], channel: ChannelName) -> None:
    allowed = _of_all_lines(lines)
    for of, code in DEVIATIONS:
        if of is not channel:
            continue
        row = _ruling(channel, code)
        assert code in allowed, f"{channel} {code}: the table does not name it; drop the deviation"
        assert row is not None
        assert row.verdict not in allowed[code], f"{channel} {code}: it agrees with the table; drop the deviation"


@pytest.mark.parametrize("channel", [ChannelName.EMAIL], ids=str)
def test_a_complaint_is_an_opt_out_and_no_refusal(lines: list[Line], channel: ChannelName, email: object) -> None:
    """It comes by mail, long after the letter was taken; no table of refusals could hold it."""
    [complaint] = [line for line in lines if "complaint" in line.allowed]
    raw = (Path(__file__).parents[2] / "fixtures" / "email" / "opted_out__marked_as_spam.eml").read_bytes()
    parsed = email.channel.parse({}, raw)  # type: ignore[attr-defined]
    assert complaint.allowed == {"complaint": {Verdict.OPT_OUT}}
    assert [event.kind for event in parsed.events] == [EventKind.OPTED_OUT]
