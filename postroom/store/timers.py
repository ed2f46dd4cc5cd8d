"""Durable timers: whatever waits for longer than a minute waits here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, SmallInteger, Text, Uuid

from postroom.store.ids import new_id

MAX_ATTEMPTS = 5
"""A timer that cannot be fired five times is dead, and an operator is told."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that falls due."""

    id: UUID
    kind: str
    company: str
    subject_id: UUID
    attempts: int
    due_at: datetime
    step_no: int | None = None
    iter: int | None = None


@dataclass(frozen=True, slots=True)
class StepTimer:
    """A run's next step, to be set."""

    run_id: UUID
    company: str
    step_no: int
    iter: int
    due_at: datetime
    """Business time."""


Outcome = bool | datetime
"""What became of a timer: it fired, it was void, or when to look again."""
STEP = "step"
"""The kind of a run's timers."""


_SET = text("""
    insert into timer (id, kind, dedupe_key, company, subject_id, due_at)
    values (:id, :kind, :key, :company, :subject_id, :due_at) on conflict (dedupe_key) do nothing
""")
_CLAIM = text("""
    with due as materialized (
        select id from timer
        where state = 'due' and due_at <= :now and (lease_until is null or lease_until < clock_timestamp())
        order by due_at limit :limit for update skip locked
    )
    update timer t set lease_until = clock_timestamp() + :lease, attempts = t.attempts + 1
    from due where t.id = due.id
    returning t.id, t.kind, t.company, t.subject_id, t.attempts, t.due_at, t.step_no, t.iter
""")
_SET_STEPS = text("""
    insert into timer (id, kind, dedupe_key, company, subject_id, step_no, iter, due_at)
    select n.id, 'step', 'step:' || n.run_id || ':' || n.step_no || ':' || n.iter, n.company, n.run_id, n.step_no,
        n.iter, n.due_at
    from unnest(:ids, :runs, :companies, :steps, :iters, :due_ats) as n (id, run_id, company, step_no, iter, due_at)
    on conflict (dedupe_key) do update
        set state = 'due', due_at = excluded.due_at, lease_until = null, attempts = 0, done_at = null, error = null
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "runs")),
    bindparam("companies", type_=ARRAY(Text)),
    *(bindparam(name, type_=ARRAY(SmallInteger)) for name in ("steps", "iters")),
    bindparam("due_ats", type_=ARRAY(DateTime(timezone=True))),
)
_FINISH = text("""
    update timer set state = :state, done_at = clock_timestamp(), lease_until = null
    where id = any(:ids) and state = 'due'
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_POSTPONE = text("""
    update timer t set due_at = later.due_at, lease_until = null, attempts = 0
    from unnest(:ids, :due_ats) as later (id, due_at) where t.id = later.id and t.state = 'due'
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("due_ats", type_=ARRAY(DateTime(timezone=True))))
_FAIL = text("""
    update timer set error = :error, lease_until = clock_timestamp() + :pause,
        state = case when attempts >= :most then 'dead' else 'due' end
    where id = :id and state = 'due' returning state
""")
_LOCK = text("select id from timer where id = any(:ids) and state = 'due' order by id for update").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)


def set_timer(connection: Connection, *, kind: str, key: str, company: str, subject_id: UUID, due_at: datetime) -> None:
    """Set a timer once; `due_at` is business time."""
    connection.execute(
        _SET,
        {"id": new_id(), "kind": kind, "key": key, "company": company, "subject_id": subject_id, "due_at": due_at},
    )


def claim_timers(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> Sequence[Timer]:
    """Claim due timers by lease; an expired lease makes a timer claimable again."""
    rows = connection.execute(_CLAIM, {"now": now, "limit": limit, "lease": lease})
    return [
        Timer(row.id, row.kind, row.company, row.subject_id, row.attempts, row.due_at, row.step_no, row.iter)
        for row in rows
    ]


def set_step_timers(connection: Connection, timers: Sequence[StepTimer]) -> None:
    """Set the next steps of runs that the caller has locked; a step that was void is due again."""
    if timers:
        connection.execute(
            _SET_STEPS,
            {
                "ids": [new_id() for _ in timers],
                "runs": [each.run_id for each in timers],
                "companies": [each.company for each in timers],
                "steps": [each.step_no for each in timers],
                "iters": [each.iter for each in timers],
                "due_ats": [each.due_at for each in timers],
            },
        )


def still_due(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Lock timers for the rest of the transaction. Those that are missing were fired or voided meanwhile."""
    return set(connection.scalars(_LOCK, {"ids": list(ids)}))


def close_timers(connection: Connection, outcomes: Mapping[UUID, Outcome]) -> None:
    """Close timers, or put them off, in the transaction that does their work."""
    for state, fired in (("done", True), ("void", False)):
        ids = [timer_id for timer_id, outcome in outcomes.items() if outcome is fired]
        if ids:
            connection.execute(_FINISH, {"ids": ids, "state": state})
    later = {timer_id: outcome for timer_id, outcome in outcomes.items() if isinstance(outcome, datetime)}
    if later:
        connection.execute(_POSTPONE, {"ids": list(later), "due_ats": list(later.values())})


def fail(connection: Connection, timer_id: UUID, error: str) -> bool:
    """Count a timer's failure; it is tried again in ten seconds. Returns whether it is dead now."""
    state = connection.scalar(
        _FAIL, {"id": timer_id, "error": error[:2000], "pause": timedelta(seconds=10), "most": MAX_ATTEMPTS}
    )
    return bool(state == "dead")
