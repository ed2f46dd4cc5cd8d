"""Business time: real time, unless a demo or a test makes it run faster."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, text

from postroom.domain.clocks import believed

FRESH_SECONDS = 1.0
_READ = text("""
    select clock_timestamp() as at, c.business_epoch, c.real_epoch, c.rate
    from (select) one left join clock c on true
""")
_LOOK_AGAIN = text("""
    update message_log set next_at = clock_timestamp() where state = 'held' and reason = 'quiet_hours'
""")


class Clock(Protocol):
    """What time it is for the business: due dates, quiet hours, not_after, cadences."""

    @property
    def doubtful(self) -> bool:
        """Whether two clocks disagree, so that nothing should be fired by this one."""

    def now(self) -> datetime:
        """The business time, aware, in UTC."""

    def real(self, at: datetime) -> datetime:
        """The real time at which the business time will be `at`, as far as is known now."""

    def passing_in(self, real: timedelta) -> timedelta:
        """The business time that passes in a stretch of real time, by the pace that is known now."""


@dataclass(frozen=True, slots=True)
class _Pace:
    business_epoch: datetime
    real_epoch: datetime
    rate: float


@dataclass(frozen=True, slots=True)
class _Reading:
    """What PostgreSQL's clock said, and when that was by a clock that only counts."""

    at: datetime
    counted: float
    pace: _Pace | None
    doubtful: bool = False


class SharedClock:
    """The clock that all processes share: PostgreSQL's, with an epoch and a rate in SQL, read again every second.

    In between time is counted, so that a machine whose own clock jumps fires nothing early and nothing twice.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        counter: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wall`: this machine's own clock, the second opinion; `counter`: seconds that only ever grow."""
        self._engine = engine
        self._wall = wall
        self._counter = counter
        self._last: _Reading | None = None

    @property
    def doubtful(self) -> bool:
        """Whether PostgreSQL's clock has jumped and this machine's has not."""
        return self._fresh().doubtful

    def now(self) -> datetime:
        """Business time."""
        reading = self._fresh()
        real = reading.at + timedelta(seconds=self._counter() - reading.counted)
        pace = reading.pace
        return real if pace is None else pace.business_epoch + (real - pace.real_epoch) * pace.rate

    def real(self, at: datetime) -> datetime:
        """Real time. A new pace makes the answer void: `set_pace` lets everything look again that waits by it."""
        pace = self._fresh().pace
        return at if pace is None else pace.real_epoch + (at - pace.business_epoch) / pace.rate

    def passing_in(self, real: timedelta) -> timedelta:
        """Business time, at the present pace."""
        pace = self._fresh().pace
        return real if pace is None else real * pace.rate

    def _fresh(self) -> _Reading:
        if self._last is None or self._counter() - self._last.counted > FRESH_SECONDS:
            self._last = self._read(self._last)
        return self._last

    def _read(self, last: _Reading | None) -> _Reading:
        with self._engine.connect() as connection:
            row = connection.execute(_READ).one()
        counted = self._counter()
        pace = None if row.rate is None else _Pace(row.business_epoch, row.real_epoch, row.rate)
        if last is None:
            return _Reading(row.at, counted, pace)
        passed = timedelta(seconds=counted - last.counted)
        at, doubtful = believed(last.at, passed, row.at, self._wall())
        return _Reading(at, counted, pace, doubtful)


def set_pace(engine: Engine, clock: Clock, rate: float, *, start: datetime | None = None) -> None:
    """Let business time run at `rate` (more than nothing) from now on, without a jump, or from `start`."""
    if rate <= 0:
        raise ValueError(f"{rate} is not a pace: business time must go on. Give a rate above 0.")
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into clock (id, business_epoch, real_epoch, rate)
                values (1, :business, clock_timestamp(), :rate)
                on conflict (id) do update set business_epoch = excluded.business_epoch,
                    real_epoch = excluded.real_epoch, rate = excluded.rate
            """),
            {"business": start or clock.now(), "rate": rate},
        )
        # What waits for an hour was told its real time by the old pace.
        connection.execute(_LOOK_AGAIN)
