"""cadences.yaml as cadences: read whole or refused whole."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from config.companies import read_week
from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, duration, one_of, suggestion, truth
from postroom.domain.cadences import ELSEWHERE, Cadence, Cadences, Level, Tone, Week

CADENCES_FILE = Path(__file__).parent / "cadences.yaml"
VERSION = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
COUNTRY = re.compile(r"[A-Z]{2}")
_DAYS = re.compile(r"-?\d{1,3}d", re.ASCII)
LEVELS_REMEDY = "Write levels: {reminder: {after: 7d, tone: reminder, by: payment_overdue}}."


def load_cadences(path: Path = CADENCES_FILE, *, rules: Iterable[str] | None = None) -> Cadences:
    """The cadences of a file. Raises ConfigRefused with every fault; `rules`: message types that may carry a level."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_cadences(source, file=str(path), rules=rules)


def read_cadences(source: str, *, file: str, rules: Iterable[str] | None = None) -> Cadences:
    """The same, from a text."""
    document = read_yaml(source, file)
    reading = _CadencesReading(document.faults, None if rules is None else tuple(rules))
    found = reading.mapping(document.root, WHOLE)
    entries = reading.entries(found["cadences"], "Write {} where there are none.") if found["cadences"] else {}
    cadences = {name: reading.cadence(name, here) for name, here in entries.items()}
    companies = reading.entries(found["companies"], "Write {} for none.") if found["companies"] else {}
    chosen = {company: reading.chosen(here, cadences) for company, here in companies.items()}
    reading.refuse_faults()
    return Cadences({company: cadence for company, cadence in chosen.items() if cadence is not None})


class _CadencesReading(Reading):
    """Reads one cadence after the other."""

    def __init__(self, faults: Iterable[ConfigFault], rules: tuple[str, ...] | None) -> None:
        super().__init__(faults)
        self._rules = rules

    def chosen(self, here: Located, cadences: Mapping[str, Cadence | None]) -> Cadence | None:
        """The cadence that a company names."""
        if here.value not in cadences:
            self.fault(here, f"{here.value!r} is not a cadence of this file", suggestion(str(here.value), cadences))
            return None
        return cadences[here.value]

    def cadence(self, name: str, here: Located) -> Cadence | None:
        """One cadence; None with its faults noted."""
        if not NAME.fullmatch(name):
            self.fault(here, f"{name!r} cannot be a cadence's name", "Use small letters, digits and _.")
        before = len(self.faults)
        found = self.mapping(here, CADENCE)
        written = self.entries(here.at("levels"), LEVELS_REMEDY)
        levels = [self._level(each, at) for each, at in written.items()]
        windows = {key: self._week(key, at) for key, at in self.entries(here.at("windows"), WINDOWS_REMEDY).items()}
        places = {key: self._place(here.at(key), found[key], list(written)) for key in ("stale_from", "strategic_from")}
        if len(self.faults) > before:
            return None
        said = {key: value for key, value in found.items() if value is not None and key not in WHOLES}
        try:
            return Cadence(
                key=name,
                levels=tuple(level for level in levels if level),
                windows={key: week for key, week in windows.items() if week},
                **{**said, **{key: place for key, place in places.items() if place is not None}},
            )
        except ValueError as error:
            self.fault(here, str(error), "Order the levels by `after`, those with approval or hand_over last.")
            return None

    def _level(self, name: str, here: Located) -> Level | None:
        before = len(self.faults)
        found = self.mapping(here, LEVEL)
        if found["hand_over"] and (found["by"] or found["approval"]):
            self.fault(here, "hands over and writes to the customer", "A level that hands over has no `by`.")
        if not found["hand_over"] and not found["by"]:
            self.fault(here, "says not by which message it writes", "Add `by:` and a rule of routing.yaml.")
        if found["by"] and self._rules is not None and found["by"] not in self._rules:
            remedy = suggestion(found["by"], self._rules)
            self.fault(here.at("by"), f"{found['by']!r} is not a rule of routing.yaml", remedy)
        if len(self.faults) > before:
            return None
        said = {key: value for key, value in found.items() if value is not None}
        return Level(name, **{**said, "tone": Tone(found["tone"] or Tone.REMINDER)})

    def _week(self, key: str, here: Located) -> Week | None:
        if key != ELSEWHERE and not COUNTRY.fullmatch(key):
            self.fault(here, f"{key!r} is no country", "Use its code of ISO 3166, as in ES, or default.")
        week: Week | None = self.value(here, read_week)
        return week

    def _place(self, here: Located, named: str | None, levels: list[str]) -> int | None:
        if named is None:
            return None
        if named not in levels:
            self.fault(here, f"{named!r} is not a level of this cadence", suggestion(named, levels))
            return None
        return levels.index(named)


