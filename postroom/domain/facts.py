"""The kinds of fact that an event can carry, and how each is read from JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from babel.numbers import list_currencies

from postroom.domain.links import Purpose

MAX_LINES = 200
MAX_SECTIONS = 12
MAX_SECTION_LINES = 25
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_URL = re.compile(r"[!-~]{1,2000}")  # printable ASCII without space: what a browser sends anyway
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_PDF_NAME = re.compile(r"\w[\w ()\[\]#+,.=-]{0,95}\.pdf", re.IGNORECASE)  # as it is saved: no path, nothing hidden

Read = TypeVar("Read")


class Kind(StrEnum):
    """What a fact is; a template may show it, and formatting depends on it."""

    TEXT = "text"
    PROSE = "prose"
    SEVERITY = "severity"
    AMOUNT = "amount"
    MONEY = "money"
    CURRENCY = "currency"
    DATE = "date"
    LINK = "link"
    LINES = "lines"
    SECTIONS = "sections"
    DOCUMENT = "document"


class Severity(StrEnum):
    """How bad an alert is. Templates compare it, and show it in their own words."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence or two, which may be longer than a name or a number."""

    words: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency, shown together: 1.250,00 €."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount shown as a bare number with its currency's decimals: 1.250,00."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Link:
    """A declared https link: the only kind of fact that may become a link in a message."""

    url: str
    token: str = ""
    """The end of a link of ours in its place, which finds out where it leads when somebody opens it."""
    direct: str = ""
    """Where the event itself leads, if there is a token."""

    @property
    def host(self) -> str:
        """Where it leads, to be shown beside it."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order."""

    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a digest: what was counted, and the count as its maker writes it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a digest: a heading with its figures."""

    title: str
    lines: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that goes with a message, and where it is fetched from."""

    name: str
    link: Link | None
    """None: the event names no address, and Odoo is asked for the record's."""
    media_type: str = "application/pdf"
    record: str = ""
    """Whose document it is, as in account.move:88."""


Fact = str | Prose | Money | Amount | Decimal | date | Link | tuple[Line, ...] | tuple[Section, ...] | Document | None
"""None is a fact that the event may carry and does not."""

Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact of an event type: its name in templates, where it stands in the data, and what it is."""

    name: str
    kind: Kind
    pointer: str
    required: bool = True
    currency: str | None = None
    """Where an amount's currency stands."""
    instead: str | None = None
    """Where to look when `pointer` is absent."""
    opens: Purpose | None = None
    """What a link of ours in its place is opened for."""
    named_after: str | None = None
    """Where the number stands that a document is named after when the event does not name it."""

    @property
    def certain(self) -> bool:
        """Whether a template may count on it: the event carries it, or we can make it."""
        return self.required or self.opens in MADE or self.named_after is not None


MADE = frozenset({Purpose.VIEW, Purpose.PAY, Purpose.DECIDE})
"""Links that need no address of the event's: Odoo knows where its documents are shown and paid; one decides with us."""


