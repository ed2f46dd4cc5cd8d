"""Which clock is believed: a jump that only one of them tells is none."""

from datetime import UTC, datetime, timedelta

import pytest

from postroom.domain.clocks import believed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, HOURS = timedelta(seconds=1), timedelta(hours=2)


def test_clocks_that_agree_are_believed():
    assert believed(NOW, SECOND, NOW + SECOND, NOW + SECOND) == (NOW + SECOND, False)


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_machine_whose_own_clock_jumps_goes_by_postgresql(jump: timedelta):
    assert believed(NOW, SECOND, NOW + SECOND, NOW + SECOND + jump) == (NOW + SECOND, False)


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_postgresql_whose_clock_jumps_alone_is_doubted_and_time_goes_on(jump: timedelta):
    assert believed(NOW, SECOND, NOW + SECOND + jump, NOW + SECOND) == (NOW + SECOND, True)


def test_a_sleep_that_both_clocks_tell_of_is_believed():
    assert believed(NOW, SECOND, NOW + HOURS, NOW + HOURS) == (NOW + HOURS, False)


def test_small_differences_are_nobodys_fault():
    assert believed(NOW, SECOND, NOW + timedelta(seconds=50), NOW) == (NOW + timedelta(seconds=50), False)
