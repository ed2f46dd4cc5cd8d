"""A list of contacts as a company brings it: what each line means, and everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from postroom.domain import addresses
from postroom.domain.channels import ChannelName

COLUMNS = ("company", "partner_id", "name", "email", "phone", "channel", "opted_in", "source", "wording", "date")
REQUIRED = ("company", "partner_id", "name")
ADDRESSED: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "phone",
    ChannelName.SMS: "phone",
    ChannelName.EMAIL: "email",
}
"""The channels that a list can bring addresses for, and the column of each."""
ANSWERS = {"yes": True, "no": False}
MOST = 320
"""Characters of a field, but for the wording."""
MOST_WORDING = 2000


@dataclass(frozen=True, slots=True)
class Word:
    """What a contact said about being written to on one channel."""

    channel: ChannelName
    granted: bool
    source: str
    wording: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list, understood."""

    company: str
    partner: str
    name: str
    addresses: Mapping[ChannelName, str]
    """Normalised."""
    word: Word | None


@dataclass(slots=True)
class _Line:
    """Takes fields out of a line, and gathers what is wrong instead of stopping at it."""

    fields: Mapping[str, str]
    now: datetime
    faults: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return (self.fields.get(name) or "").strip()


class LineRefused(ValueError):
    """The line cannot be used; carries every fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))


def read_line(fields: Mapping[str, str], now: datetime) -> Entry:
    """What a line means. Raises LineRefused with every fault."""
    line = _Line(fields, now)
    _sizes(line)
    line.faults += [f"{name} is missing" for name in REQUIRED if not line.get(name)]
    reached = _addresses(line)
    word = _word(line)
    if line.faults:
        raise LineRefused(line.faults)
    return Entry(line.get("company"), line.get("partner_id"), line.get("name"), reached, word)


def _sizes(line: _Line) -> None:
    for name in COLUMNS:
        value, most = line.get(name), MOST_WORDING if name == "wording" else MOST
        if len(value) > most:
            line.faults.append(f"{name} is longer than {most} characters")
        if any(0xD800 <= ord(each) <= 0xDFFF or (each < " " and each not in "\t\r\n") for each in value):
            line.faults.append(f"{name} is not UTF-8 text; save the file as UTF-8")


def _addresses(line: _Line) -> dict[ChannelName, str]:
    reached: dict[ChannelName, str] = {}
    for channel, column in ADDRESSED.items():
        raw = line.get(column)
        if not raw:
            continue
        try:
            reached[channel] = addresses.normal(channel, raw, None)
        except addresses.NotAnAddress as error:
            # A number without a country code: a list knows no country to read it by.
            fault = f"{column}: {error}".replace(", and its company has no country", "; write it as +34600111222")
            line.faults += [fault] if fault not in line.faults else []
    if not line.get("email") and not line.get("phone"):
        line.faults.append("neither email nor phone is given")
    return reached


def _word(line: _Line) -> Word | None:
    said, channel = line.get("opted_in").lower(), line.get("channel").lower()
    if not said:
        said_more = [name for name in ("channel", "source", "wording", "date") if line.get(name)]
        line.faults += [f"opted_in is empty, but {', '.join(said_more)} is given"] if said_more else []
        return None
    if said not in ANSWERS:
        line.faults.append("opted_in is neither yes nor no")
    if channel not in tuple(ADDRESSED):
        line.faults.append(f"channel must be one of {', '.join(ADDRESSED)} where opted_in is given")
    elif not line.get(ADDRESSED[ChannelName(channel)]):
        line.faults.append(f"channel is {channel}, but {ADDRESSED[ChannelName(channel)]} is empty")
    # An agreement that nobody can prove is none: where he gave it, to which words, and when.
    needed = ("source", "wording", "date") if ANSWERS.get(said) else ("source", "date")
    line.faults += [f"{name} is missing, which proves what was said" for name in needed if not line.get(name)]
    at = _date(line)
    if line.faults or at is None:
        return None
    return Word(ChannelName(channel), ANSWERS[said], f"import:{line.get('source')}", line.get("wording") or None, at)


def _date(line: _Line) -> datetime | None:
    raw = line.get("date")
    if not raw:
        return None
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        line.faults.append("date is none; write it as 2026-11-22 or 2026-11-22T09:00:00Z")
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at > line.now:
        line.faults.append("date lies in the future")
    return at
