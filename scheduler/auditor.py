"""The auditor: every minute over all active runs, whatever their age; what lost its timer gets it again."""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from postroom.store.audit import FIRST, audited, overdue
from postroom.store.engine import Connection
from postroom.store.notices import close_notice, raise_notice
from postroom.store.runs import Run, lock_runs, note
from workers.metrics import SWEPT, TIMER_LAG, TIMERS_ABANDONED, TIMERS_OVERDUE
from workers.tasks.escalate import set_going
from workers.wiring import Rooms

EVERY = timedelta(minutes=1)
"""Real time: between the beginnings of two audits."""
PAGE = 5000
"""Runs that one round looks at: 600 000 a minute, at two rounds a second."""
LATE = timedelta(minutes=1)
"""Real time: timers that are later than this are told of."""
NOTICE = "timers:late"
log = structlog.get_logger()


@dataclass(slots=True)
class Auditor:
    """How far this audit has come: one page of runs in each of the ticker's rounds, so that none takes long."""

    after: UUID | None = None
    """None: between two audits."""
    began_at: float = float("-inf")

    def audit(self, rooms: Rooms) -> None:
        """Look at the next page of runs; at the beginning of each audit also at the timers."""
        if self.after is None and monotonic() - self.began_at < EVERY.total_seconds():
            return
        if rooms.clock.doubtful:
            return  # nothing is fired meanwhile, which was told of; by that clock everything might seem late
        if self.after is None:
            self.began_at, self.after = monotonic(), FIRST
            _look_at_timers(rooms)
        with rooms.engine.connect() as connection:
            page = audited(connection, self.after, PAGE)
        for run_id in page.stranded:
            _set_going(rooms, run_id)
        self.after = page.ends


def _set_going(rooms: Rooms, run_id: UUID) -> None:
    """Each in a transaction of its own: one that cannot go on keeps no other back."""
    try:
        with rooms.engine.begin() as connection:
            run = lock_runs(connection, [run_id])[run_id]
            if run.active and set_going(connection, rooms, [run]):
                _tell(connection, rooms, run)
    except Exception as error:  # noqa: BLE001 - told of, and looked at again in a minute
        log.error("run_cannot_go_on", run_id=str(run_id), error=f"{type(error).__name__}: {error}")
        with rooms.engine.begin() as connection:
            words = (
                f"Run {run_id} has no timer and gets none: {type(error).__name__}. Look: postroom runs show {run_id}"
            )
            raise_notice(connection, key=f"run:{run_id}", company="", kind="dead", words=words)


def _tell(connection: Connection, rooms: Rooms, run: Run) -> None:
    note(connection, run, "audited", rooms.clock.now(), detail="its timer was lost, and is set again")
    SWEPT.labels(what="timer").inc()
    log.warning("timer_set_again", run_id=str(run.id), company=run.company)


def _look_at_timers(rooms: Rooms) -> None:
    with rooms.engine.begin() as connection:
        found = overdue(connection, rooms.clock.now())
        lag = found.lag / (rooms.clock.passing_in(EVERY) / EVERY)
        TIMER_LAG.set(lag.total_seconds())
        TIMERS_OVERDUE.set(found.number)
        TIMERS_ABANDONED.set(found.abandoned)
        if lag > LATE:
            minutes = int(lag.total_seconds() // 60)
            told = f"{found.number} timers are due and not fired, the oldest for {minutes} minutes"
            words = f"{told}. Look: postroom timers list --late"
            raise_notice(connection, key=NOTICE, company="", kind="timers", words=words)
        else:
            close_notice(connection, NOTICE)
