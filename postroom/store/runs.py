"""Runs: what waits for people, how far it has come, and everything that happened to it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Integer, Interval, SmallInteger, Text, Uuid

from postroom.domain.chain_json import from_json, to_json
from postroom.domain.escalation import Chain
from postroom.domain.messages import WITHHELD
from postroom.domain.runs import RunStatus
from postroom.store.cards import want_changes
from postroom.store.ids import new_id

# Flows ----------------------------------------------------------------------------------------------------------------

_KEEP_FLOW = text("""
    insert into flow_version (id, flow_key, version, spec, sha256)
    select :id, :key, coalesce(max(version), 0) + 1, cast(:spec as jsonb), :sha256
    from flow_version where flow_key = :key
    on conflict do nothing
""")
_FLOW = text("select id from flow_version where flow_key = :key and sha256 = :sha256")
_SPEC = text("select spec from flow_version where id = :id")


def keep_flow(connection: Connection, chain: Chain) -> UUID:
    """The id of this very chain, kept when it is first used; a chain that changed is a new version."""
    spec = json.dumps(to_json(chain), sort_keys=True)
    named = {"key": chain.key, "sha256": hashlib.sha256(spec.encode()).digest()}
    while (found := connection.scalar(_FLOW, named)) is None:
        connection.execute(_KEEP_FLOW, {"id": new_id(), "spec": spec, **named})
    return UUID(str(found))


_chains: dict[UUID, Chain] = {}
"""Chains by the id of their version, which never changes; as many as were ever edited."""


def chain_of(connection: Connection, flow_version_id: UUID) -> Chain:
    """The chain that a run was begun by."""
    if flow_version_id not in _chains:
        _chains[flow_version_id] = from_json(connection.scalar(_SPEC, {"id": flow_version_id}))
    return _chains[flow_version_id]


# Runs -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """Something that waits for people."""

    id: UUID
    flow_version_id: UUID
    flow_key: str
    company: str
    subject: str
    subject_rev: str | None
    event_id: UUID
    status: RunStatus
    why: str | None
    levels: int
    place: int
    """What is due next: an index in the moments of all levels."""
    iter: int
    tz: str
    requester_id: int | None
    began_at: datetime
    asked_at: datetime | None
    """When its present level was asked."""
    looked_at: datetime | None
    """When Odoo last said that its subject is still open."""
    look_at: datetime | None
    """When Odoo is to be asked again; None: never."""
    look_wanted_at: datetime | None
    """Since when a step that is due waits for that."""
    paused_at: datetime | None
    stood_still: timedelta
    """All the time that it was paused before."""
    ended_at: datetime | None

    @property
    def active(self) -> bool:
        """Whether its steps are taken."""
        return self.status is RunStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to begin."""

    flow_version_id: UUID
    flow_key: str
    company: str
    subject: str
    subject_rev: str | None
    event_id: UUID
    levels: int
    tz: str
    requester_id: int | None
    began_at: datetime
    look_at: datetime | None = None
    """When Odoo is first to be asked whether it is still open; None: never."""


_COLUMNS = """id, flow_version_id, flow_key, company, subject, subject_rev, event_id, status, why, levels,
    cur_step as place, iter, tz, requester_id, began_at, asked_at, looked_at, look_at,
    look_wanted_at, paused_at, stood_still, ended_at"""
_BEGIN = text(f"""
    insert into run (id, flow_version_id, flow_key, company, subject, subject_rev, event_id, levels, tz, requester_id,
        began_at, looked_at, look_at)
    values (:id, :flow_version_id, :flow_key, :company, :subject, :subject_rev, :event_id, :levels, :tz, :requester_id,
        :began_at, :began_at, :look_at)
    on conflict (company, flow_key, subject) where status in ('active', 'paused') do nothing
    returning {_COLUMNS}
""")  # noqa: S608
_LOCK = text(f"select {_COLUMNS} from run where id = any(:ids) order by id for update").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid))
)
_OPEN = text(f"""
    select {_COLUMNS} from run
    where company = :company and flow_key = :flow_key and subject = :subject and status in ('active', 'paused')
    for update
""")  # noqa: S608
_OVER = text("select status not in ('active', 'paused') from run where id = :id")
_RUN = text(f"select {_COLUMNS} from run where id = :id")  # noqa: S608
_RUNS = text(f"select {_COLUMNS} from run where id = any(:ids)").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid))
)


