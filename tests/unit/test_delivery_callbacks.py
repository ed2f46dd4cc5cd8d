"""The schedule of callbacks, and outcomes that stay open."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest

from postroom.domain.channels import ChannelName, Fault, Pace, Verdict
from postroom.domain.delivery import GiveUp, Next, RetryAt, Try, after_failure, left_open
from postroom.domain.messages import Urgency
from postroom.domain.safety import after_outcome, closed

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HANGS = Fault(Verdict.TRANSIENT, "read_timeout", "words", Pace.RECEIVER)


def the_days_of_a_callback(roll: float) -> list[Next]:
    """What follows each try of a receiver that never answers, until it is given up."""
    followings: list[Next] = []
    at = NOW
    while not followings or isinstance(followings[-1], RetryAt):
        this = Try(len(followings) + 1, NOW, Urgency.NORMAL)
        followings.append(after_failure(this, HANGS, now=at, roll=roll))
        at = followings[-1].at if isinstance(followings[-1], RetryAt) else at
    return followings


def test_a_receiver_is_tried_ten_times_over_three_days_as_standard_webhooks_wants_it() -> None:
    *retries, last = the_days_of_a_callback(roll=0.5)
    waits = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    moments = [NOW + timedelta(seconds=seconds) for seconds in accumulate(waits)]
    assert retries == [RetryAt(at, charged=True) for at in moments]
    assert last == GiveUp()


@pytest.mark.parametrize("roll", [0.0, 0.999])
def test_the_dice_move_a_wait_by_a_tenth_and_never_cost_a_try(roll: float) -> None:
    *retries, _ = the_days_of_a_callback(roll)
    first = retries[0]
    assert isinstance(first, RetryAt)
    assert timedelta(seconds=4.5) <= first.at - NOW <= timedelta(seconds=5.5)
    assert len(retries) == 9


def test_one_receiver_that_fails_says_nothing_against_our_sender() -> None:
    circuit = closed(NOW)
    for _ in range(50):
        circuit = after_outcome(circuit, HANGS, NOW)
    assert circuit == closed(NOW)


def test_an_open_outcome_is_tried_again_only_where_the_receiver_knows_a_repeat() -> None:
    assert left_open(ChannelName.CALLBACK, "deadline", "").verdict is Verdict.TRANSIENT
    people = set(ChannelName) - {ChannelName.CALLBACK}
    assert {left_open(channel, "deadline", "").verdict for channel in people} == {Verdict.UNKNOWN}
