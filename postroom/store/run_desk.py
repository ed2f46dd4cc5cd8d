"""What operators see of runs and timers, and do to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Text, Uuid

from postroom.domain.runs import RunStatus
from postroom.store.notices import close_notice
from postroom.store.runs import Run, end_run, lock_runs, note, runs_by_id
from postroom.store.sealing import Sealer

MOST_NAMED = 6


# Runs -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are listed; what is empty does not matter."""

    statuses: Sequence[str] = ()
    flow: str = ""
    company: str = ""
    subject: str = ""
    event_type: str = ""
    since: datetime | None = None
    """Ended after this; open ones are listed anyway."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A run and when it goes on."""

    run: Run
    event: Mapping[str, Any]
    """What began it, as it came."""
    timer: "Waiting | None"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A timer, as an operator sees it."""

    id: UUID
    kind: str
    company: str
    subject_id: UUID
    step_no: int | None
    due_at: datetime
    state: str
    attempts: int
    leased: bool
    error: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody whom a step told something, and by what it reached him."""

    place: int
    recipient: str
    rule: str
    message_id: UUID
    channel: str
    role: str
    state: str
    reason: str | None
    next_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a run's trail."""

    at: datetime
    what: str
    detail: str | None
    actor: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A vote."""

    level: int
    iter: int
    actor: str
    answer: str
    via: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided."""

    outcome: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Everything about a run."""

    listed: Listed
    reached: tuple[Reached, ...]
    votes: tuple[Answered, ...]
    decision: Decided | None
    trail: tuple[Happened, ...]


_LIST = text("""
    select r.id from run r join inbox e on e.id = r.event_id
    where (cardinality(:statuses) = 0 or r.status = any(:statuses)) and (:flow = '' or r.flow_key = :flow)
        and (:company = '' or r.company = :company) and (:subject = '' or r.subject = :subject)
        and (:event_type = '' or e.type = :event_type)
        and (cast(:since as timestamptz) is null or r.ended_at is null or r.ended_at > :since)
    order by r.status in ('active', 'paused') desc, r.id desc limit :limit
""").bindparams(bindparam("statuses", type_=ARRAY(Text)))
_NAMED = text("""
    select id from run where id::text like :beginning || '%' or subject = :named
    order by status in ('active', 'paused') desc, id desc limit :limit
""")
_EVENTS = text("select id, payload from inbox where id = any(:ids)").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_SUBJECTS = text("select distinct subject from run where status in ('active', 'paused') order by subject limit 5000")
_TIMER_COLUMNS = """
    t.id, t.kind, t.company, t.subject_id, t.step_no, t.due_at, t.state, t.attempts, t.error, t.done_at,
    coalesce(t.lease_until > clock_timestamp(), false) as leased
"""
_TIMERS_OF = text(f"""
    select {_TIMER_COLUMNS}, r.id as run_id from run r
    join timer t on t.dedupe_key = 'step:' || r.id || ':' || r.cur_step || ':' || r.iter
    where r.id = any(:ids) and t.state in ('due', 'dead')
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))  # noqa: S608
_REACHED = text("""
    select i.step_no as place, i.recipient, i.rule, m.id as message_id, m.channel, m.role, m.state, m.reason, m.next_at,
        m.sent_at, m.delivered_at, m.read_at
    from intent i join leg_key k on k.intent_id = i.id join message_log m on m.id = k.message_id
    where i.run_id = :id order by m.id
""")
_TRAIL = text("select at, what, detail, actor from run_event where run_id = :id order by id")
_VOTES = text("select level, iter, actor, answer, via, at from vote where run_id = :id order by at, actor")
_DECISION = text("select outcome, actor, decided_at as at from decision where run_id = :id")


def runs_listed(connection: Connection, sealer: Sealer, wanted: RunFilter, *, limit: int) -> list[Listed]:
    """The runs that fit: the open ones first, each the newest first."""
    values = {name: getattr(wanted, name) for name in RunFilter.__slots__}
    ids = connection.scalars(_LIST, {**values, "statuses": list(wanted.statuses), "limit": limit}).all()
    return _listed(connection, sealer, ids)


def runs_named(connection: Connection, sealer: Sealer, named: str) -> list[Listed]:
    """Those whose id begins so, or that are about this subject (purchase.order:42); at most six."""
    beginning = named.lower() if len(named) >= 4 else "-"
    values = {"beginning": beginning.replace("%", "").replace("_", ""), "named": named, "limit": MOST_NAMED}
    return _listed(connection, sealer, connection.scalars(_NAMED, values).all())


def open_subjects(connection: Connection) -> list[str]:
    """What runs are under way about."""
    return list(connection.scalars(_SUBJECTS))


def told_of(connection: Connection, listed: Listed) -> Told:
    """Everything about a run."""
    wanted = {"id": listed.run.id}
    decision = connection.execute(_DECISION, wanted).one_or_none()
    return Told(
        listed=listed,
        reached=tuple(Reached(*row) for row in connection.execute(_REACHED, wanted)),
        votes=tuple(Answered(*row) for row in connection.execute(_VOTES, wanted)),
        decision=Decided(*decision) if decision else None,
        trail=tuple(Happened(*row) for row in connection.execute(_TRAIL, wanted)),
    )


def _listed(connection: Connection, sealer: Sealer, ids: Sequence[UUID]) -> list[Listed]:
    known = runs_by_id(connection, ids)
    runs = [known[each] for each in ids]
    rows = connection.execute(_EVENTS, {"ids": [run.event_id for run in runs]})
    events = {row.id: sealer.open_json(row.payload, "inbox.payload") for row in rows}
    timers = {row.run_id: _waiting(row) for row in connection.execute(_TIMERS_OF, {"ids": list(ids)})}
    return [Listed(run, events[run.event_id], timers.get(run.id)) for run in runs]


