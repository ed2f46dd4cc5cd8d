"""Durable timers: whatever waits for longer than a minute waits here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

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
    returning t.id, t.kind, t.company, t.subject_id, t.attempts
""")
_FINISH = text("""
    update timer set state = :state, done_at = clock_timestamp(), lease_until = null
    where id = :id and state = 'due' returning id
""")
_FAIL = text("""
    update timer set error = :error, lease_until = clock_timestamp() + :pause,
        state = case when attempts >= :most then 'dead' else 'due' end
    where id = :id and state = 'due' returning state
""")
_LOCK = text("select state from timer where id = :id for update")


def set_timer(connection: Connection, *, kind: str, key: str, company: str, subject_id: UUID, due_at: datetime) -> None:
    """Set a timer once; `due_at` is business time."""
    connection.execute(
        _SET,
        {"id": new_id(), "kind": kind, "key": key, "company": company, "subject_id": subject_id, "due_at": due_at},
    )


def claim_timers(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> Sequence[Timer]:
    """Claim due timers by lease; an expired lease makes a timer claimable again."""
    rows = connection.execute(_CLAIM, {"now": now, "limit": limit, "lease": lease})
    return [Timer(row.id, row.kind, row.company, row.subject_id, row.attempts) for row in rows]


def still_due(connection: Connection, timer_id: UUID) -> bool:
    """Lock a timer for the rest of the transaction. False: it was fired or voided meanwhile."""
    return bool(connection.scalar(_LOCK, {"id": timer_id}) == "due")


def finish(connection: Connection, timer_id: UUID, *, fired: bool) -> bool:
    """Close a timer in the transaction that does its work. False: somebody else had closed it."""
    state = "done" if fired else "void"
    return connection.scalar(_FINISH, {"id": timer_id, "state": state}) is not None


def fail(connection: Connection, timer_id: UUID, error: str) -> bool:
    """Count a timer's failure; it is tried again in ten seconds. Returns whether it is dead now."""
    state = connection.scalar(
        _FAIL, {"id": timer_id, "error": error[:2000], "pause": timedelta(seconds=10), "most": MAX_ATTEMPTS}
    )
    return bool(state == "dead")
