"""What was written into Odoo and what waits, for operators: listed, tried again, dropped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from postroom.store.outbox import PLACE, RESULT
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Written:
    """One thing that was to be written into Odoo, and how far it came."""

    id: UUID
    company: str
    wire: str
    kind: str
    key: str
    subject: str
    state: str
    attempts: int
    code: str | None
    detail: str | None
    message_id: UUID | None
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    result: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)


_COLUMNS = """
    select id, company, wire, kind, key, subject, state, attempts, code, detail, message_id, created_at, next_at,
        ended_at, result, payload
    from outbox
"""
_LIST = text(f"""
    {_COLUMNS} where (cardinality(:states) = 0 or state = any(:states)) and (:company = '' or company = :company)
        and (:kind = '' or kind = :kind)
    order by id desc limit :limit
""").bindparams(bindparam("states", type_=ARRAY(Text)))
_OF_MESSAGES = text(f"{_COLUMNS} where message_id = any(:ids) order by id").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_NAMED = text(f"{_COLUMNS} where id::text like :beginning || '%' order by id desc limit 3")
_RETRY = text("""
    update outbox set state = 'waiting', next_at = clock_timestamp(), created_at = clock_timestamp(),
        lease_until = null, code = null, ended_at = null
    where id = any(:ids) and state in ('dead', 'refused', 'waiting')
        and (lease_until is null or lease_until < clock_timestamp())
    returning id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_DROP = text("""
    update outbox set state = 'void', code = 'dropped', detail = :detail, lease_until = null,
        ended_at = clock_timestamp()
    where id = any(:ids) and state in ('waiting', 'dead', 'refused')
        and (lease_until is null or lease_until < clock_timestamp())
    returning id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_DEAD_LEFT = text("""
    select exists (select from outbox where state = 'dead' and kind = :kind and code = :code)
""")


def writings(
    connection: Connection, sealer: Sealer, *, states: Sequence[str] = (), company: str = "", kind: str = "", limit: int
) -> list[Written]:
    """The newest, whatever fits."""
    asked = {"states": list(states), "company": company, "kind": kind, "limit": limit}
    return [_written(row, sealer) for row in connection.execute(_LIST, asked)]


def writings_about(connection: Connection, sealer: Sealer, message_ids: Sequence[UUID]) -> list[Written]:
    """What these messages led to in Odoo, the oldest first."""
    if not message_ids:
        return []
    return [_written(row, sealer) for row in connection.execute(_OF_MESSAGES, {"ids": list(message_ids)})]


def writings_named(connection: Connection, sealer: Sealer, beginning: str) -> list[Written]:
    """Those whose id begins so; at most three."""
    return [_written(row, sealer) for row in connection.execute(_NAMED, {"beginning": beginning.lower()})]


def try_again(connection: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Let them be written now. A patience of its own begins; what is under way or done is left alone."""
    return list(connection.scalars(_RETRY, {"ids": list(ids)}))


def drop(connection: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Give them up: nothing is written, and what waits behind them may go on."""
    return list(connection.scalars(_DROP, {"ids": list(ids), "detail": "dropped by an operator"}))


def dead_left(connection: Connection, kind: str, code: str) -> bool:
    """Whether any more of this kind was given up for this reason."""
    return bool(connection.scalar(_DEAD_LEFT, {"kind": kind, "code": code}))


def _written(row: Row[Any], sealer: Sealer) -> Written:
    result = None if row.result is None else json.loads(sealer.open_text(row.result, RESULT))
    return Written(
        id=row.id,
        company=row.company,
        wire=row.wire,
        kind=row.kind,
        key=row.key,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        code=row.code,
        detail=row.detail,
        message_id=row.message_id,
        created_at=row.created_at,
        next_at=row.next_at,
        ended_at=row.ended_at,
        result=result,
        payload=json.loads(sealer.open_text(row.payload, PLACE)),
    )
