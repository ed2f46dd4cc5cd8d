"""Which runs wait for Odoo to say that their document still needs them, and what it said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.store.runs import Run, note


@dataclass(frozen=True, slots=True)
class Looked:
    """A run whose document is to be looked at."""

    id: UUID
    company: str
    subject: str
    """purchase.order:42"""


_WAIT = text("select exists (select from run where status = 'active' and look_at <= :now)")
_TAKE = text("""
    with due as materialized (
        select id from run where status = 'active' and look_at <= :now
        order by look_at limit :limit for update skip locked
    )
    update run r set look_at = :again from due where r.id = due.id returning r.id, r.company, r.subject
""")
_WANT = text("""
    update run set look_at = :now, look_wanted_at = :now
    where id = any(:ids) and look_wanted_at is null
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_SEEN = text("""
    update run set looked_at = :now, look_at = :next, look_wanted_at = null where id = any(:ids) and status = 'active'
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_SOONER = text("""
    update timer set due_at = :now where subject_id = any(:ids) and kind = 'step' and state = 'due' and due_at > :now
        and subject_id in (select id from run where id = any(:ids) and look_wanted_at is not null)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_NOTED = text("select exists (select from run_event where run_id = :id and what = :what and detail = :detail)")


def looks_wait(connection: Connection, now: datetime) -> bool:
    """Whether any document is to be looked at."""
    return bool(connection.scalar(_WAIT, {"now": now}))


def take_looks(connection: Connection, *, now: datetime, again: datetime, limit: int) -> list[Looked]:
    """Those that are due; nobody else takes them before `again`, when they are due once more if nothing comes of it."""
    rows = connection.execute(_TAKE, {"now": now, "again": again, "limit": limit})
    return [Looked(row.id, row.company, row.subject) for row in rows]


def want_looks(connection: Connection, ids: Collection[UUID], now: datetime) -> None:
    """Steps of these runs wait for it, which the caller has locked."""
    if ids:
        connection.execute(_WANT, {"ids": list(ids), "now": now})


def seen_open(connection: Connection, ids: Collection[UUID], *, now: datetime, again: datetime) -> None:
    """They still need somebody: what waited for that goes on."""
    if ids:
        connection.execute(_SOONER, {"ids": list(ids), "now": now})
        connection.execute(_SEEN, {"ids": list(ids), "now": now, "next": again})


def note_once(connection: Connection, run: Run, what: str, now: datetime, detail: str) -> None:
    """Write into a run's trail what is seen at every look."""
    if not connection.scalar(_NOTED, {"id": run.id, "what": what, "detail": detail}):
        note(connection, run, what, now, detail=detail)