def begin_run(connection: Connection, new: NewRun) -> Run | None:
    """Begin a run; None where one about the same subject is open."""
    values = {name: getattr(new, name) for name in NewRun.__slots__}
    row = connection.execute(_BEGIN, {"id": new_id(), **values}).one_or_none()
    return _run(row) if row else None


def lock_runs(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Run]:
    """Lock runs, in one order, for the rest of the transaction: a run is always locked before its timers."""
    return {row.id: _run(row) for row in connection.execute(_LOCK, {"ids": list(ids)})}


def lock_open_run(connection: Connection, company: str, flow_key: str, subject: str) -> Run | None:
    """Lock the open run about a subject."""
    row = connection.execute(_OPEN, {"company": company, "flow_key": flow_key, "subject": subject}).one_or_none()
    return _run(row) if row else None


def run_by_id(connection: Connection, run_id: UUID) -> Run | None:
    """A run as it stands now."""
    row = connection.execute(_RUN, {"id": run_id}).one_or_none()
    return _run(row) if row else None


def runs_by_id(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Run]:
    """Runs as they stand now."""
    return {row.id: _run(row) for row in connection.execute(_RUNS, {"ids": list(ids)})}


def run_is_over(connection: Connection, run_id: UUID) -> bool:
    """Whether nobody waits for an answer any more."""
    return bool(connection.scalar(_OVER, {"id": run_id}))


def _run(row: object) -> Run:
    values = {name: getattr(row, name) for name in Run.__slots__}
    return Run(**{**values, "status": RunStatus(values["status"])})


# Steps ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fired:
    """A step of a run that is done: sent, or passed over since a later one was due as well."""

    run: Run
    place: int
    at: datetime
    late: int = 0
    """Seconds after it was due."""
    skipped: bool = False


_FIRE = text("""
    insert into step_exec (run_id, step_no, iter, company, outcome, fired_at, late, stood_still)
    select * from unnest(:runs, :places, :iters, :companies, :outcomes, :ats, :lates, :still)
    on conflict do nothing returning run_id, step_no
""").bindparams(
    bindparam("runs", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(SmallInteger)) for name in ("places", "iters")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "outcomes")),
    bindparam("ats", type_=ARRAY(DateTime(timezone=True))),
    bindparam("lates", type_=ARRAY(Integer)),
    bindparam("still", type_=ARRAY(Interval)),
)


def fire(connection: Connection, fired: Sequence[Fired]) -> set[tuple[UUID, int]]:
    """Write steps down, each once for ever. Returns those that are new, by run and place."""
    if not fired:
        return set()
    rows = connection.execute(
        _FIRE,
        {
            "runs": [each.run.id for each in fired],
            "places": [each.place for each in fired],
            "iters": [each.run.iter for each in fired],
            "companies": [each.run.company for each in fired],
            "outcomes": ["skipped" if each.skipped else "fired" for each in fired],
            "ats": [each.at for each in fired],
            "lates": [each.late for each in fired],
            "still": [each.run.stood_still for each in fired],
        },
    )
    return {(row.run_id, row.step_no) for row in rows}


