"""What a run does next: late, in a burst, by business hours, across clock changes, and when nobody was reached."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postroom.domain.chain_json import from_json, to_json
from postroom.domain.escalation import (
    LOOK_AGAIN,
    Audience,
    Calendar,
    Case,
    Chain,
    Condition,
    Deed,
    Fire,
    Level,
    Needs,
    OnLate,
    Standing,
    Step,
    Wait,
    Waits,
    Whom,
    case_of,
    chain_for,
    expected,
    following,
    next_move,
)
from postroom.domain.quiet_hours import ALWAYS, Hours, Window

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MADRID = ZoneInfo("Europe/Madrid")
BEGAN = datetime(2026, 11, 23, 14, tzinfo=UTC)
ASKED, OWNER = (Audience(Whom.ASKED),), Audience(Whom.MANAGER)
OFFICE = Hours(((Window(time(9), time(18)),),) * 5 + ((),) * 2, "Europe/Madrid", ("ES",))
EVER = Calendar(ALWAYS, "UTC")


def step(name: str, deed: Deed, hours: float = 0, waits: Waits = Waits.ELAPSED) -> Step:
    return Step(name, deed, hours * HOUR, ASKED, "x", waits)


def chain(*steps: Step, on_late: OnLate = OnLate.LATEST, levels: int = 1) -> Chain:
    first = step("ask", Deed.NOTIFY)
    return Chain("one", "odoo.approval.requested", (first, *steps), OWNER, (Level(),) * levels, on_late=on_late)


PLAIN = (
    step("remind", Deed.REMIND, 4),
    step("boss", Deed.ESCALATE, 20),
    step("operators", Deed.OPERATORS, 36),
    step("end", Deed.GIVE_UP, 72),
)


def move(
    made: Chain,
    place: int,
    hours: float,
    reached: Mapping[int, float] | None = None,
    *,
    held: bool = False,
    left_out: frozenset[int] = frozenset(),
) -> Fire | Wait | None:
    """What is done some hours after the question; by default the question reached somebody at once."""
    levels = len(made.levels)
    taken = {at: BEGAN + after * HOUR for at, after in ({0: 0} if reached is None else reached).items()}
    standing = Standing(place, levels, BEGAN, taken, held)
    applies = frozenset(range(levels * len(made.moments))) - left_out
    return next_move(made, standing, BEGAN + hours * HOUR, applies=applies, calendar=EVER)


# In time --------------------------------------------------------------------------------------------------------------


def test_a_step_is_done_at_its_hour_and_not_before() -> None:
    made = chain(*PLAIN)
    assert move(made, 1, 3.9) == Wait(BEGAN + 4 * HOUR, "it is not due before")
    assert move(made, 1, 4) == Fire(1)


def test_a_step_counts_from_when_the_one_before_it_reached_somebody() -> None:
    made = chain(*PLAIN)
    assert move(made, 1, 8, {0: 6}) == Wait(BEGAN + 10 * HOUR, "it is not due before")
    assert move(made, 2, 22, {0: 6, 1: 10}) == Wait(BEGAN + 26 * HOUR, "it is not due before")


def test_after_an_outage_of_the_provider_nobody_is_reminded_of_what_he_has_not_been_asked() -> None:
    waits = move(chain(*PLAIN), 1, 30, {}, held=True)
    assert waits == Wait(BEGAN + 30 * HOUR + LOOK_AGAIN, "the messages before it have reached nobody yet")


def test_where_nobody_could_be_reached_at_all_the_next_step_is_done_at_once() -> None:
    assert move(chain(*PLAIN), 1, 0.01, {}) == Fire(1)


def test_what_reached_somebody_on_another_bench_counts_nothing_on_this_one() -> None:
    made = chain(*PLAIN, levels=2)
    assert move(made, 6, 5, {0: 0, 1: 4}, held=True) == Wait(
        BEGAN + 5 * HOUR + LOOK_AGAIN, "the messages before it have reached nobody yet"
    )
    assert move(made, 6, 5, {0: 0, 5: 3}) == Wait(BEGAN + 7 * HOUR, "it is not due before")


# Too late -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "done"),
    [
        (5, Fire(1)),
        (21, Fire(2, (1,))),
        (120, Fire(2, (1,))),  # neither operators nor the end before somebody was asked again
    ],
)
def test_of_steps_that_are_overdue_together_the_last_message_is_sent(hours: float, done: Fire) -> None:
    assert move(chain(*PLAIN), 1, hours) == done


def test_where_each_counts_they_are_done_one_after_the_other() -> None:
    made = chain(*PLAIN, on_late=OnLate.EACH)
    assert move(made, 1, 120) == Fire(1)
    assert move(made, 2, 120, {0: 0, 1: 120}) == Wait(BEGAN + 136 * HOUR, "it is not due before")


def test_after_a_late_step_the_next_one_is_counted_from_it() -> None:
    made = chain(*PLAIN)
    assert move(made, 3, 121, {0: 0, 2: 120}) == Wait(BEGAN + 136 * HOUR, "it is not due before")


def test_what_ends_a_run_is_never_passed_over_nor_done_for_another() -> None:
    made = chain(*PLAIN)
    assert move(made, 3, 500) == Fire(3)
    assert move(made, 4, 500) == Fire(4)


# What does not apply --------------------------------------------------------------------------------------------------


def test_a_step_whose_condition_does_not_hold_is_passed_over() -> None:
    made = chain(*PLAIN)
    assert move(made, 1, 20, left_out=frozenset({1})) == Fire(2, (1,))
    assert move(made, 1, 19, left_out=frozenset({1})) == Wait(BEGAN + 20 * HOUR, "it is not due before")


def test_a_run_is_at_its_end_where_nothing_of_its_bench_applies_any_more() -> None:
    made = chain(*PLAIN, levels=2)
    assert move(made, 5, 0, left_out=frozenset()) == Fire(5)
    assert following(made, 4, 2, frozenset({0, 1, 5, 6})) is None  # the next bench is asked by an answer only
    assert following(made, 10, 2, frozenset(range(10))) is None
    assert move(made, 10, 5) is None


@pytest.mark.parametrize(
    ("condition", "case", "holds"),
    [
        (Condition(), Case("1", "m"), True),
        (Condition(over=Decimal(5)), Case("1", "m", Decimal(5)), False),
        (Condition(over=Decimal(5)), Case("1", "m", Decimal("5.01")), True),
        (Condition(over=Decimal(5)), Case("1", "m"), False),
        (Condition(over=Decimal(0)), Case("1", "m", Decimal(0)), False),
        (Condition(over=Decimal(5), currency="EUR"), Case("1", "m", Decimal(9), "USD"), False),
        (Condition(over=Decimal(5), currency="EUR"), Case("1", "m", Decimal(9), "EUR"), True),
        (Condition(companies=frozenset({"1", "2"})), Case("2", "m"), True),
        (Condition(companies=frozenset({"1", "2"})), Case("3", "m"), False),
        (Condition(models=frozenset({"hr.leave"})), Case("1", "sale.order"), False),
    ],
)
def test_a_condition_holds_for_what_it_names(condition: Condition, case: Case, holds: bool) -> None:
    assert condition.holds(case) is holds


def test_a_case_has_at_least_one_bench_and_every_one_whose_condition_holds() -> None:
    big = Level(when=Condition(over=Decimal(5000)))
    two = Chain("one", "alert.*", (step("ask", Deed.NOTIFY),), OWNER, (Level(), big))
    assert two.levels_for(Case("1", "m", Decimal(9000))) == (Level(), big)
    assert two.levels_for(Case("1", "m", Decimal(10))) == (Level(),)
    only = Chain("one", "alert.*", (step("ask", Deed.NOTIFY),), OWNER, (big,))
    assert only.levels_for(Case("1", "m", Decimal(10))) == (big,)


def test_the_first_chain_that_fits_is_followed() -> None:
    for_leave = Condition(models=frozenset({"hr.leave"}))
    leave = Chain("leave", "odoo.approval.requested", (step("ask", Deed.NOTIFY),), OWNER, when=for_leave)
    rest = chain(*PLAIN)
    of = (leave, rest)
    assert chain_for("odoo.approval.requested", Case("1", "hr.leave"), of) is leave
    assert chain_for("odoo.approval.requested", Case("1", "sale.order"), of) is rest
    assert chain_for("alert.fraud", Case("1", ""), of) is None


@pytest.mark.parametrize(
    ("data", "amount"),
    [
        ({"approval": {"amount": "12.50", "currency": "EUR", "model": "m"}}, Decimal("12.50")),
        ({"approval": {"amount": "a lot", "model": "m"}}, None),
        ({"alert": {"id": 1}}, None),
        ({}, None),
    ],
)
def test_what_conditions_look_at_is_read_from_whatever_an_event_says(
    data: dict[str, object], amount: Decimal | None
) -> None:
    assert case_of({"data": data}, "1").amount == amount


# Clocks ---------------------------------------------------------------------------------------------------------------


@given(
    after=st.timedeltas(timedelta(), timedelta(days=730)),
    days=st.integers(1, 60),
    zone=st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
)
def test_an_elapsed_wait_is_the_same_in_utc_whatever_clocks_change_meanwhile(
    after: timedelta, days: int, zone: str
) -> None:
    began = BEGAN + after
    made = chain(step("remind", Deed.REMIND, 24 * days))
    due = expected(made, 1, after=0, reached_at=began, began=began, calendar=Calendar(OFFICE, zone))
    assert due - began == timedelta(days=days)


@pytest.mark.parametrize(
    ("began", "hours", "due"),
    [
        pytest.param("2026-11-27T16:00", 8, "2026-11-30T15:00", id="over a weekend"),
        pytest.param("2026-12-24T16:00", 4, "2026-12-28T11:00", id="over a holiday and a weekend"),
        pytest.param("2026-12-07T17:00", 2, "2026-12-09T10:00", id="over a holiday in the week"),
        pytest.param("2026-10-23T17:00", 10, "2026-10-26T18:00", id="over the night in which the clocks change"),
        pytest.param("2026-11-22T03:00", 1, "2026-11-23T10:00", id="from a time at which nothing is open"),
    ],
)
def test_a_business_wait_counts_open_hours_only(began: str, hours: float, due: str) -> None:
    made = chain(step("remind", Deed.REMIND, hours, Waits.BUSINESS))
    at = datetime.fromisoformat(began).replace(tzinfo=MADRID).astimezone(UTC)
    found = expected(made, 1, after=0, reached_at=at, began=at, calendar=Calendar(OFFICE, "Europe/Madrid"))
    assert found.astimezone(MADRID).isoformat()[:16] == due


def test_a_business_wait_leaves_who_was_reached_late_the_least_interval() -> None:
    made = chain(step("remind", Deed.REMIND, 1, Waits.BUSINESS))
    nine = datetime(2026, 11, 23, 9, tzinfo=MADRID).astimezone(UTC)
    calendar = Calendar(OFFICE, "Europe/Madrid")
    late = expected(made, 1, after=0, reached_at=nine + 2 * HOUR, began=nine, calendar=calendar)
    assert late == nine + 2 * HOUR + made.min_interval


# Whatever happens -----------------------------------------------------------------------------------------------------

GAPS = st.lists(st.integers(15, 3000), min_size=1, max_size=6)


@given(
    gaps=GAPS,
    deeds=st.lists(st.sampled_from([Deed.REMIND, Deed.ESCALATE, Deed.OPERATORS]), min_size=6, max_size=6),
    on_late=st.sampled_from(OnLate),
    naps=st.lists(st.integers(0, 9000), min_size=6, max_size=6),
)
def test_however_late_the_clock_is_steps_come_in_order_each_once_and_never_in_a_burst(
    gaps: list[int], deeds: list[Deed], on_late: OnLate, naps: list[int]
) -> None:
    steps = [step(f"s{at}", deeds[at], sum(gaps[: at + 1]) / 60) for at in range(len(gaps))]
    made = chain(*steps, on_late=on_late)
    applies = frozenset(range(len(made.moments)))
    fired, reached, now, place = [(0, BEGAN)], {0: BEGAN}, BEGAN, 1
    while place < len(made.moments):
        now += naps[place % 6] * MINUTE
        found = next_move(made, Standing(place, 1, BEGAN, reached), now, applies=applies, calendar=EVER)
        if isinstance(found, Wait):
            assert found.until > now
            now = found.until
            continue
        assert isinstance(found, Fire)
        assert found.skipped == tuple(range(place, found.place))
        fired.append((found.place, now))
        if made.step_at(found.place).deed is not Deed.OPERATORS:
            reached = {**reached, found.place: now}
        place = found.place + 1

    messages = [at for where, at in fired if made.step_at(where).deed is not Deed.OPERATORS]
    assert all(two - one >= made.min_interval for one, two in pairwise(messages))
    assert [where for where, _ in fired] == sorted({where for where, _ in fired})
    assert all(at - BEGAN >= made.offset(made.moments[where]) for where, at in fired)


# Chains ---------------------------------------------------------------------------------------------------------------


@given(
    hours=st.lists(st.integers(-5, 200), min_size=0, max_size=4),
    first=st.sampled_from([Deed.NOTIFY, Deed.REMIND]),
)
def test_no_chain_that_goes_back_in_time_or_asks_nobody_can_be_built(hours: list[int], first: Deed) -> None:
    in_order = all(one < two for one, two in pairwise([0, *hours]))
    assume(not (in_order and first is Deed.NOTIFY))
    steps = (step("ask", first), *(step(f"s{at}", Deed.REMIND, each) for at, each in enumerate(hours)))
    with pytest.raises(ValueError, match="chain 'one'"):
        Chain("one", "alert.*", steps, OWNER)


CONDITIONS = st.builds(
    Condition,
    over=st.none() | st.decimals(0, 10**9, places=2),
    currency=st.none() | st.just("EUR"),
    companies=st.frozensets(st.sampled_from(["1", "2"])),
    models=st.frozensets(st.just("hr.leave")),
)
AUDIENCES = st.lists(
    st.sampled_from(["asked", "manager", "owner", "role:base.group_user", "user:7"]).map(Audience.parse), min_size=1
).map(tuple)


@given(
    when=CONDITIONS,
    levels=st.lists(st.builds(Level, AUDIENCES, st.sampled_from(Needs), st.integers(1, 9), CONDITIONS), min_size=1),
    to=AUDIENCES,
    times=st.integers(1, 50),
    waits=st.sampled_from(Waits),
    on_late=st.sampled_from(OnLate),
)
def test_a_chain_comes_back_as_it_was_kept(
    when: Condition, levels: list[Level], to: tuple[Audience, ...], times: int, waits: Waits, on_late: OnLate
) -> None:
    again = Step("again", Deed.REMIND, HOUR, to, "x", waits, when, times, 20 * MINUTE)
    made = Chain("one", "alert.*", (step("ask", Deed.NOTIFY), again), OWNER, tuple(levels), when, on_late)
    assert from_json(to_json(made)) == made
    assert len(made.moments) == times + 1


@pytest.mark.parametrize("word", ["", "boss", "role", "role:", "user:", "user:x", "user:0", "user:²", "asked:1"])
def test_a_word_that_names_nobody_is_no_audience(word: str) -> None:
    with pytest.raises(ValueError, match=r"names nobody|is no user"):
        Audience.parse(word)