# What is done to a run ------------------------------------------------------------------------------------------------

_PAUSE = text("""
    update run set status = 'paused', paused_at = :now, version = version + 1 where id = :id and status = 'active'
""")
_RESUME = text("""
    update run set status = 'active', paused_at = null, stood_still = stood_still + :still, version = version + 1
    where id = :id and status = 'paused'
""")
_LATER = text("""
    update timer set state = 'due', due_at = greatest(due_at + :still, :now), lease_until = null, attempts = 0,
        done_at = null
    where dedupe_key = 'step:' || :id || ':' || :place || ':' || :iter and state in ('due', 'void')
""")
# What had not left when the run was paused counts from when it leaves; that is measured, and is not to be added again.
_UNREACHED = text("""
    update step_exec e set stood_still = e.stood_still + :still
    where e.run_id = :id and not exists (
        select from intent i join leg_key k on k.intent_id = i.id join message_log m on m.id = k.message_id
        where i.run_id = e.run_id and i.step_no = e.step_no and m.sent_at is not null
    ) and exists (select from intent i where i.run_id = e.run_id and i.step_no = e.step_no)
""")
_LET_GO = text("""
    update message_log m set next_at = clock_timestamp() from intent i join leg_key k on k.intent_id = i.id
    where i.run_id = :id and m.id = k.message_id and m.state = 'held' and m.reason = 'run_paused'
""")


@dataclass(frozen=True, slots=True)
class Hand:
    """An operator's: who, why, and when in business time."""

    operator: str
    why: str
    now: datetime

    @property
    def actor(self) -> str:
        """As a trail names him."""
        return f"operator:{self.operator}"


def pause_run(connection: Connection, run_id: UUID, hand: Hand) -> bool:
    """Let a run stand still: nothing of it leaves, its clock stops, and answers count. False: it is not active."""
    run = lock_runs(connection, [run_id])[run_id]
    if not run.active:
        return False
    connection.execute(_PAUSE, {"id": run_id, "now": hand.now})
    note(connection, run, "paused", hand.now, detail=hand.why, actor=hand.actor)
    return True


def resume_run(connection: Connection, run_id: UUID, hand: Hand) -> bool:
    """Let it go on with what it had still to wait. False: it is not paused."""
    run = lock_runs(connection, [run_id])[run_id]
    if run.status is not RunStatus.PAUSED or run.paused_at is None:
        return False
    still = max(hand.now - run.paused_at, timedelta())
    connection.execute(_RESUME, {"id": run_id, "still": still})
    connection.execute(_UNREACHED, {"id": run_id, "still": still})
    where = {"id": str(run_id), "place": str(run.place), "iter": str(run.iter)}
    connection.execute(_LATER, {**where, "still": still, "now": hand.now})
    connection.execute(_LET_GO, {"id": run_id})
    note(connection, run, "resumed", hand.now, detail=hand.why, actor=hand.actor)
    return True


def cancel_run(connection: Connection, run_id: UUID, hand: Hand) -> bool:
    """End it: nothing more of it leaves, and no answer counts. False: it is over."""
    run = lock_runs(connection, [run_id])[run_id]
    if not end_run(connection, run_id, RunStatus.CANCELLED, "operator", hand.now):
        return False
    note(connection, run, RunStatus.CANCELLED, hand.now, detail=hand.why, actor=hand.actor)
    close_notice(connection, f"run:{run_id}")
    return True


# Timers ---------------------------------------------------------------------------------------------------------------

_TIMERS = text(f"""
    select {_TIMER_COLUMNS} from timer t
    where (:kind = '' or t.kind = :kind) and (cardinality(:states) = 0 or t.state = any(:states))
        and (not :late or t.due_at <= :now)
    order by t.due_at limit :limit
""").bindparams(bindparam("states", type_=ARRAY(Text)), bindparam("now", type_=DateTime(timezone=True)))  # noqa: S608
_TIMERS_NAMED = text(f"""
    select {_TIMER_COLUMNS} from timer t where t.id::text like :beginning || '%' order by t.id desc limit :limit
""")  # noqa: S608
_RETRY = text("""
    update timer set state = 'due', attempts = 0, lease_until = null, error = null, done_at = null
    where id = any(:ids) and state = 'dead' returning id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def timers_listed(
    connection: Connection, *, kind: str, states: Sequence[str], late_at: datetime | None, limit: int
) -> list[Waiting]:
    """Timers, those that are due first before the others; `late_at`: only what should have been fired by then."""
    values = {"kind": kind, "states": list(states), "late": late_at is not None, "now": late_at, "limit": limit}
    return [_waiting(row) for row in connection.execute(_TIMERS, values)]


def timers_named(connection: Connection, named: str) -> list[Waiting]:
    """Those whose id begins so; at most six."""
    values = {"beginning": named.lower().replace("%", "").replace("_", ""), "limit": MOST_NAMED}
    return [_waiting(row) for row in connection.execute(_TIMERS_NAMED, values)]


def retry_timers(connection: Connection, ids: Collection[UUID]) -> list[UUID]:
    """Let dead timers be due again, after what kept them from firing was mended."""
    done = list(connection.scalars(_RETRY, {"ids": list(ids)}))
    for each in done:
        close_notice(connection, f"timer:{each}")
    return done


def _waiting(row: Any) -> Waiting:
    return Waiting(*(getattr(row, name) for name in Waiting.__slots__))
