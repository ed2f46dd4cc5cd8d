"""companies.yaml as practices: read whole or refused whole."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, one_of, suggestion, text, truth
from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies, DocumentLinks, Operator, Practice
from postroom.domain.into_odoo import IntoOdoo, Replies
from postroom.domain.quiet_hours import WEEKDAYS, Hours, Window, calendar_fault, is_zone
from postroom.domain.routing import TEAM_CHATS

COMPANIES_FILE = Path(__file__).parent / "companies.yaml"
VERSION = 1
MOST_SEGMENTS = 1_000_000
COMPANY = re.compile(r"\S(.{0,62}\S)?")
_SPAN = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
_HOURS_REMEDY = 'Write it as "09:00-18:00", or "09:00-13:00, 15:00-19:00".'


def load_companies(path: Path = COMPANIES_FILE) -> Companies:
    """The practices of a file. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_companies(source, file=str(path))


def read_companies(source: str, *, file: str) -> Companies:
    """The practices in a text."""
    document = read_yaml(source, file)
    reading = _CompaniesReading(document.faults)
    found = reading.mapping(document.root, {"version": Field(_version), "default": WHOLE, "companies": WHOLE})
    default = reading.default(found["default"]) if found["default"] else None
    entries = reading.entries(found["companies"], "Write {} where there are none.") if found["companies"] else {}
    named = {company: reading.company(company, here, default) for company, here in entries.items()}
    reading.refuse_faults()
    assert default is not None
    return Companies(default, {company: practice for company, practice in named.items() if practice})


class _CompaniesReading(Reading):
    """Reads the default, and then each company on top of it."""

    def default(self, here: Located) -> Practice | None:
        """What holds for every company."""
        before = len(self.faults)
        given = self._fields(here)
        for key in ("timezone", "hours"):
            if isinstance(here.value, dict) and key not in here.value:
                self.fault(here, f"{key!r} is missing", f"Add `{key}:`; every other company builds on it.")
        if len(self.faults) > before:
            return None
        hours = Hours(given.pop("hours"), given.pop("timezone"), given.pop("holidays", ()))
        return Practice(hours, odoo=IntoOdoo(**given.pop("odoo", {})), **given)

    def company(self, name: str, here: Located, default: Practice | None) -> Practice | None:
        """One company: the default, and what it has otherwise."""
        if not COMPANY.fullmatch(name):
            self.fault(here, f"{name!r} cannot be a company's id", "Use the id that Odoo has for it, as in 1.")
        before = len(self.faults)
        given = self._fields(here)
        if len(self.faults) > before or default is None:
            return None
        changed = {HOURS[key]: given.pop(key) for key in HOURS if key in given}
        odoo = replace(default.odoo, **given.pop("odoo", {}))
        return replace(default, hours=replace(default.hours, **changed), odoo=odoo, **given)

    def _fields(self, here: Located) -> dict[str, Any]:
        nested = {"odoo": Field(self._odoo, required=False), "operators": Field(self._operators, required=False)}
        found = self.mapping(here, {**FIELDS, **nested})
        return {key: value for key, value in found.items() if value is not None}

    def _odoo(self, here: Located) -> dict[str, Any]:
        found = self.mapping(here, ODOO_FIELDS)
        return {key: value for key, value in found.items() if value is not None}

    def _operators(self, here: Located) -> tuple[Operator, ...]:
        operators = [self._operator(child) for child in _list(here, "Write it as [] or as a list of people.")]
        return tuple(operator for operator in operators if operator)

    def _operator(self, here: Located) -> Operator | None:
        found = self.mapping(here, OPERATOR_FIELDS)
        if not any(found[way] for way in ("email", "phone", "slack", "teams")):
            self.fault(here, "cannot be reached", "Give an email, phone, slack or teams.")
        return Operator(**found) if found["name"] else None


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _list(here: Located, remedy: str) -> list[Located]:
    if not isinstance(here.value, list):
        raise Unreadable("must be a list", remedy)
    return here.value


def _zone(here: Located) -> str:
    if not isinstance(here.value, str) or not is_zone(here.value):
        raise Unreadable(f"{here.value!r} is not a time zone", "Use a name of the IANA database, as in Europe/Madrid.")
    return here.value


def read_week(here: Located) -> tuple[tuple[Window, ...], ...]:
    """The windows of Monday to Sunday; a day that is not named is quiet."""
    if not isinstance(here.value, dict) or not here.value:
        raise Unreadable("must say at least one day", 'Write it as {mon-fri: "09:00-18:00"}.')
    week: dict[str, tuple[Window, ...]] = {}
    for key, child in here.value.items():
        windows = _windows(child)
        for day in _days(key):
            if day in week:
                raise Unreadable(f"says {day} twice", "Keep one of the two.")
            week[day] = windows
    return tuple(week.get(day, ()) for day in WEEKDAYS)


def _days(key: str) -> tuple[str, ...]:
    first, dash, last = key.partition("-")
    last = last if dash else first
    if first not in WEEKDAYS or last not in WEEKDAYS or WEEKDAYS.index(first) > WEEKDAYS.index(last):
        raise Unreadable(f"{key!r} is neither a day nor a span of days", "Write mon, or mon-fri.")
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1]


