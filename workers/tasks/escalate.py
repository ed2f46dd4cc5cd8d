"""A run's steps: put the question, remind, escalate, until somebody has decided. Database work only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.escalation import (
    WRITES,
    Audience,
    Calendar,
    Case,
    Chain,
    Deed,
    Fire,
    Standing,
    Step,
    Wait,
    Whom,
    case_of,
    expected,
    following,
    next_move,
)
from postroom.domain.event_types import matches
from postroom.domain.runs import RunStatus
from postroom.domain.safety import Wire
from postroom.store.engine import Connection
from postroom.store.inbox import Cause, InboxRow, OwnEvent, add_own_events, events_at_step, events_by_id
from postroom.store.looks import want_looks
from postroom.store.notices import NewNotice, raise_notices
from postroom.store.runs import (
    Fired,
    Noted,
    Progress,
    Run,
    advance,
    asked_at_place,
    chain_of,
    end_run,
    fire,
    lock_runs,
    note,
    note_all,
    progress_of,
    reopen_run,
)
from postroom.store.safety import odoo_wire
from postroom.store.timers import Outcome, StepTimer, Timer, set_step_timers, still_due
from workers.hints import Lane
from workers.tasks.gather import as_it_is_now
from workers.tasks.reread import to_be_looked_at
from workers.tasks.resolve import Circle, Recipient, asked_by, partner_of, resolve
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.wiring import Rooms

SOURCE = "/postroom/run"
"""The CloudEvents source of what a run tells."""
ASKED = (Audience(Whom.ASKED),)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Situation:
    """A run, and all that is read late about it."""

    run: Run
    chain: Chain
    row: InboxRow
    """The event that began it."""
    case: Case
    progress: Progress
    wire: Wire

    @property
    def data(self) -> Mapping[str, Any]:
        """What that event said."""
        return self.row.payload["data"]  # type: ignore[no-any-return]


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
    _do(connection, rooms, shots, now, Summary())
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
    chain, data = situation.chain, row.payload["data"]
    first = chain.level_asked(run.place) * len(chain.moments)
    before = asked_at_place(connection, run, first)
    new = [each for each in asked_by(data) if partner_of(each) not in before]
    step = chain.step_at(first)
    cause = Cause(step.by, run.id, first)
    rows = _rows(connection, rooms, replace(situation, row=row), (step, first), new, cause)
    return sort_events(connection, rooms, rows, summary), [partner_of(each) for each in new]


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
    return sort_events(connection, rooms, done.rows, summary)


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
    written = _write(connection, rooms, shot) if step.deed in WRITES else []
    done.rows += written
    done.trail.append(Noted(run, "fired", now, _told(shot, len(written))))
    done.places[run.id] = (shot.move.place + 1, now if shot.move.place % len(chain.moments) == 0 else None)
    if step.deed in ENDINGS:
        done.told.append(_for_operators(shot.situation, ENDINGS[step.deed]))
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


def _write(connection: Connection, rooms: Rooms, shot: _Shot) -> list[InboxRow]:
    """An event of our own for each who hears of the step; the question itself is the event that came."""
    situation, place, step = shot.situation, shot.move.place, shot.step
    run, chain = situation.run, situation.chain
    level = chain.levels_for(situation.case)[chain.level_of(place)]
    first = place - place % len(chain.moments)
    asked = [row.payload["data"]["recipient"] for row in events_at_step(connection, rooms.sealer, run.id, first)]
    circle = Circle(asked or asked_by(situation.data), situation.wire)
    audiences = level.to if step.to == ASKED and not asked else step.to
    people = resolve(connection, rooms, circle, audiences)
    if not people:
        people = resolve(connection, rooms, circle, [chain.owner])
        words = f"has nobody to hear of step {step.name} ({', '.join(map(str, audiences))})"
        raise_notices(connection, [_for_operators(situation, words)])
    cause = Cause(step.by, run.id, place)
    if place:
        events = [_event(connection, rooms, situation, (step, place), person) for person in people]
        return add_own_events(connection, rooms.sealer, events, cause)
    return _rows(connection, rooms, situation, (step, place), people, cause)


def _rows(
    connection: Connection,
    rooms: Rooms,
    situation: Situation,
    due: tuple[Step, int],
    people: Sequence[Recipient],
    cause: Cause,
) -> list[InboxRow]:
    """What puts a question to people: to its own recipient the event that came, to others one of our own."""
    himself = situation.data["recipient"]
    events = [_event(connection, rooms, situation, due, person) for person in people if person != himself]
    own = add_own_events(connection, rooms.sealer, events, cause)
    return [*([replace(situation.row, cause=cause)] if himself in people else []), *own]


def _event(
    connection: Connection, rooms: Rooms, situation: Situation, due: tuple[Step, int], person: Recipient
) -> OwnEvent:
    (step, place), run = due, situation.run
    rule = rooms.book.rule(step.by)
    asked = str(situation.row.payload["type"])
    kind = asked if rule is None or matches(rule.event_type, asked) else rule.event_type
    key = f"{run.id}:{run.iter}:{place}:{person['partner_id']}"
    told = {name: each for name, each in situation.data.items() if name != "approvers"}
    data = as_it_is_now(connection, rooms, run.id, {**told, "recipient": person})
    whole = {**situation.row.payload, "id": key, "source": SOURCE, "type": kind, "data": data}
    return OwnEvent(run.company, SOURCE, key, kind, whole)


def _for_operators(situation: Situation, words: str) -> NewNotice:
    run, owner = situation.run, situation.chain.owner
    told = f"{run.subject} ({run.flow_key}) {words}. Its owner: {owner}. Look: postroom runs show {run.id}"
    return NewNotice(f"run:{run.id}", run.company, "unanswered", told)
