"""What follows one failed attempt."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.channels import Fault, Pace, Verdict
from postroom.domain.delivery import (
    PACES,
    RETRY_BUDGET,
    GiveUp,
    RetryAt,
    Settle,
    Suppress,
    Try,
    WaitForSender,
    after_failure,
)
from postroom.domain.messages import Urgency

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def first_try(urgency: Urgency = Urgency.NORMAL, tries: int = 1, age: timedelta = timedelta()) -> Try:
    return Try(tries, NOW - age, urgency)


def fault(verdict: Verdict, pace: Pace = Pace.STANDARD, **more: object) -> Fault:
    return Fault(verdict, "code", "words", pace, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "urgency", "following"),
    [
        pytest.param(Verdict.UNKNOWN, Urgency.NORMAL, Settle(), id="nobody knows, so nothing is repeated"),
        pytest.param(Verdict.OPT_OUT, Urgency.NORMAL, Suppress(), id="an opt-out is obeyed"),
        pytest.param(Verdict.FALLBACK, Urgency.NORMAL, GiveUp(), id="the channel is given up"),
        pytest.param(Verdict.PERMANENT, Urgency.NORMAL, GiveUp(alarm=True), id="our own mistake is told"),
        pytest.param(Verdict.SENDER_STOPPED, Urgency.URGENT, GiveUp(alarm=True), id="urgent does not wait for us"),
        pytest.param(
            Verdict.SENDER_STOPPED, Urgency.BULK, WaitForSender(NOW + timedelta(minutes=1)), id="the rest waits for us"
        ),
    ],
)
def test_a_verdict_leads_to_its_consequence(verdict: Verdict, urgency: Urgency, following: object) -> None:
    assert after_failure(first_try(urgency), fault(verdict), now=NOW, roll=0.5) == following


def test_an_address_that_cannot_be_reached_is_remembered_for_thirty_days() -> None:
    gone = fault(Verdict.FALLBACK, unreachable=True)
    assert after_failure(first_try(), gone, now=NOW, roll=0.5) == GiveUp(unreachable_until=NOW + timedelta(days=30))


def test_retry_after_is_honoured_to_the_second_and_not_charged() -> None:
    slow_down = fault(Verdict.TRANSIENT, Pace.THROTTLED, retry_after=timedelta(seconds=7))
    assert after_failure(first_try(tries=99), slow_down, now=NOW, roll=0.9) == RetryAt(
        NOW + timedelta(seconds=7), False
    )


def test_a_channel_is_given_up_when_its_tries_are_spent() -> None:
    spent = first_try(tries=PACES[Pace.STANDARD].tries)
    assert after_failure(spent, fault(Verdict.TRANSIENT), now=NOW, roll=0.5) == GiveUp()


def test_an_urgent_message_leaves_a_failing_channel_within_ten_minutes() -> None:
    old = first_try(Urgency.URGENT, age=timedelta(minutes=10))
    assert after_failure(old, fault(Verdict.TRANSIENT), now=NOW, roll=0.5) == GiveUp()


def test_a_greylist_is_waited_out_for_two_days_unless_the_message_is_urgent() -> None:
    day_old = timedelta(hours=30)
    greylisted = fault(Verdict.TRANSIENT, Pace.GREYLIST)
    assert isinstance(after_failure(first_try(age=day_old), greylisted, now=NOW, roll=0.5), RetryAt)
    assert after_failure(first_try(Urgency.URGENT, age=day_old), greylisted, now=NOW, roll=0.5) == GiveUp()


def test_without_jitter_the_standard_waits_are_those_of_the_table() -> None:
    waits = [PACES[Pace.STANDARD].wait(tries, 1.0).total_seconds() for tries in range(6)]
    assert waits == [1, 4, 16, 64, 256, 900]


@given(
    pace=st.sampled_from(Pace),
    tries=st.integers(1, 200),
    roll=st.floats(0, 1, exclude_max=True),
    urgency=st.sampled_from(Urgency),
    age=st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_a_retry_is_never_in_the_past_never_beyond_its_pace_and_never_over_budget(
    pace: Pace, tries: int, roll: float, urgency: Urgency, age: timedelta
) -> None:
    following = after_failure(first_try(urgency, tries, age), fault(Verdict.TRANSIENT, pace), now=NOW, roll=roll)
    if isinstance(following, RetryAt):
        wait = following.at - NOW
        patience = PACES[pace].patience if urgency is not Urgency.URGENT else None
        assert max(timedelta(), PACES[pace].floor) <= wait <= max(PACES[pace].cap, PACES[pace].floor)
        assert wait + age <= (patience or RETRY_BUDGET[urgency])
        assert tries < PACES[pace].tries