_ADVANCE = text("""
    update run r set cur_step = new.place, asked_at = coalesce(new.asked_at, r.asked_at), version = r.version + 1
    from unnest(:ids, :places, :asked_ats) as new (id, place, asked_at) where r.id = new.id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("places", type_=ARRAY(SmallInteger)),
    bindparam("asked_ats", type_=ARRAY(DateTime(timezone=True))),
)


def advance(connection: Connection, moved: Mapping[UUID, tuple[int, datetime | None]]) -> None:
    """Set what is due next in each run; with a time where its level is asked just now."""
    if moved:
        places = [place for place, _ in moved.values()]
        asked = [at for _, at in moved.values()]
        connection.execute(_ADVANCE, {"ids": list(moved), "places": places, "asked_ats": asked})


# How far the messages have come ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done in a run, and whom it reached."""

    fired: Mapping[int, datetime]
    """By place, in business time; later by as much as the run stood still since."""
    reached_after: Mapping[int, timedelta]
    """By place, the real time until a provider took the first message; of what may have arrived, until it was tried."""
    open: bool
    """A message of the last of them may still leave."""


_STEPS = text("""
    select e.run_id, e.step_no, e.fired_at + (r.stood_still - e.stood_still) as fired_at, e.written_at
    from step_exec e join run r on r.id = e.run_id
    where e.run_id = any(:ids) and e.outcome = 'fired' order by e.run_id, e.step_no, e.iter
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_LEGS = text("""
    select i.run_id, i.step_no,
        min(case
            when m.state in ('sent', 'delivered', 'read') then coalesce(m.sent_at, m.delivered_at, m.read_at)
            when m.state = 'unknown' then (select min(a.started_at) from attempt a where a.message_id = m.id)
            when m.state = 'suppressed' and m.reason = any(:withheld) then m.ended_at
        end) as taken_at,
        bool_or(m.state in ('queued', 'held', 'claimed', 'sending')) as open
    from intent i
    join leg_key k on k.intent_id = i.id
    join message_log m on m.id = k.message_id
    where i.run_id = any(:ids)
    group by i.run_id, i.step_no
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("withheld", type_=ARRAY(Text)))


def progress_of(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Progress]:
    """What was done in each run, and whom it reached."""
    steps = connection.execute(_STEPS, {"ids": list(ids)}).all()
    legs = connection.execute(_LEGS, {"ids": list(ids), "withheld": sorted(WITHHELD)})
    of_step = {(row.run_id, row.step_no): row for row in legs}
    found = {run_id: Progress({}, {}, False) for run_id in ids}
    for step in steps:  # in order: what is open is told by the last
        so_far, leg = found[step.run_id], of_step.get((step.run_id, step.step_no))
        taken_at = leg.taken_at if leg else None
        reached = {step.step_no: max(taken_at - step.written_at, timedelta())} if taken_at else {}
        found[step.run_id] = Progress(
            {**so_far.fired, step.step_no: step.fired_at},
            {**so_far.reached_after, **reached},
            bool(leg and leg.open),
        )
    return found


# Ending ---------------------------------------------------------------------------------------------------------------

_END = text("""
    update run set status = :status, why = :why, ended_at = :now, version = version + 1
    where id = :id and status in ('active', 'paused') returning id
""")
_CANCEL_LEGS = text("""
    update message_log m set state = 'cancelled', reason = :why, lease_until = null, ended_at = clock_timestamp()
    from leg_key k join intent i on i.id = k.intent_id
    where i.run_id = :id and k.message_id = m.id and m.state in ('queued', 'held', 'claimed')
""")
_VOID_TIMERS = text("""
    update timer set state = 'void', done_at = clock_timestamp(), lease_until = null
    where subject_id in (select id from intent where run_id = :id) and kind = 'confirm' and state = 'due'
""")


def end_run(connection: Connection, run_id: UUID, status: RunStatus, why: str, now: datetime) -> bool:
    """End an open run, which the caller has locked: none of its messages leaves that has not left. False: it was over.

    Its own timers are void when they come due: an answer never waits for one.
    """
    ended = connection.scalar(_END, {"id": run_id, "status": status.value, "why": why, "now": now})
    if ended is None:
        return False
    connection.execute(_CANCEL_LEGS, {"id": run_id, "why": status.value})
    connection.execute(_VOID_TIMERS, {"id": run_id})
    want_changes(connection, run_id)
    return True


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that happened to a run, for its trail."""

    run: Run
    what: str
    at: datetime
    detail: str | None = None
    """For operators; it holds no personal data."""
    actor: str | None = None


_NOTE = text("""
    insert into run_event (id, run_id, company, what, detail, actor, at)
    select * from unnest(:ids, :runs, :companies, :whats, :details, :actors, :ats)
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "runs")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "whats", "details", "actors")),
    bindparam("ats", type_=ARRAY(DateTime(timezone=True))),
)


def note_all(connection: Connection, noted: Sequence[Noted]) -> None:
    """Write into the trails of runs."""
    if noted:
        values = {
            "ids": [new_id() for _ in noted],
            "runs": [each.run.id for each in noted],
            "companies": [each.run.company for each in noted],
            "whats": [each.what for each in noted],
            "details": [each.detail for each in noted],
            "actors": [each.actor for each in noted],
            "ats": [each.at for each in noted],
        }
        connection.execute(_NOTE, values)


def note(
    connection: Connection, run: Run, what: str, now: datetime, *, detail: str | None = None, actor: str | None = None
) -> None:
    """Write into a run's trail; `detail` is for operators, and holds no personal data."""
    note_all(connection, [Noted(run, what, now, detail, actor)])