WINDOWS_REMEDY = "Write windows: {default: {mon-fri: 09:00-18:00}}."
WHOLES = frozenset({"levels", "windows", "stale_from", "strategic_from"})
"""Keys whose values are put together from more than one place."""


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _days(here: Located) -> int:
    if not _DAYS.fullmatch(str(here.value)):
        raise Unreadable(f"{here.value!r} is not a number of days", "Write 7d, or -3d for three days before.")
    return int(str(here.value)[:-1])


def _whole_days(here: Located) -> timedelta:
    span = duration(here)
    if span % timedelta(days=1):
        raise Unreadable(f"{here.value!r} is not whole days", "Write it as 5d.")
    return span


def _count(here: Located) -> int:
    if isinstance(here.value, bool) or not isinstance(here.value, int) or not 0 <= here.value <= MOST:
        raise Unreadable(f"{here.value!r} is not a count", f"Write a number from 0 to {MOST}.")
    return here.value


MOST = 30


def _amount(here: Located) -> Decimal:
    try:
        amount = Decimal(str(here.value))
    except InvalidOperation:
        raise Unreadable(f"{here.value!r} is not an amount", "Write a number, as in 1 or 0.50.") from None
    if isinstance(here.value, bool) or not amount.is_finite() or amount < 0:
        raise Unreadable(f"{here.value!r} is not an amount", "Write a number from 0 on.")
    return amount


def _customers(here: Located) -> frozenset[str]:
    if not isinstance(here.value, list):
        raise Unreadable("must be a list", "Write it as [42, 43], or [] for none.")
    wrong = [str(each.value) for each in here.value if isinstance(each.value, bool) or not isinstance(each.value, int)]
    if wrong:
        raise Unreadable(f"holds what is not a customer: {', '.join(wrong)}", "Write his id in Odoo, as in 42.")
    return frozenset(f"partner:{each.value}" for each in here.value)


def _word(here: Located) -> str:
    return str(here.value)


def _itself(here: Located) -> Located:
    return here


WHOLE: Mapping[str, Field] = {
    "version": Field(_version),
    "companies": Field(_itself),
    "cadences": Field(_itself),
}
CADENCE: Mapping[str, Field] = {
    "levels": Field(_itself),
    "windows": Field(_itself),
    "min_interval": Field(_whole_days, required=False),
    "tolerance": Field(_amount, required=False),
    "stale_after": Field(_whole_days, required=False),
    "stale_from": Field(_word, required=False),
    "promise_within": Field(_whole_days, required=False),
    "most_promises": Field(_count, required=False),
    "reply_pause": Field(_count, required=False),
    "dispute_review": Field(_whole_days, required=False),
    "strategic": Field(_customers, required=False),
    "strategic_from": Field(_word, required=False),
    "one_by_one": Field(_customers, required=False),
}
LEVEL: Mapping[str, Any] = {
    "after": Field(_days),
    "tone": Field(one_of(Tone, "a tone"), required=False),
    "by": Field(_word, required=False),
    "nudge": Field(truth, required=False),
    "approval": Field(truth, required=False),
    "hand_over": Field(truth, required=False),
}
