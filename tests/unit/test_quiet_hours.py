"""When a person may be written to, on every clock that he may live by."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.domain.quiet_hours import (
    ALL_DAY,
    ALWAYS,
    COMMON_WITHIN,
    Hours,
    NeverAllowed,
    Window,
    calendar_fault,
    instant,
    next_allowed,
    zones_of,
)

OFFICE = (Window(time(9), time(18)),)
MON_SAT = (OFFICE,) * 6 + ((),)
MADRID = Hours(MON_SAT, "Europe/Madrid")
ZONES = ["Europe/Madrid", "Atlantic/Canary", "Europe/Paris", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe",
         "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "UTC"]  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_allowed(t: datetime, hours: Hours, zone: str) -> bool:
    """The plain reading of the rule, on a wall clock, for days on which no clock is turned."""
    wall = t.astimezone(ZoneInfo(zone))
    windows = hours.week[wall.weekday()]
    return any(w.opens <= wall.time() and (w.closes == time.min or wall.time() < w.closes) for w in windows)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-24T10:00", "2026-11-24T10:00", id="on a Tuesday morning, at once"),
        pytest.param("2026-11-24T07:59:59", "2026-11-24T08:00", id="a second before nine, at nine"),
        pytest.param("2026-11-24T17:00", "2026-11-25T08:00", id="at six in the evening, tomorrow"),
        pytest.param("2026-11-21T17:00", "2026-11-23T08:00", id="on Saturday evening, on Monday"),
        pytest.param("2026-11-22T11:00", "2026-11-23T08:00", id="on Sunday, on Monday"),
    ],
)
def test_a_message_leaves_in_the_hours_of_its_receivers_clock(at: str, expected: str) -> None:
    assert next_allowed(utc(at), MADRID, ["Europe/Madrid"]) == utc(expected)


def test_a_public_holiday_is_quiet() -> None:
    hours = Hours(MON_SAT, "Europe/Madrid", ("ES",))
    assert next_allowed(utc("2026-12-08T10:00"), hours, ["Europe/Madrid"]) == utc("2026-12-09T08:00")
    assert next_allowed(utc("2026-12-08T10:00"), MADRID, ["Europe/Madrid"]) == utc("2026-12-08T10:00")


def test_a_holiday_of_one_part_of_a_country_is_quiet_there_alone() -> None:
    bavaria, berlin = (Hours(MON_SAT, "Europe/Berlin", (code,)) for code in ("DE-BY", "DE-BE"))
    epiphany = utc("2026-01-06T10:00")
    assert next_allowed(epiphany, bavaria, ["Europe/Berlin"]) == utc("2026-01-07T08:00")
    assert next_allowed(epiphany, berlin, ["Europe/Berlin"]) == epiphany


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        pytest.param("Europe/Paris", "2026-03-29", "02:30", "2026-03-29T01:00", id="Paris, the hour that is left out"),
        pytest.param("Europe/Paris", "2026-10-25", "02:30", "2026-10-25T00:30", id="Paris, the hour that comes twice"),
        pytest.param("America/New_York", "2026-03-08", "02:15", "2026-03-08T07:00", id="New York, left out"),
        pytest.param("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30", id="New York, twice"),
        pytest.param("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23T22:00", id="Cairo, whose midnight is left out"),
        pytest.param("Africa/Cairo", "2026-10-29", "23:30", "2026-10-29T20:30", id="Cairo, whose last hour is twice"),
        pytest.param("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30", id="Lord Howe, left out"),
        pytest.param("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45", id="Lord Howe, twice"),
        pytest.param("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T10:00", id="Apia, a whole day left out"),
    ],
)  # fmt: skip
def test_a_turned_clock_means_the_first_instant_after_a_gap_and_the_first_of_a_fold(
    zone: str, day: str, at: str, expected: str
) -> None:
    assert instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)) == utc(expected)


def test_a_window_that_lies_in_a_gap_does_not_open_that_day() -> None:
    night = Hours(((Window(time(2, 10), time(2, 50)),),) * 7, "Europe/Paris")
    assert next_allowed(utc("2026-03-28T12:00"), night, ["Europe/Paris"]) == utc("2026-03-30T00:10")


def test_somebody_who_may_live_by_two_clocks_is_written_to_when_both_allow_it() -> None:
    both = ["Europe/Madrid", "Atlantic/Canary"]
    assert next_allowed(utc("2026-11-24T08:30"), MADRID, both) == utc("2026-11-24T09:00")
    assert next_allowed(utc("2026-11-24T17:30"), MADRID, both) == utc("2026-11-25T09:00")


def test_clocks_that_share_no_hour_leave_it_to_the_company() -> None:
    far_apart = ["Europe/Kaliningrad", "Asia/Kamchatka"]
    assert next_allowed(utc("2026-11-24T06:00"), MADRID, far_apart) == utc("2026-11-24T08:00")


def test_no_zone_at_all_means_the_companys() -> None:
    assert next_allowed(utc("2026-11-24T06:00"), MADRID, []) == utc("2026-11-24T08:00")


def test_always_means_at_once() -> None:
    assert next_allowed(utc("2026-11-22T03:00"), ALWAYS, ["Europe/Madrid"]) == utc("2026-11-22T03:00")


def test_hours_that_never_come_are_an_error_that_names_zone_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.domain.quiet_hours.is_holiday", lambda day, codes: True)
    with pytest.raises(NeverAllowed, match=r"Europe/Madrid.*companies\.yaml"):
        next_allowed(utc("2026-11-24T10:00"), MADRID, ["Europe/Madrid"])


@pytest.mark.parametrize("week", [((),) * 7, (OFFICE,) * 6], ids=["no day opens", "six days"])
def test_hours_that_are_no_week_cannot_be_built(week: tuple[tuple[Window, ...], ...]) -> None:
    with pytest.raises(ValueError, match="seven days"):
        Hours(week, "UTC")


def test_a_window_that_never_opens_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="closes before it opens"):
        Window(time(18), time(9))


# What holds for any hours ---------------------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    minutes = st.integers(0, 24 * 60 - 1)
    edges = sorted(draw(st.sets(minutes, min_size=2, max_size=4).filter(lambda s: len(s) % 2 == 0)))
    times = [time(minute // 60, minute % 60) for minute in edges]
    return tuple(Window(opens, closes) for opens, closes in zip(times[::2], times[1::2], strict=True))


weeks = st.lists(st.one_of(st.just(()), windows(), st.just((ALL_DAY,))), min_size=7, max_size=7).filter(any)
instants = st.integers(0, 6 * 366 * 86400).map(lambda seconds: utc("2024-01-01T00:00") + timedelta(seconds=seconds))


@settings(max_examples=150, deadline=None)
@given(instants, weeks, st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))
def test_the_answer_is_not_before_it_was_asked_for_and_asking_again_changes_nothing(
    t: datetime, week: list[tuple[Window, ...]], zones: list[str]
) -> None:
    hours = Hours(tuple(week), "Europe/Madrid")
    answer = next_allowed(t, hours, zones)
    assert answer >= t
    if answer <= t + COMMON_WITHIN:
        again = next_allowed(answer, hours, zones)
        assert again == answer or next_allowed(answer, hours, ["Europe/Madrid"]) == answer


@settings(max_examples=150, deadline=None)
@given(instants, weeks, st.sampled_from(ZONES))
def test_the_answer_is_allowed_and_no_earlier_quarter_of_an_hour_is(
    t: datetime, week: list[tuple[Window, ...]], zone: str
) -> None:
    hours = Hours(tuple(week), zone)
    answer = next_allowed(t, hours, [zone])
    clock = ZoneInfo(zone)
    steps = [t + timedelta(minutes=15) * n for n in range(min(2000, (answer - t) // timedelta(minutes=15)))]
    turned = {
        later.astimezone(clock).date()
        for earlier, later in pairwise(steps)
        if earlier.astimezone(clock).utcoffset() != later.astimezone(clock).utcoffset()
    }
    assert all(not is_allowed(step, hours, zone) for step in steps if step.astimezone(clock).date() not in turned)
    assert is_allowed(answer, hours, zone) or _is_turned(answer, clock)


def _is_turned(t: datetime, clock: ZoneInfo) -> bool:
    return t.astimezone(clock).utcoffset() != (t - timedelta(hours=3)).astimezone(clock).utcoffset()


# Zones ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "explicit", "expected"),
    [
        pytest.param("+34600111222", "Europe/Lisbon", {"Europe/Lisbon"}, id="what is known counts"),
        pytest.param("+12125550100", None, {"America/New_York"}, id="an area code tells the zone"),
        pytest.param("+34600111222", None, {"Atlantic/Canary", "Europe/Madrid"}, id="a mobile number tells a country"),
        pytest.param(None, None, {"UTC"}, id="without a number, the company's"),
        pytest.param("+88213300000", None, {"UTC"}, id="a number of no country, the company's"),
        pytest.param("rubbish", "Mars/Base", {"UTC"}, id="nonsense, the company's"),
    ],
)
def test_where_somebody_may_live(phone: str | None, explicit: str | None, expected: set[str]) -> None:
    assert expected <= set(zones_of(phone, explicit, "UTC"))
    assert "Etc/Unknown" not in zones_of(phone, explicit, "UTC")


def test_a_calendar_that_is_not_known_is_told_with_what_there_is() -> None:
    assert calendar_fault("DE-BY") is None
    assert calendar_fault("XX") == "no calendar of holidays is known for 'XX'"
    assert "it has BB, BE" in (calendar_fault("DE-QQ") or "")
