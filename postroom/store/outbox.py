"""What is to be written into Odoo, once each, and in order for each record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.safety import Wire
from postroom.domain.writings import Ending, Writing
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

PLACE = "outbox.payload"
RESULT = "outbox.result"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A writing that is claimed, and how often it was tried, this time included."""

    id: UUID
    writing: Writing
    attempts: int
    created_at: datetime


_ADD = text("""
    insert into outbox (id, company, wire, kind, key, subject, payload, message_id)
    values (:id, :company, :wire, :kind, :key, :subject, :payload, :message_id)
    on conflict (key) do nothing returning id
""")
# Of a record's writings only the oldest that waits is claimable, so that they arrive in the order in which they were
# made; what is put off keeps those behind it waiting.
_CLAIM = text("""
    with due as materialized (
        select o.id from outbox o
        where o.state = 'waiting' and o.next_at <= clock_timestamp()
            and (o.lease_until is null or o.lease_until < clock_timestamp())
            and (o.subject = '' or not exists (
                select from outbox older
                where older.subject = o.subject and older.wire = o.wire and older.state = 'waiting' and older.id < o.id
            ))
        order by o.next_at, o.id limit :limit for update of o skip locked
    )
    update outbox o set lease_until = clock_timestamp() + :lease, attempts = o.attempts + 1
    from due where o.id = due.id
    returning o.id, o.company, o.wire, o.kind, o.key, o.subject, o.payload, o.message_id, o.attempts, o.created_at
""")
_PUT_OFF = text("""
    update outbox set next_at = clock_timestamp() + :wait, lease_until = null, code = :code, detail = :detail
    where id = :id and state = 'waiting'
""")
_END = text("""
    update outbox set state = :state, code = :code, detail = :detail, result = :result, lease_until = null,
        ended_at = clock_timestamp()
    where id = :id and state = 'waiting' returning id
""")
_WAITS = text("""
    select exists (select from outbox where state = 'waiting' and next_at <= clock_timestamp()
        and (lease_until is null or lease_until < clock_timestamp()))
""")


def add_writings(connection: Connection, sealer: Sealer, writings: Sequence[Writing]) -> Sequence[UUID]:
    """Add those whose key is new, in the transaction that has them written. Returns the ids of what was added."""
    added = []
    for writing in writings:
        row = connection.scalar(
            _ADD,
            {
                "id": new_id(),
                "company": writing.company,
                "wire": writing.wire.value,
                "kind": writing.kind,
                "key": writing.key,
                "subject": writing.subject,
                "payload": sealer.seal_text(json.dumps(dict(writing.payload), ensure_ascii=False), PLACE),
                "message_id": writing.message_id,
            },
        )
        if row is not None:
            added.append(row)
    return added


def claim_writings(connection: Connection, sealer: Sealer, *, limit: int, lease: timedelta) -> Sequence[Waiting]:
    """Claim what is due, the oldest first and one of each record, by lease."""
    rows = connection.execute(_CLAIM, {"limit": limit, "lease": lease}).all()
    return [Waiting(row.id, _writing(row, sealer), row.attempts, row.created_at) for row in rows]


def put_off(connection: Connection, writing_id: UUID, wait: timedelta, *, code: str, detail: str) -> None:
    """Odoo could not take it now: look again after `wait` of real time."""
    connection.execute(_PUT_OFF, {"id": writing_id, "wait": wait, "code": code, "detail": detail[:2000]})


def end_writing(connection: Connection, sealer: Sealer, writing_id: UUID, ending: Ending) -> bool:
    """Close it. False: somebody else had closed it."""
    result = None
    if ending.result is not None:
        result = sealer.seal_text(json.dumps(dict(ending.result), ensure_ascii=False), RESULT)
    values = {"id": writing_id, "state": ending.state, "code": ending.code, "detail": ending.detail[:2000]}
    return connection.scalar(_END, {**values, "result": result}) is not None


def writings_wait(connection: Connection) -> bool:
    """Whether anything is due to be written into Odoo."""
    return bool(connection.scalar(_WAITS))


def _writing(row: Any, sealer: Sealer) -> Writing:
    payload: Mapping[str, Any] = json.loads(sealer.open_text(row.payload, PLACE))
    return Writing(row.company, Wire(row.wire), row.kind, row.key, row.subject, payload, row.message_id)
