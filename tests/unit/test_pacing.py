"""How fast a sender may go, and who has to wait."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.channels import ChannelName
from postroom.domain.pacing import PACINGS, BadRates, Rate, a_second, admitted, pacings


def test_every_channel_has_a_pace():
    assert set(PACINGS) == set(ChannelName)


def test_a_burst_goes_at_once_and_then_one_by_one():
    rate = Rate(timedelta(seconds=6), burst=3)
    due, waits = 0.0, []
    for _ in range(5):
        wait, due = admitted(due, 100.0, rate)
        waits.append(wait)

    assert waits == [0.0, 0.0, 0.0, 6.0, 6.0]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=300), st.floats(1, 50), st.integers(1, 20))
def test_no_more_go_in_any_time_than_the_rate_and_a_burst_allow(pauses: list[float], speed: float, burst: int):
    rate, now, due, gone = a_second(speed, burst), 1000.0, 0.0, []
    for pause in pauses:
        now += pause / speed
        wait, due = admitted(due, now, rate)
        if not wait:
            gone.append(now)

    for first in range(len(gone)):
        for last in range(first, len(gone)):
            assert last - first + 1 <= (gone[last] - gone[first]) * speed + burst + 1e-3


def test_an_account_may_have_a_rate_of_its_own():
    chosen = pacings("whatsapp=20 sms=0.5")

    assert chosen[ChannelName.WHATSAPP].sender == a_second(20, 20)
    assert chosen[ChannelName.WHATSAPP].pair == PACINGS[ChannelName.WHATSAPP].pair
    assert chosen[ChannelName.SMS].sender == a_second(0.5, 1)


def test_rates_that_cannot_be_read_are_told_all_at_once():
    with pytest.raises(BadRates, match=r"'pigeon=1' is not.*'sms=0' is not.*'whatsapp' is not.*It reads"):
        pacings("pigeon=1 sms=0 email=5 whatsapp")
