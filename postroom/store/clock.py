"""Business time: real time, unless a demo or a test makes it run faster."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, text

FRESH_SECONDS = 1.0
_LOOK_AGAIN = text("""
    update message_log set next_at = clock_timestamp() where state = 'held' and reason = 'quiet_hours'
""")


class Clock(Protocol):
    """What time it is for the business: due dates, quiet hours, not_after, cadences."""

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


class SharedClock:
    """The clock that all processes share: an epoch and a rate in SQL, read again every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pace: _Pace | None = None
        self._read_at = float("-inf")

    def now(self) -> datetime:
        """Business time. Falls back on the pace that was last read while PostgreSQL is away."""
        real, pace = datetime.now(UTC), self._fresh()
        return real if pace is None else pace.business_epoch + (real - pace.real_epoch) * pace.rate

    def real(self, at: datetime) -> datetime:
        """Real time. A new pace makes the answer void: `set_pace` lets everything look again that waits by it."""
        pace = self._fresh()
        return at if pace is None else pace.real_epoch + (at - pace.business_epoch) / pace.rate

    def passing_in(self, real: timedelta) -> timedelta:
        """Business time, at the present pace."""
        pace = self._fresh()
        return real if pace is None else real * pace.rate

    def _fresh(self) -> _Pace | None:
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._pace = self._read()
            self._read_at = time.monotonic()
        return self._pace

    def _read(self) -> _Pace | None:
        with self._engine.connect() as connection:
            row = connection.execute(text("select business_epoch, real_epoch, rate from clock")).one_or_none()
        return None if row is None else _Pace(row.business_epoch, row.real_epoch, row.rate)


def set_pace(engine: Engine, clock: Clock, rate: float, *, start: datetime | None = None) -> None:
    """Let business time run at `rate` (more than nothing) from now on, without a jump, or from `start`."""
    if rate <= 0:
        raise ValueError(f"{rate} is not a pace: business time must go on. Give a rate above 0.")
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into clock (id, business_epoch, real_epoch, rate) values (1, :business, :real, :rate)
                on conflict (id) do update set business_epoch = excluded.business_epoch,
                    real_epoch = excluded.real_epoch, rate = excluded.rate
            """),
            {"business": start or clock.now(), "real": datetime.now(UTC), "rate": rate},
        )
        # What waits for an hour was told its real time by the old pace.
        connection.execute(_LOOK_AGAIN)
