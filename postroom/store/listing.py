"""What an operator looks through: messages and events, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import Text

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Role, State
from postroom.store.ids import first_id_at
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message in a list."""

    id: UUID
    event_id: UUID
    company: str
    message_type: str
    subject: str
    channel: ChannelName
    role: Role
    address: str
    state: State
    reason: str | None
    attempts: int
    possible_duplicate: bool
    next_at: datetime
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are looked for; what is empty does not narrow."""

    states: Sequence[State] = ()
    channels: Sequence[ChannelName] = ()
    company: str | None = None
    message_type: str | None = None
    since: datetime | None = None
    addresses: Sequence[tuple[ChannelName, str]] = ()
    """Normalised; an exact match by blind index, since what is sealed cannot be searched otherwise."""


_MESSAGES = """
    select m.id, i.event_id, m.company, m.message_type, i.subject, m.channel, m.role, c.address, m.state, m.reason,
        m.attempts, m.possible_duplicate, m.next_at, m.created_at, m.sent_at, m.delivered_at
    from message_log m
    join intent i on i.id = m.intent_id
    join contact_point c on c.id = m.contact_point_id
    where {conditions}
    order by m.id desc limit :limit
"""
_CONDITIONS = {
    "states": "m.state = any(:states)",
    "channels": "m.channel = any(:channels)",
    "company": "m.company = :company",
    "message_type": "m.message_type = :message_type",
    "since": "m.id >= :since",  # ids begin with the time, and partitions are cut by id
    "blinds": "c.blind = any(:blinds)",
}
_ARRAYS = {"states": Text, "channels": Text, "blinds": BYTEA}


def messages(connection: Connection, sealer: Sealer, wanted: MessageFilter, *, limit: int) -> list[MessageRow]:
    """The newest messages that fit."""
    values = {name: value for name, value in _values(sealer, wanted).items() if value}
    conditions = " and ".join(_CONDITIONS[name] for name in values) or "true"
    statement = text(_MESSAGES.format(conditions=conditions)).bindparams(*_arrays(values))
    return [_message(row, sealer) for row in connection.execute(statement, {**values, "limit": limit})]


def _arrays(names: Iterable[str]) -> list[BindParameter[Any]]:
    return [bindparam(name, type_=ARRAY(_ARRAYS[name])) for name in names if name in _ARRAYS]


def _values(sealer: Sealer, wanted: MessageFilter) -> dict[str, Any]:
    return {
        "states": [state.value for state in wanted.states],
        "channels": [channel.value for channel in wanted.channels],
        "company": wanted.company,
        "message_type": wanted.message_type,
        "since": wanted.since and first_id_at(wanted.since),
        "blinds": [sealer.blind(channel, address) for channel, address in wanted.addresses],
    }


def _message(row: Any, sealer: Sealer) -> MessageRow:
    return MessageRow(
        id=row.id,
        event_id=row.event_id,
        company=row.company,
        message_type=row.message_type,
        subject=row.subject,
        channel=ChannelName(row.channel),
        role=Role(row.role),
        address=sealer.open_text(row.address, "contact_point.address"),
        state=State(row.state),
        reason=row.reason,
        attempts=row.attempts,
        possible_duplicate=row.possible_duplicate,
        next_at=row.next_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
    )


# Events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in a list."""

    id: UUID
    company: str
    source: str
    key: str
    type: str
    state: str
    failures: int
    error: str | None
    messages: int
    received_at: datetime


_EVENTS = text("""
    select e.id, e.company, e.source, e.key, e.type, e.state, e.failures, e.error, e.received_at, (
        select count(*) from intent i join leg_key k on k.intent_id = i.id where i.event_id = e.id
    ) as messages
    from inbox e
    where e.kind = 'event' and (:state = '' or e.state = :state) and (:company = '' or e.company = :company)
        and (:type = '' or e.type = :type) and e.id >= :since
    order by e.id desc limit :limit
""")


def events(
    connection: Connection, *, limit: int, since: datetime | None, state: str = "", company: str = "", type_: str = ""
) -> list[EventRow]:
    """The newest events that fit; an empty word does not narrow."""
    first = first_id_at(since) if since else UUID(int=0)
    values = {"state": state, "company": company, "type": type_, "limit": limit, "since": first}
    return [
        EventRow(
            row.id,
            row.company,
            row.source,
            row.key,
            row.type,
            row.state,
            row.failures,
            row.error,
            row.messages,
            row.received_at,
        )
        for row in connection.execute(_EVENTS, values)
    ]


# What happens now -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """A reply that came in: for somebody who watches."""

    id: UUID
    message_id: UUID | None
    channel: ChannelName
    kind: str
    words: str
    at: datetime


_NEWS = text("select id, message_id, channel, kind, content, at from reply where id > :after order by id")


def replies_after(connection: Connection, sealer: Sealer, after: UUID) -> list[News]:
    """The replies that came in after that one."""
    return [
        News(
            row.id,
            row.message_id,
            ChannelName(row.channel),
            row.kind,
            sealer.open_text(row.content, "reply.content"),
            row.at,
        )
        for row in connection.execute(_NEWS, {"after": after})
    ]
