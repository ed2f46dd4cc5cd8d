"""What is held since it tells of what happened before its company went live; sending it after all, or dropping it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.events import event_from
from postroom.domain.going_live import Held, owed
from postroom.store.ids import new_id
from postroom.store.notices import close_notice
from postroom.store.sealing import Sealer

_HELD = text("""
    select m.id, m.intent_id, m.company, m.message_type, m.channel, i.subject, i.happened_at, i.facts, c.address
    from message_log m
    join intent i on i.id = m.intent_id
    join contact_point c on c.id = m.contact_point_id
    where m.state = 'held' and m.reason = 'cut_off' and (:company = '' or m.company = :company)
        and (:message_type = '' or m.message_type = :message_type)
    order by m.id
""")


def held(connection: Connection, sealer: Sealer, company: str = "", message_type: str = "") -> list[Held]:
    """What is held by a cut-off, the oldest first; an empty word does not narrow."""
    rows = connection.execute(_HELD, {"company": company, "message_type": message_type})
    return [_held(row, sealer) for row in rows]


def _held(row: Any, sealer: Sealer) -> Held:
    return Held(
        id=row.id,
        intent_id=row.intent_id,
        company=row.company,
        message_type=row.message_type,
        channel=ChannelName(row.channel),
        subject=row.subject,
        address=sealer.open_text(row.address, "contact_point.address"),
        happened_at=row.happened_at,
        owed=owed(event_from(sealer.open_json(row.facts, "intent.facts"))),
    )


_OPEN = text("""
    select count(*) as messages, count(*) filter (where i.happened_at < :before) as older
    from message_log m join intent i on i.id = m.intent_id
    where m.company = :company and m.channel = :channel and m.state in ('queued', 'held')
""")


@dataclass(frozen=True, slots=True)
class Open:
    """What of a company waits on a channel, and how much of that tells of what happened before a moment."""

    messages: int
    older: int


def open_messages(connection: Connection, company: str, channel: ChannelName, before: datetime) -> Open:
    """Count what has not left yet."""
    row = connection.execute(_OPEN, {"company": company, "channel": channel.value, "before": before}).one()
    return Open(row.messages, row.older)


# The operator's word ------------------------------------------------------------------------------------------------

# Its intent is held against no cut-off any more, so that whatever stands in for it may leave as well.
_SEND = text("""
    with renewed as (
        select * from unnest(:types, :not_afters) as renewed (message_type, not_after)
    ), released as (
        update message_log m set state = 'queued', reason = null, next_at = clock_timestamp(),
            budget_from = clock_timestamp(), not_after = renewed.not_after
        from renewed
        where m.id = any(:ids) and m.state = 'held' and m.reason = 'cut_off'
            and m.message_type = renewed.message_type
        returning m.id, m.intent_id, m.company, m.message_type, renewed.not_after
    ), asked as (
        update intent i set happened_at = null, not_after = released.not_after
        from released where i.id = released.intent_id
    )
    select id, intent_id, company, message_type from released
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("types", type_=ARRAY(Text)),
    bindparam("not_afters", type_=ARRAY(DateTime(timezone=True))),
)
_DROP = text("""
    update message_log m set state = 'cancelled', reason = 'operator', ended_at = clock_timestamp()
    where m.id = any(:ids) and m.state = 'held' and m.reason = 'cut_off'
    returning m.id, m.intent_id, m.company, m.message_type
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_NOTE = text("""
    insert into message_event (id, message_id, company, what, detail)
    select new.id, new.message_id, new.company, 'operator', :detail
    from unnest(:ids, :message_ids, :companies) as new (id, message_id, company)
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("message_ids", type_=ARRAY(Uuid)),
    bindparam("companies", type_=ARRAY(Text)),
)
_COMPANIES_HELD = text("""
    select exists (select from message_log where state = 'held' and reason = 'cut_off' and company = :company)
""")


@dataclass(frozen=True, slots=True)
class Decided:
    """One message that an operator has decided about."""

    id: UUID
    intent_id: UUID
    company: str
    message_type: str


def send_after_all(connection: Connection, ids: Sequence[UUID], not_after: Mapping[str, datetime]) -> list[Decided]:
    """Let held messages go, each until its type's new end; hours, opt-outs and ceilings hold as for any other.

    What somebody has decided about meanwhile is left alone. May be called twice.
    """
    values = {"ids": list(ids), "types": list(not_after), "not_afters": list(not_after.values())}
    return _noted(connection, connection.execute(_SEND, values).all(), "backlog: sent after all")


def drop(connection: Connection, ids: Sequence[UUID]) -> list[Decided]:
    """Cancel held messages: nobody hears of them, and nothing stands in for them."""
    return _noted(connection, connection.execute(_DROP, {"ids": list(ids)}).all(), "backlog: dropped")


def _noted(connection: Connection, rows: Sequence[Any], detail: str) -> list[Decided]:
    decided = [Decided(row.id, row.intent_id, row.company, row.message_type) for row in rows]
    values = {
        "ids": [new_id() for _ in decided],
        "message_ids": [each.id for each in decided],
        "companies": [each.company for each in decided],
    }
    connection.execute(_NOTE, {**values, "detail": detail})
    for company in {each.company for each in decided}:
        if not connection.scalar(_COMPANIES_HELD, {"company": company}):
            close_notice(connection, f"backlog:{company}")
    return decided
