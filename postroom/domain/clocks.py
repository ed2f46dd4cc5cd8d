"""Which clock is believed when two of them disagree."""

from datetime import datetime, timedelta

AMISS = timedelta(minutes=1)
"""A clock that is further off than this has jumped."""


def believed(before: datetime, passed: timedelta, told: datetime, wall: datetime) -> tuple[datetime, bool]:
    """What time it is, and whether that is in doubt.

    `told` is PostgreSQL's time, `before` what was believed last, `passed` the time since by a clock that only counts,
    `wall` this machine's own time. A jump is believed where two clocks tell it, as after a machine was asleep; one that
    PostgreSQL's tells alone is not: nothing is fired until the clocks agree.
    """
    expected = before + passed
    if abs(told - expected) <= AMISS or abs(told - wall) <= AMISS:
        return told, False
    return expected, True
