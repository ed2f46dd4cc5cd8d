"""What is to be written into Odoo, once each, and in order for each record."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

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
    age: timedelta = timedelta()
    code: str = ""
    """Of its last fault."""


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
        where o.state = 'waiting' and o.wire = :wire and o.next_at <= clock_timestamp()
            and (o.lease_until is null or o.lease_until < clock_timestamp())
            and (o.subject = '' or not exists (
                select from outbox older
                where older.subject = o.subject and older.wire = o.wire and older.state = 'waiting' and older.id < o.id
            ))
            and not exists (
                select from pause p
                where p.scope = 'all' or (p.scope, p.value) in (('company', o.company), ('channel', 'odoo'))
            )
        order by o.next_at, o.id limit :limit for update of o skip locked
    )
    update outbox o set lease_until = clock_timestamp() + :lease, attempts = o.attempts + 1
    from due where o.id = due.id
    returning o.id, o.company, o.wire, o.kind, o.key, o.subject, o.payload, o.message_id, o.attempts, o.created_at,
        clock_timestamp() - o.created_at as age, o.code
""")
# Each claim counts the attempts up: who was away for longer than his lease finds another number and changes nothing.
_MINE = "id = :id and state = 'waiting' and attempts = :attempts"
_PUT_OFF = text(f"""
    update outbox set next_at = clock_timestamp() + :wait, lease_until = null, code = :code, detail = :detail
    where {_MINE}
""")  # noqa: S608
_END = text(f"""
    update outbox set state = :state, code = :code, detail = :detail, result = :result, lease_until = null,
        ended_at = clock_timestamp()
    where {_MINE} returning id
""")  # noqa: S608
_HOLD_ON = text(f"update outbox set lease_until = clock_timestamp() + :lease where {_MINE}")  # noqa: S608
_HOLD_BACK = text("""
    update outbox set next_at = :until, code = :code
    where state = 'waiting' and wire = :wire and next_at <= clock_timestamp()
        and (lease_until is null or lease_until < clock_timestamp())
""")
_LET_GO = text("""
    update outbox set next_at = clock_timestamp()
    where state = 'waiting' and wire = :wire and code like 'circuit:%' and next_at > clock_timestamp()
""")
_COMPANIES = bindparam("companies", type_=ARRAY(Text))
_NOT_TOLD = text("delete from status_told where not (company = any(:companies))").bindparams(_COMPANIES)
_TOLD = text("""
    insert into status_told (company) select unnest(:companies) on conflict do nothing
""").bindparams(_COMPANIES)
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


def claim_writings(
    connection: Connection, sealer: Sealer, *, wire: Wire, limit: int, lease: timedelta
) -> Sequence[Waiting]:
    """Claim what is due for one Odoo, the oldest first and one of each record, by lease."""
    rows = connection.execute(_CLAIM, {"wire": wire.value, "limit": limit, "lease": lease}).all()
    return [
        Waiting(row.id, _writing(row, sealer), row.attempts, row.created_at, row.age, row.code or "") for row in rows
    ]


def hold_on(connection: Connection, waiting: Waiting, lease: timedelta) -> None:
    """It takes longer: keep the claim, unless somebody else has it by now."""
    connection.execute(_HOLD_ON, {"id": waiting.id, "attempts": waiting.attempts, "lease": lease})


def put_off(connection: Connection, waiting: Waiting, wait: timedelta, *, code: str, detail: str) -> None:
    """Odoo could not take it now: look again after `wait` of real time."""
    mine = {"id": waiting.id, "attempts": waiting.attempts}
    connection.execute(_PUT_OFF, {**mine, "wait": wait, "code": code, "detail": detail[:2000]})


def end_writing(connection: Connection, sealer: Sealer, waiting: Waiting, ending: Ending) -> bool:
    """Close it. False: somebody else had it by then."""
    result = None
    if ending.result is not None:
        result = sealer.seal_text(json.dumps(dict(ending.result), ensure_ascii=False), RESULT)
    mine = {"id": waiting.id, "attempts": waiting.attempts}
    values = {"state": ending.state, "code": ending.code, "detail": ending.detail[:2000]}
    return connection.scalar(_END, {**mine, **values, "result": result}) is not None


def hold_back(connection: Connection, wire: Wire, until: datetime, reason: str) -> None:
    """That Odoo is stopped: everything that is due for it waits until it is probed."""
    connection.execute(_HOLD_BACK, {"wire": wire.value, "until": until, "code": f"circuit:{reason}"})


def let_go(connection: Connection, wire: Wire) -> None:
    """That Odoo answers again: what was held back is due."""
    connection.execute(_LET_GO, {"wire": wire.value})


def tell_status_of(connection: Connection, companies: Sequence[str]) -> None:
    """Have every move of these companies' messages written down from now on; '*' stands for all that there are."""
    connection.execute(_NOT_TOLD, {"companies": list(companies)})
    connection.execute(_TOLD, {"companies": list(companies)})


def writings_wait(connection: Connection) -> bool:
    """Whether anything is due to be written into Odoo."""
    return bool(connection.scalar(_WAITS))


def _writing(row: Any, sealer: Sealer) -> Writing:
    payload: Mapping[str, Any] = json.loads(sealer.open_text(row.payload, PLACE))
    return Writing(row.company, Wire(row.wire), row.kind, row.key, row.subject, payload, row.message_id)