class Inside(ValueError):
    """What is wrong is inside the value; `pointer` says where."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(problem)
        self.pointer = pointer


def text(raw: Any) -> str:
    """Words; at least one character of them visible."""
    if not isinstance(raw, str) or not any(char.isprintable() and not char.isspace() for char in raw):
        raise ValueError("must be a text with at least one visible character")
    return raw


def decimal(raw: Any) -> Decimal:
    """An exact number, written as a string, since JSON numbers lose cents."""
    if not isinstance(raw, str) or not _DECIMAL.fullmatch(raw):
        raise ValueError('must be a decimal number in a string, as in "1250.00"')
    return Decimal(raw)


def currency(raw: Any) -> str:
    """A currency of ISO 4217."""
    if not isinstance(raw, str) or raw not in list_currencies():
        raise ValueError('must be a currency code of ISO 4217, as in "EUR"')
    return raw


def iso_date(raw: Any) -> date:
    """A day."""
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ValueError('must be a date, as in "2026-11-30"') from None


def link(raw: Any) -> Link:
    """An https address without credentials in it."""
    if not isinstance(raw, str) or not _URL.fullmatch(raw):
        raise ValueError("must be an https address of at most 2000 printable ASCII characters")
    try:
        parts = urlsplit(raw)
        host, _ = parts.hostname, parts.port  # the port is parsed, and refused, on being read
    except ValueError as error:
        raise ValueError(f"must be an https address; {error}") from None
    if parts.scheme != "https" or not host or not _HOST.fullmatch(host):
        raise ValueError("must be an address that begins with https:// and a host name")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name: what stands before @ hides the real host")
    if set(raw) & set("\"'<>\\`{}"):
        raise ValueError("must have its quotes, braces and angle brackets percent-encoded")
    return Link(raw)


def lines(raw: Any) -> tuple[Line, ...]:
    """What was ordered."""
    if not isinstance(raw, list) or len(raw) > MAX_LINES:
        raise ValueError(f"must be a list of at most {MAX_LINES} lines")
    if not all(isinstance(line, Mapping) for line in raw):
        raise ValueError('must hold lines as in {"name": "Cable 3 m", "quantity": "2"}')
    return tuple(
        Line(_inner(line, f"/{at}", "name", text), _inner(line, f"/{at}", "quantity", decimal))
        for at, line in enumerate(raw)
    )


def prose(raw: Any) -> Prose:
    """Words that may fill a sentence or two."""
    return Prose(text(raw))


def severity(raw: Any) -> Severity:
    """How bad it is."""
    if raw not in tuple(Severity):
        raise ValueError(f"must be one of {', '.join(Severity)}")
    return Severity(raw)


def sections(raw: Any) -> tuple[Section, ...]:
    """A digest's parts."""
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_SECTIONS:
        raise ValueError(f"must be a list of 1 to {MAX_SECTIONS} sections")
    return tuple(_section(each, f"/{at}") for at, each in enumerate(raw))


def _section(raw: Any, at: str) -> Section:
    if not isinstance(raw, Mapping):
        raise Inside(at, 'must be a section, as in {"title": "Sales", "lines": [{"label": "Orders", "value": "14"}]}')
    found = raw.get("lines")
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_SECTION_LINES:
        raise Inside(f"{at}/lines", f"must be a list of 1 to {MAX_SECTION_LINES} lines")
    return Section(
        _inner(raw, at, "title", text), tuple(_figure(line, f"{at}/lines/{row}") for row, line in enumerate(found))
    )


def _figure(raw: Any, at: str) -> Figure:
    if not isinstance(raw, Mapping):
        raise Inside(at, 'must be a line, as in {"label": "Orders", "value": "14"}')
    return Figure(_inner(raw, at, "label", text), _inner(raw, at, "value", text))


def document(raw: Any) -> Document:
    """A PDF, by its name and where it is fetched from."""
    if not isinstance(raw, Mapping):
        raise ValueError('must be a document as in {"name": "INV_2026_00088.pdf", "url": "https://…"}')
    return Document(_inner(raw, "", "name", _pdf_name), _inner(raw, "", "url", link))


def pdf_name(number: str) -> str:
    """What a document is called after its number, as Odoo itself does: INV/2026/00088 is INV_2026_00088.pdf."""
    return (re.sub(r"[^\w.-]+", "_", number).strip("_.-")[:95] or "document") + ".pdf"


def _pdf_name(raw: Any) -> str:
    if not isinstance(raw, str) or not _PDF_NAME.fullmatch(raw):
        raise ValueError("must be at most 100 letters, digits and spaces that end in .pdf, without a path")
    return raw


def _inner(raw: Mapping[str, Any], at: str, name: str, read: Callable[[Any], Read]) -> Read:
    """A member of a value, with its place in what is said of it."""
    if raw.get(name) is None:
        raise Inside(f"{at}/{name}", "is missing")
    try:
        return read(raw[name])
    except ValueError as error:
        raise Inside(f"{at}/{name}", str(error)) from None


READERS: Mapping[Kind, Callable[[Any], Fact]] = {
    Kind.TEXT: text,
    Kind.PROSE: prose,
    Kind.SEVERITY: severity,
    Kind.AMOUNT: decimal,
    Kind.MONEY: decimal,
    Kind.CURRENCY: currency,
    Kind.DATE: iso_date,
    Kind.LINK: link,
    Kind.LINES: lines,
    Kind.SECTIONS: sections,
    Kind.DOCUMENT: document,
}

WITH_CURRENCY: Mapping[Kind, Callable[[Decimal, str], Fact]] = {Kind.AMOUNT: Amount, Kind.MONEY: Money}
"""Amounts are made once their currency is known too."""
