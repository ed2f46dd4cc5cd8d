"""A run's steps: put the question, remind, escalate, until somebody has decided. Database work only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from postroom import failpoints
from postroom.domain.escalation import (
    WRITES,
    Calendar,
    Deed,
    Fire,
    Standing,
    Step,
    Wait,
    case_of,
    expected,
    following,
    next_move,
)
from postroom.domain.runs import RunStatus
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, events_by_id
from postroom.store.looks import want_looks
from postroom.store.notices import NewNotice, raise_notices
from postroom.store.runs import (
    Fired,
    Noted,
    Run,
    advance,
    chain_of,
    end_run,
    fire,
    lock_runs,
    note,
    note_all,
    progress_of,
)
from postroom.store.safety import odoo_wire
from postroom.store.timers import Outcome, StepTimer, Timer, set_step_timers, still_due
from postroom.store.votes import reopen_run
from workers.hints import Lane
from workers.tasks.ask import Situation, for_operators, tell_step, write_joining, write_step
from workers.tasks.reread import to_be_looked_at
from workers.tasks.summary import Summary
from workers.wiring import Rooms

log = structlog.get_logger()


UNSEEN = "Odoo did not say whether its document still needs this step, and was waited for long enough"
"""For the trail of whoever hears once too often."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """A step that is to be done now."""

    situation: Situation
    move: Fire
    due_at: datetime

    @property
    def step(self) -> Step:
        return self.situation.chain.step_at(self.move.place)


# What is due ----------------------------------------------------------------------------------------------------------


def put(connection: Connection, rooms: Rooms, runs: Sequence[Run], summary: Summary) -> set[Lane]:
    """Put the question of runs that have just begun, or whose next level is to be asked."""
    now = rooms.clock.now()
    shots = [
        _Shot(each, Fire(place), now)
        for each in _situations(connection, rooms, runs)
        if (place := following(each.chain, each.run.place, each.run.levels, _applies(each))) is not None
    ]
    return _do(connection, rooms, shots, now, summary)


def fire_steps(connection: Connection, rooms: Rooms, timers: Sequence[Timer]) -> dict[UUID, Outcome]:
    """Do what is due in these timers' runs, each step once; a run is locked before its timers."""
    runs = lock_runs(connection, [timer.subject_id for timer in timers])
    due = still_due(connection, [timer.id for timer in timers])
    outcomes: dict[UUID, Outcome] = dict.fromkeys(due, False)
    waiting = [timer for timer in timers if timer.id in due and _meant(timer, runs.get(timer.subject_id))]
    situations = {each.run.id: each for each in _situations(connection, rooms, [runs[t.subject_id] for t in waiting])}
    now = rooms.clock.now()
    shots, unseen = [], []
    for timer in waiting:
        situation = situations[timer.subject_id]
        move = _move(rooms, situation, now)
        if isinstance(move, Wait):
            outcomes[timer.id] = move.until
        elif isinstance(move, Fire) and (until := to_be_looked_at(rooms, situation.run, situation.wire, now)):
            outcomes[timer.id] = until
            unseen.append(situation.run.id)
        elif isinstance(move, Fire):
            outcomes[timer.id] = True
            shots.append(_Shot(situation, move, timer.due_at))
    want_looks(connection, unseen, now)
    blind = [shot.situation.run for shot in shots if shot.situation.run.look_wanted_at is not None]
    note_all(connection, [Noted(run, "unseen", now, UNSEEN) for run in blind])
    _do(connection, rooms, shots, now, Summary())
    failpoints.reach("ticker.step_written")
    return outcomes


def set_going(connection: Connection, rooms: Rooms, runs: Sequence[Run]) -> list[Run]:
    """Set the timers of active runs' next steps, which were lost. Returns the runs that are not at their end."""
    now, going = rooms.clock.now(), []
    for situation in _situations(connection, rooms, runs):
        run, move = situation.run, _move(rooms, situation, now)
        place = following(situation.chain, run.place, run.levels, _applies(situation))
        if place is not None:
            due_at = move.until if isinstance(move, Wait) else now
            advance(connection, {run.id: (place, None)})
            set_step_timers(connection, [StepTimer(run.id, run.company, place, run.iter, due_at)])
            going.append(run)
    return going


