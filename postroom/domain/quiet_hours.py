"""When a person may be written to: the first instant that is allowed on every clock he may live by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import time_zones_for_number

DAY = timedelta(days=1)
HORIZON = timedelta(days=366)
"""Hours that open on no day of a year are a mistake in the configuration, not a reason to wait."""
COMMON_WITHIN = timedelta(days=14)
"""Clocks that share no hour in this time (Kaliningrad and Kamchatka) cannot all be heeded."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class NeverAllowed(ValueError):
    """No hour of a whole year is allowed; names the zone, and the remedy."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"no hour of a whole year is allowed in {zone}; give `hours` in config/companies.yaml")


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when of one day, by the clock on the wall; closing at 00:00 is the midnight that ends it."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        """No window that never opens can be built."""
        if self.closes != time.min and self.closes <= self.opens:
            raise ValueError(f"{self} closes before it opens")

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{'24:00' if self.closes == time.min else format(self.closes, '%H:%M')}"


ALL_DAY = Window(time.min, time.min)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours in which people may be written to."""

    week: tuple[tuple[Window, ...], ...]
    """The windows of Monday to Sunday; a day without any is quiet."""
    zone: str
    """The company's own time zone: it decides where the receiver's is not known."""
    holidays: tuple[str, ...] = ()
    """Whose public holidays are quiet: ES, or DE-BY for one of a country's parts."""

    def __post_init__(self) -> None:
        """A week has seven days, and at least one of them opens."""
        if len(self.week) != len(WEEKDAYS) or not any(self.week):
            raise ValueError("hours need seven days, of which at least one opens")


ALWAYS = Hours(((ALL_DAY,),) * 7, "UTC")
"""No hour is quiet."""


def next_allowed(t: datetime, hours: Hours, zones: Sequence[str]) -> datetime:
    """The first instant from `t` on that is allowed in each of the zones; by the company's where they share none.

    Raises NeverAllowed when not one hour of a year is. What it answers is allowed: asking again gives the same.
    """
    common = _common(t, hours, zones or (hours.zone,))
    return common if common is not None else _in_zone(t, hours, hours.zone)


def open_for(t: datetime, length: timedelta, hours: Hours, zone: str) -> datetime:
    """The instant at which `length` of open hours have passed since `t`: business hours, by one clock.

    Raises NeverAllowed when a year does not open for that long.
    """
    left = length
    for opens, closes in _openings(t, hours, zone):
        start = max(t, opens)
        if start < closes:
            if closes - start >= left:
                return start + left
            left -= closes - start
    raise NeverAllowed(zone)


def _common(t: datetime, hours: Hours, zones: Sequence[str]) -> datetime | None:
    latest = t + COMMON_WITHIN
    here = t.astimezone(UTC)
    while True:
        moved = here
        for zone in zones:
            moved = _in_zone(moved, hours, zone)
        if moved == here:
            return here
        if moved > latest and len(zones) > 1:
            return None
        here = moved


def _in_zone(t: datetime, hours: Hours, zone: str) -> datetime:
    for opens, closes in _openings(t, hours, zone):
        if t < closes:
            return max(t, opens)
    raise NeverAllowed(zone)


def _openings(t: datetime, hours: Hours, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """The windows of a year as instants, in order, from the day before `t` on (a gap may push one past midnight)."""
    clock = ZoneInfo(zone)
    day = t.astimezone(clock).date() - DAY
    for _ in range(HORIZON.days + 1):
        if not is_holiday(day, hours.holidays):
            for window in hours.week[day.weekday()]:
                opens = instant(day, window.opens, clock)
                closes = instant(day + DAY if window.closes == time.min else day, window.closes, clock)
                if opens < closes:
                    yield opens, closes
        day += DAY


def instant(day: date, at: time, clock: ZoneInfo) -> datetime:
    """The instant of a time on the wall: the first of two in a fold, the first after it in a gap."""
    wall = datetime.combine(day, at)
    early, late = (wall.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return early
    # In a gap fold 0 counts by the offset before it, and fold 1 by the one after: the clocks jump between the two.
    low, high = late, early
    before = low.astimezone(clock).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if middle.astimezone(clock).utcoffset() == before else (low, middle)
    return high


# Holidays -------------------------------------------------------------------------------------------------------------


def is_holiday(day: date, codes: Sequence[str]) -> bool:
    """Whether the day is a public holiday of one of these countries or parts of countries."""
    return any(day in _holidays_of(code, day.year) for code in codes)


@lru_cache(maxsize=256)
def _holidays_of(code: str, year: int) -> frozenset[date]:
    # Loaded when a calendar is first asked for: it weighs 17 MB, which a worker without holidays does not pay.
    import holidays

    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US"))


def calendar_fault(code: str) -> str | None:
    """What is wrong with the code of a calendar; None: nothing."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    country, _, part = code.partition("-")
    if country not in known:
        return f"no calendar of holidays is known for {country!r}"
    if part and part not in known[country]:
        return f"{country} has no part {part!r}; it has {', '.join(known[country]) or 'none'}"
    return None


# Zones ----------------------------------------------------------------------------------------------------------------


def zones_of(phone: str | None, explicit: str | None, company_zone: str) -> tuple[str, ...]:
    """The zones that a person may live in: the one that is known, else all that his number allows, else the company's.

    `phone` is in E.164. A mobile number tells a country and no more: all its zones then count.
    """
    if explicit is not None and is_zone(explicit):
        return (explicit,)
    return _zones_of_number(phone) or (company_zone,) if phone else (company_zone,)


def _zones_of_number(phone: str) -> tuple[str, ...]:
    try:
        found = time_zones_for_number(phonenumbers.parse(phone))
    except NumberParseException:
        return ()
    return tuple(zone for zone in found if is_zone(zone))


def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of this name."""
    return name in _zone_names()


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})
