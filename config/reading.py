"""Reading located values into ours by tables of fields, gathering every fault on the way."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located

LONGEST = timedelta(days=366)
_DURATION = re.compile(r"(\d{1,18})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Unreadable(Exception):
    """A value that cannot be used; says what is wrong and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Field:
    """How one key's value is read, and whether it must be there."""

    read: Callable[[Located], Any]
    required: bool = True


class Reading:
    """One reading of one file; `refuse_faults` at its end raises everything that was found."""

    def __init__(self, faults: Iterable[ConfigFault] = ()) -> None:
        self.faults: list[ConfigFault] = list(faults)

    def fault(self, here: Located, problem: str, remedy: str) -> None:
        """Note a fault."""
        self.faults.append(here.fault(problem, remedy))

    def refuse_faults(self) -> None:
        """Raise what was found."""
        if self.faults:
            raise ConfigRefused(self.faults)

    def value(self, here: Located, read: Callable[[Located], Any]) -> Any:
        """The value, or None with a fault noted."""
        try:
            return read(here)
        except Unreadable as error:
            self.fault(here, error.problem, error.remedy)
            return None

    def mapping(self, here: Located, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Every known key's value (None where absent or wrong); unknown and missing keys are faults."""
        entries = self.entries(here, f"Its keys: {', '.join(fields)}.")
        for key, child in entries.items():
            if key not in fields:
                self.fault(child, f"{key!r} is not a key of this place", suggestion(key, fields))
        for key, field in fields.items():
            if field.required and key not in entries:
                self.fault(here, f"{key!r} is missing", f"Add `{key}:`.")
        return {key: self.value(entries[key], field.read) if key in entries else None for key, field in fields.items()}

    def entries(self, here: Located, remedy: str) -> dict[str, Located]:
        """The keys and values of a mapping, or nothing with a fault noted."""
        if isinstance(here.value, dict):
            return here.value
        self.fault(here, "must be a mapping of keys to values", remedy)
        return {}


def suggestion(word: str, known: Iterable[str]) -> str:
    """'Did you mean ...?', or all that could be meant."""
    choices = [str(each) for each in known]
    close = get_close_matches(word, choices, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(choices)}."


def text(here: Located) -> str:
    """A text with something in it."""
    if not isinstance(here.value, str) or not here.value.strip():
        raise Unreadable("must be a text", "Write it, in quotes if it holds a colon.")
    return here.value


def truth(here: Located) -> bool:
    """true or false."""
    if not isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is neither true nor false", "Write true or false.")
    return here.value


def one_of(known: Iterable[str], noun: str) -> Callable[[Located], str]:
    """A reader of one word among the known."""
    words = tuple(str(each) for each in known)

    def read(here: Located) -> str:
        if here.value not in words:
            raise Unreadable(f"{here.value!r} is not {noun}", suggestion(str(here.value), words))
        return str(here.value)

    return read


def duration(here: Located) -> timedelta:
    """A time span: 45s, 90m, 24h, 3d; more than nothing, at most a year."""
    match = _DURATION.fullmatch(str(here.value))
    if match is None:
        raise Unreadable(f"{here.value!r} is not a duration", "Write a number and a unit: 45s, 90m, 24h or 3d.")
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if int(match[1]) <= LONGEST.total_seconds() else None
    if span == timedelta():
        raise Unreadable("is no time at all", "Write at least 1s.")
    if span is None or span > LONGEST:
        raise Unreadable(f"{here.value!r} is longer than a year", "Write at most 366d.")
    return span
