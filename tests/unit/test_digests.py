"""When a digest falls due: once for each of its reader's days, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.digest_words import LABELS, TITLES, Figure, told
from postroom.domain.digests import APART, STALE, Before, Days, Digest, Planned, Section, is_stale, planned, put_off
from postroom.domain.quiet_hours import ALWAYS, Hours, Window

HOUR = timedelta(hours=1)
OFFICE = Hours((*((Window(time(9), time(18)),),) * 5, (), ()), "Europe/Madrid", ("ES",))
ZONES = ("Europe/Paris", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC")


def digest(at: time, days: Days = Days.EVERY) -> Digest:
    return Digest("sales", {"en": "Sales"}, at, (Section.INVOICES,), days=days)


def read_hourly(each: Digest, zones: dict[datetime, str], start: datetime, hours: int) -> list[Planned]:
    """What is planned by a beat that comes every hour but from 23 to 24 UTC; each reader's zone from an hour on."""
    had: list[Planned] = []
    for number in range(hours):
        now = start + number * HOUR
        if now.hour == 23:
            continue
        zone = zones[max(moved for moved in zones if moved <= now)]
        before = Before(frozenset(one.day for one in had), tuple(one.due_at for one in had))
        had += planned(each, ALWAYS, zone, now, before)
    return had


@pytest.mark.parametrize(
    ("zone", "at", "gap", "first_valid"),
    [
        ("Europe/Paris", time(2, 30), date(2026, 3, 29), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("Africa/Cairo", time(0, 30), date(2026, 4, 24), datetime(2026, 4, 23, 22, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clocks_leave_out_is_the_first_one_after_it(
    zone: str, at: time, gap: date, first_valid: datetime
) -> None:
    assert digest(at).due_at(gap, zone) == first_valid


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert digest(time(1, 30)).due_at(date(2026, 11, 1), "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "start"),
    [
        ("Europe/Paris", time(2, 30), datetime(2026, 3, 26, 0, 7, tzinfo=UTC)),
        ("Europe/Paris", time(2, 30), datetime(2026, 10, 22, 0, 7, tzinfo=UTC)),
        ("America/New_York", time(1, 30), datetime(2026, 10, 29, 0, 7, tzinfo=UTC)),
        ("Africa/Cairo", time(0, 30), datetime(2026, 4, 20, 0, 7, tzinfo=UTC)),
        ("Australia/Lord_Howe", time(2, 15), datetime(2026, 10, 1, 0, 7, tzinfo=UTC)),
        ("Europe/London", time(23, 45), datetime(2026, 11, 1, 0, 7, tzinfo=UTC)),
    ],
)
def test_when_the_clocks_change_everybody_reads_one_digest_a_day_and_misses_none(
    zone: str, at: time, start: datetime
) -> None:
    had = read_hourly(digest(at), {start: zone}, start, 24 * 7)
    days = [one.day for one in had]
    assert len(days) == len(set(days)) >= 7
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


@given(
    at=st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
    start=st.integers(0, 24 * 700).map(lambda hours: datetime(2026, 1, 1, 0, 7, tzinfo=UTC) + hours * HOUR),
    moves=st.lists(st.tuples(st.integers(1, 95), st.sampled_from(ZONES)), max_size=4),
)
def test_whoever_moves_between_zones_never_reads_two_for_one_day_nor_two_within_hours(
    at: time, start: datetime, moves: list[tuple[int, str]]
) -> None:
    zones = {start: "Europe/Paris", **{start + hour * HOUR: zone for hour, zone in moves}}
    had = read_hourly(digest(at), zones, start, 96)
    assert len({one.day for one in had}) == len(had)
    moments = sorted(one.due_at for one in had)
    assert all(later - earlier >= APART for earlier, later in pairwise(moments))


def test_who_moves_westward_at_ten_to_midnight_waits_for_the_same_morning_there() -> None:
    day = date(2026, 11, 24)
    now = digest(time(7, 30)).due_at(day, "Europe/Paris")
    later = put_off(digest(time(7, 30)), day, "America/New_York", now)
    assert later == now + 6 * HOUR
    assert put_off(digest(time(7, 30)), day, "America/New_York", later) is None


def test_on_the_companys_weekends_and_holidays_nobody_reads_a_digest() -> None:
    made = [
        day
        for number in range(7)
        if digest(time(7, 30), Days.BUSINESS).made_on(day := date(2026, 12, 21) + number * timedelta(days=1), OFFICE)
    ]
    assert made == [date(2026, 12, number) for number in (21, 22, 23, 24)]  # the 25th is Christmas, then a weekend


def test_a_digest_that_is_hours_late_is_stale_and_none_is_planned_that_would_be() -> None:
    due_at = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert not is_stale(due_at, due_at + STALE)
    assert is_stale(due_at, due_at + STALE + timedelta(seconds=1))
    late = due_at + STALE
    assert list(planned(digest(time(7, 30)), ALWAYS, "Europe/Paris", late, Before())) == []
    assert due_at.astimezone(ZoneInfo("Europe/Paris")).time() == time(7, 30)


def test_figures_are_told_as_the_readers_language_writes_them() -> None:
    figures = {Section.INVOICES: (Figure("invoices_overdue", 1200, {"EUR": Decimal("4120.50")}),)}
    (section,) = told(figures, [Section.INVOICES], "de_DE")
    assert section == {
        "title": "Forderungen",
        "lines": [{"label": "Überfällige Rechnungen", "value": "1.200 (4.120,50\xa0€)"}],
    }


def test_what_has_nothing_to_tell_vanishes_and_so_does_its_section() -> None:
    figures = {
        Section.INVOICES: (Figure("invoices_overdue", 0), Figure("invoices_due", 2, {"EUR": Decimal(3)})),
        Section.APPROVALS: (Figure("approvals_open", 0),),
    }
    sections = told(figures, Section, None)
    assert [(each["title"], len(each["lines"])) for each in sections] == [("Receivables", 1)]


def test_every_word_of_a_digest_stands_in_four_languages() -> None:
    assert set(TITLES) == set(Section)
    assert {frozenset(words) for words in (*TITLES.values(), *LABELS.values())} == {frozenset({"en", "es", "fr", "de"})}


@pytest.mark.parametrize(
    ("days", "before", "language", "value"),
    [
        ("12.5", "15", None, "12.5 days (the week before: 15)"),
        ("1", None, "en_GB", "1 day"),
        ("1", "2.5", "de_DE", "1 Tag (in der Woche davor: 2,5)"),
        ("3", None, "fr_FR", "3 jours"),
    ],
)
def test_days_stand_beside_those_of_the_week_before(
    days: str, before: str | None, language: str | None, value: str
) -> None:
    figure = Figure("days_to_paid", days=Decimal(days), before=Decimal(before) if before else None)
    (section,) = told({Section.ACHIEVED: (figure,)}, [Section.ACHIEVED], language)
    assert section["lines"][0]["value"] == value