def _windows(here: Located) -> tuple[Window, ...]:
    spans = [_window(part.strip()) for part in str(here.value).split(",")]
    for earlier, later in pairwise(spans):
        if earlier.closes == time.min or later.opens < earlier.closes:
            raise Unreadable(f"{later} begins before {earlier} ends", "Give the hours of a day in order, apart.")
    return tuple(spans)


def _window(written: str) -> Window:
    match = _SPAN.fullmatch(written)
    if match is None:
        raise Unreadable(f"{written!r} is not a span of hours", _HOURS_REMEDY)
    try:
        closes = time.min if written.endswith("24:00") else time(int(match[3]), int(match[4]))
        return Window(time(int(match[1]), int(match[2])), closes)
    except ValueError:
        raise Unreadable(f"{written!r} does not open before it closes", _HOURS_REMEDY) from None


def _holidays(here: Located) -> tuple[str, ...]:
    codes = tuple(str(child.value) for child in _list(here, "Write it as [ES], or [DE-BY], or [] for none."))
    faults = [fault for code in codes if (fault := calendar_fault(code))]
    if faults:
        raise Unreadable(
            "; ".join(faults), "Use a country's code of ISO 3166, as in ES, or with its part, as in DE-BY."
        )
    return codes


def _opt_in(here: Located) -> frozenset[ChannelName]:
    words = [str(child.value) for child in _list(here, "Write it as [whatsapp], or [] for none.")]
    unknown = [word for word in words if word not in tuple(ChannelName)]
    if unknown:
        remedy = " ".join(dict.fromkeys(suggestion(word, ChannelName) for word in unknown))
        raise Unreadable(f"holds what is not a channel: {', '.join(unknown)}", remedy)
    return frozenset(ChannelName(word) for word in words)


def _segments(here: Located) -> int:
    if isinstance(here.value, bool) or not isinstance(here.value, int) or not 0 <= here.value <= MOST_SEGMENTS:
        raise Unreadable(f"{here.value!r} is not a number of segments", f"Write 0 (none) to {MOST_SEGMENTS}.")
    return here.value


def _domain(here: Located) -> str:
    if not isinstance(here.value, str) or not _DOMAIN.fullmatch(here.value):
        remedy = "Write the host alone, in small letters, as in pay.acme.example; its links are https."
        raise Unreadable(f"{here.value!r} is not a domain", remedy)
    return here.value


def _links(here: Located) -> DocumentLinks:
    return DocumentLinks(one_of(tuple(DocumentLinks), "a way of links")(here))


def _replies(here: Located) -> Replies:
    return Replies(one_of(tuple(Replies), "a way to tell replies")(here))


def _chat(here: Located) -> ChannelName:
    return ChannelName(one_of(sorted(TEAM_CHATS), "a chat of teams")(here))


def _address(channel: ChannelName) -> Callable[[Located], str]:
    def read(here: Located) -> str:
        try:
            return addresses.normal(channel, text(here), None)
        except addresses.NotAnAddress as error:
            raise Unreadable(str(error), f"Write it as {EXAMPLES[channel]}.") from None

    return read


def _language(here: Located) -> str:
    if not isinstance(here.value, str) or not _LANGUAGE.fullmatch(here.value):
        raise Unreadable(f"{here.value!r} is not a language", "Write it as en, or es_ES.")
    return here.value


EXAMPLES: Mapping[ChannelName, str] = {
    ChannelName.EMAIL: "ops@example.com",
    ChannelName.SMS: '"+34600111222"',
    ChannelName.SLACK: "U0123ABCD or ops@example.com",
    ChannelName.TEAMS: "ops@example.com",
}
WHOLE = Field(lambda here: here)
HOURS = {"hours": "week", "timezone": "zone", "holidays": "holidays"}
"""The keys that are a part of a practice's hours, and their names there."""
FIELDS = {
    "name": Field(text, required=False),
    "domain": Field(_domain, required=False),
    "links": Field(_links, required=False),
    "timezone": Field(_zone, required=False),
    "hours": Field(read_week, required=False),
    "holidays": Field(_holidays, required=False),
    "hours_in_sandbox": Field(truth, required=False),
    "team_chat": Field(_chat, required=False),
    "opt_in_required": Field(_opt_in, required=False),
    "sms_segments_per_day": Field(_segments, required=False),
}
ODOO_FIELDS = {
    "replies": Field(_replies, required=False),
    "contact_requests": Field(truth, required=False),
    "opt_outs": Field(truth, required=False),
    "project": Field(text, required=False),
    "team": Field(text, required=False),
    "status": Field(truth, required=False),
}
OPERATOR_FIELDS = {
    "name": Field(text),
    "email": Field(_address(ChannelName.EMAIL), required=False),
    "phone": Field(_address(ChannelName.SMS), required=False),
    "slack": Field(_address(ChannelName.SLACK), required=False),
    "teams": Field(_address(ChannelName.TEAMS), required=False),
    "language": Field(_language, required=False),
}