def join(
    connection: Connection, rooms: Rooms, run: Run, row: InboxRow, summary: Summary
) -> tuple[set[Lane], list[str]]:
    """An event asks about what is asked already: whoever was not asked before joins the bench. Returns who did.

    The caller has locked the run.
    """
    (situation,) = _situations(connection, rooms, [run])
    first = situation.chain.level_asked(run.place) * len(situation.chain.moments)
    rows, joined = write_joining(connection, rooms, situation, row, first)
    return tell_step(connection, rooms, [situation], rows, summary), joined


def ask_next_level(connection: Connection, rooms: Rooms, run: Run, level: int) -> None:
    """The bench before has agreed: put the question to the next one. The caller has locked the run."""
    chain = chain_of(connection, run.flow_version_id)
    put(connection, rooms, [replace(run, place=level * len(chain.moments), asked_at=None)], Summary())


def go_on(connection: Connection, rooms: Rooms, run_id: UUID, why: str) -> None:
    """A decision that Odoo did not carry out decides nothing: the run goes on, with whoever it is escalated to."""
    run, now = lock_runs(connection, [run_id])[run_id], rooms.clock.now()
    (situation,) = _situations(connection, rooms, [run])
    chain, applies = situation.chain, _applies(situation)
    size = len(chain.moments)
    rest = [each for each in range(run.place, (run.place // size + 1) * size) if each in applies]
    place = next((each for each in rest if chain.step_at(each).deed is Deed.ESCALATE), run.place)
    if reopen_run(connection, run, place):
        note(connection, run, "reopened", now, detail=why)
        if place in rest:
            set_step_timers(connection, [StepTimer(run.id, run.company, place, run.iter + 1, now)])


def _meant(timer: Timer, run: Run | None) -> bool:
    """Whether a run still waits for this very step; otherwise its timer is void."""
    return run is not None and run.active and (timer.step_no, timer.iter) == (run.place, run.iter)


def _situations(connection: Connection, rooms: Rooms, runs: Iterable[Run]) -> list[Situation]:
    runs = list(runs)
    progress = progress_of(connection, [run.id for run in runs])
    rows = events_by_id(connection, rooms.sealer, {run.event_id for run in runs})
    wires = {company: odoo_wire(connection, company) for company in {run.company for run in runs}}
    return [
        Situation(
            run,
            chain_of(connection, run.flow_version_id),
            rows[run.event_id],
            case_of(rows[run.event_id].payload, run.company),
            progress[run.id],
            wires[run.company],
        )
        for run in runs
    ]


def _move(rooms: Rooms, situation: Situation, now: datetime) -> Fire | Wait | None:
    run, progress = situation.run, situation.progress
    reached = {
        place: min(now, progress.fired[place] + rooms.clock.passing_in(after))
        for place, after in progress.reached_after.items()
    }
    size = len(situation.chain.moments)
    began = progress.fired.get(run.place - run.place % size, run.asked_at or run.began_at)
    standing = Standing(run.place, run.levels, began, reached, progress.open)
    return next_move(situation.chain, standing, now, applies=_applies(situation), calendar=_calendar(rooms, run))


def _applies(situation: Situation) -> frozenset[int]:
    chain = situation.chain
    places = range(situation.run.levels * len(chain.moments))
    return frozenset(place for place in places if chain.step_at(place).when.holds(situation.case))


def _calendar(rooms: Rooms, run: Run) -> Calendar:
    return Calendar(rooms.book.companies.of(run.company).hours, run.tz)


# What is done ---------------------------------------------------------------------------------------------------------


def _do(connection: Connection, rooms: Rooms, shots: Sequence[_Shot], now: datetime, summary: Summary) -> set[Lane]:
    """Write these steps down, each once for ever, and with them what they send and when the next one is due."""
    new = fire(connection, [fired for shot in shots for fired in _as_fired(shot, now)])
    shots = [shot for shot in shots if (shot.situation.run.id, shot.move.place) in new]
    done = _Done()
    for shot in shots:
        _take(connection, rooms, shot, now, done)
        summary.add(f"{shot.situation.chain.key}: {shot.step.name}")
    done.keep(connection)
    return tell_step(connection, rooms, [shot.situation for shot in shots], done.rows, summary)


@dataclass(slots=True)
class _Done:
    """What taking some steps comes to; written down at once, whatever their number."""

    rows: list[InboxRow] = field(default_factory=list)
    timers: list[StepTimer] = field(default_factory=list)
    trail: list[Noted] = field(default_factory=list)
    told: list[NewNotice] = field(default_factory=list)
    places: dict[UUID, tuple[int, datetime | None]] = field(default_factory=dict)

    def keep(self, connection: Connection) -> None:
        places = self.places | {each.run_id: (each.step_no, self.places[each.run_id][1]) for each in self.timers}
        note_all(connection, self.trail)
        raise_notices(connection, self.told)
        advance(connection, places)
        set_step_timers(connection, self.timers)


def _take(connection: Connection, rooms: Rooms, shot: _Shot, now: datetime, done: _Done) -> None:
    run, step, chain = shot.situation.run, shot.step, shot.situation.chain
    written = write_step(connection, rooms, shot.situation, shot.move.place) if step.deed in WRITES else []
    done.rows += written
    done.trail.append(Noted(run, "fired", now, _told(shot, len(written))))
    done.places[run.id] = (shot.move.place + 1, now if shot.move.place % len(chain.moments) == 0 else None)
    if step.deed in ENDINGS:
        done.told.append(for_operators(shot.situation, ENDINGS[step.deed]))
    if step.deed is Deed.GIVE_UP:
        end_run(connection, run.id, RunStatus.GIVEN_UP, "nobody answered", now)
        done.trail.append(Noted(run, RunStatus.GIVEN_UP, now, f"now with {chain.owner}"))
    else:
        done.timers += _next(rooms, shot, now, reached=bool(written))


def _as_fired(shot: _Shot, now: datetime) -> list[Fired]:
    run, late = shot.situation.run, max(0, int((now - shot.due_at).total_seconds()))
    skipped = [Fired(run, place, now, skipped=True) for place in shot.move.skipped]
    return [*skipped, Fired(run, shot.move.place, now, late)]


def _told(shot: _Shot, people: int) -> str:
    step = shot.step
    skipped = [shot.situation.chain.step_at(place).name for place in shot.move.skipped]
    passed = f"; passed over, since overdue as well: {', '.join(skipped)}" if skipped else ""
    heard = f" to {people} by {step.by}" if step.deed in WRITES else ""
    return f"{step.name}: {step.deed}{heard}{passed}"


def _next(rooms: Rooms, shot: _Shot, now: datetime, *, reached: bool) -> list[StepTimer]:
    """When the next step is due, if this one reaches somebody now; it is weighed again then."""
    situation, place = shot.situation, shot.move.place
    run, chain = situation.run, situation.chain
    after = following(chain, place + 1, run.levels, _applies(situation))
    if after is None or chain.level_of(after) != chain.level_of(place):
        return []
    began = run.asked_at or now
    due_at = (
        expected(chain, after, after=place, reached_at=now, began=began, calendar=_calendar(rooms, run))
        if reached or situation.progress.reached_after
        else now
    )
    return [StepTimer(run.id, run.company, after, run.iter, due_at)]


ENDINGS = {
    Deed.OPERATORS: "has waited too long for an answer",
    Deed.GIVE_UP: "was given up on: nobody answered",
}
