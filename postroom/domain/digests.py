"""Digests: who reads what in the morning, and exactly when; once for each of his days."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from postroom.domain.escalation import Audience
from postroom.domain.quiet_hours import DAY, Hours, instant, is_holiday

AHEAD = timedelta(hours=3)
"""What is planned at once: the timetable comes every hour, rests from 23 to 24 UTC, and may miss one of its turns."""
STALE = timedelta(hours=4)
"""A digest that could not be made for so long is of no use to anybody."""
APART = timedelta(hours=18)
"""Between two digests of one reader, however he moves between time zones."""


FAR = 31
"""Days: how far one looks for somebody's next digest."""


class Section(StrEnum):
    """A part of a digest; each is read once for all its readers."""

    APPROVALS = "approvals"
    INVOICES = "invoices"
    PIPELINE = "pipeline"
    QUOTATIONS = "quotations"
    PURCHASES = "purchases"
    DELIVERIES = "deliveries"
    FAILURES = "failures"
    ACHIEVED = "achieved"


class Days(StrEnum):
    """On which days a digest is made."""

    BUSINESS = "business"
    EVERY = "every"


class DigestState(StrEnum):
    """What became of one digest of one reader."""

    PLANNED = "planned"
    WANTED = "wanted"  # it is due, and its figures are to be read
    SENT = "sent"
    EMPTY = "empty"  # there was nothing to tell
    STALE = "stale"  # too late to be read
    VOID = "void"  # he is no reader any more
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outsider:
    """A reader who is no user of Odoo: an accountant, a board."""

    email: str
    name: str
    language: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What a role reads in the morning."""

    name: str
    title: Mapping[str, str]
    """For which role it is, by language."""
    at: time
    """By the clock of each reader."""
    sections: tuple[Section, ...]
    readers: tuple[Audience, ...] = ()
    outsiders: tuple[Outsider, ...] = ()
    companies: tuple[str, ...] = ()
    days: Days = Days.BUSINESS

    def made_on(self, day: date, hours: Hours) -> bool:
        """Whether anybody reads it on this day."""
        return self.days is Days.EVERY or (bool(hours.week[day.weekday()]) and not is_holiday(day, hours.holidays))

    def due_at(self, day: date, zone: str) -> datetime:
        """When it is due: after a gap of the clocks the first instant, in a fold the first of two."""
        return instant(day, self.at, ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Planned:
    """One digest of one reader."""

    day: date
    """His own."""
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """What a reader had, or is to have, of one digest."""

    days: frozenset[date] = field(default_factory=frozenset)
    due_ats: tuple[datetime, ...] = ()

    def leaves_room_at(self, planned: Planned) -> bool:
        """Once for each of his days, and never two within hours."""
        close = any(abs(planned.due_at - each) < APART for each in self.due_ats)
        return planned.day not in self.days and not close


def planned(digest: Digest, hours: Hours, zone: str, now: datetime, before: Before) -> Iterator[Planned]:
    """What falls due between a moment ago and some hours from now, and is not planned yet."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today - DAY, today, today + DAY):
        found = Planned(day, digest.due_at(day, zone))
        near = now - STALE < found.due_at <= now + AHEAD
        if near and digest.made_on(day, hours) and before.leaves_room_at(found):
            yield found


def next_one(digest: Digest, hours: Hours, zone: str, now: datetime) -> Planned | None:
    """What a reader has next; None where no day of the coming weeks is one."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = (today + number * DAY for number in range(FAR))
    coming = (Planned(day, digest.due_at(day, zone)) for day in days if digest.made_on(day, hours))
    return next((each for each in coming if each.due_at > now), None)


def put_off(digest: Digest, day: date, zone: str, now: datetime) -> datetime | None:
    """Until when a digest waits whose reader has moved westward meanwhile; None: it is due."""
    due_at = digest.due_at(day, zone)
    return due_at if due_at > now else None


def is_stale(due_at: datetime, now: datetime) -> bool:
    """Whether it comes too late to be read."""
    return now - due_at > STALE


def timer_key(digest: str, reader: str, day: date) -> str:
    """What makes it once a day, however often it is planned."""
    return f"digest:{digest}:{reader}:{day.isoformat()}"


def yesterday(day: date, zone: str) -> tuple[datetime, datetime]:
    """From when until when the day before a company's day was, in UTC."""
    clock = ZoneInfo(zone)
    return tuple(instant(each, time.min, clock).astimezone(UTC) for each in (day - DAY, day))  # type: ignore[return-value]
