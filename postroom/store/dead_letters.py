"""How each receiver of callbacks stands, what it did not take, and putting that before it once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.store.callbacks import Callback, Receiver, add_callbacks
from postroom.store.ids import first_id_at, new_id
from postroom.store.notices import close_notice
from postroom.store.sealing import Sealer

MOST = 10_000
"""How many are read at once; what is left is found by asking again."""
_REPLAYED_BY = b""
"""No rule of ours asked for a replay, but an operator."""

# How they stand -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """A receiver, and how far it has come."""

    receiver: Receiver
    waiting: int
    dead: int
    trouble: str | None
    """Why the oldest that waits was not taken yet."""
    next_at: datetime | None
    """When that one is tried again."""
    taken_at: datetime | None
    """When it last took one."""


# One look per receiver by its contact point: there are few receivers and many callbacks.
_STANDINGS = text("""
    select r.id, r.company, r.url, r.sequence, open.waiting, oldest.reason as trouble, oldest.next_at, (
        select count(*) from message_log m where m.contact_point_id = c.id and m.state = 'failed'
            and m.reason is distinct from 'replayed'
    ) as dead, (
        select max(m.sent_at) from message_log m where m.contact_point_id = c.id
            and m.created_at > clock_timestamp() - interval '7 days'
    ) as taken_at
    from callback_receiver r
    left join contact_point c on c.company = r.company and c.partner = 'receiver:' || r.id and c.channel = 'callback'
    left join lateral (
        select count(*) as waiting from message_log m
        where m.contact_point_id = c.id and m.state in ('queued', 'held', 'claimed', 'sending')
    ) open on true
    left join lateral (
        select m.reason, m.next_at from message_log m
        where m.contact_point_id = c.id and m.state in ('queued', 'held', 'claimed', 'sending')
        order by m.id limit 1
    ) oldest on true
    where r.removed_at is null and (:company = '' or r.company = :company)
    order by r.company, r.id
""")


def standings(connection: Connection, sealer: Sealer, company: str = "") -> list[Standing]:
    """Every receiver, or those of one company."""
    return [
        Standing(
            receiver=_receiver(row, sealer),
            waiting=row.waiting,
            dead=row.dead,
            trouble=row.trouble,
            next_at=row.next_at if row.trouble else None,
            taken_at=row.taken_at,
        )
        for row in connection.execute(_STANDINGS, {"company": company})
    ]


def _receiver(row: Any, sealer: Sealer) -> Receiver:
    return Receiver(row.id, row.company, sealer.open_text(row.url, "callback_receiver.url"), row.sequence)


# What was told --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One callback that has ended: taken, dead or withdrawn."""

    id: UUID
    receiver_id: UUID
    about: UUID
    type: str
    body: dict[str, Any]
    reason: str | None
    created_at: datetime
    key: str

    @property
    def sequence(self) -> int:
        """Its place among the callbacks of its receiver."""
        return int(self.body["sequence"])


# Of a callback that was replayed before, only the newest copy counts.
_ENDED = """
    select * from (
        select distinct on (i.recipient, split_part(e.key, ':', 1)) m.id, i.recipient, i.subject, e.type, e.payload,
            m.state, m.reason, m.created_at, e.key
        from callback_receiver r
        join contact_point c on c.company = r.company and c.partner = 'receiver:' || r.id and c.channel = 'callback'
        join message_log m on m.contact_point_id = c.id
        join intent i on i.id = m.intent_id
        join inbox e on e.id = i.event_id
        where r.removed_at is null {conditions}
        order by i.recipient, split_part(e.key, ':', 1), m.id desc
    ) newest
    where state not in ('queued', 'held', 'claimed', 'sending') {ended}
    order by recipient, split_part(key, ':', 1)::bigint
    limit :limit
"""
_DEAD = "and state = 'failed' and reason is distinct from 'replayed'"


def dead_letters(
    connection: Connection, sealer: Sealer, receiver_id: UUID | None = None, limit: int = 1000
) -> list[Told]:
    """What was given up after the whole schedule and not replayed since, in the order of each receiver."""
    conditions = "and r.id = :receiver_id" if receiver_id else ""
    return _told(connection, sealer, conditions, _DEAD, {"receiver_id": receiver_id, "limit": limit})


def ended_since(
    connection: Connection, sealer: Sealer, receiver_id: UUID, since: datetime, limit: int = MOST
) -> list[Told]:
    """Everything that was written for a receiver since then and waits no more, in order."""
    values = {"receiver_id": receiver_id, "since": first_id_at(since), "limit": limit}
    return _told(connection, sealer, "and r.id = :receiver_id and m.id >= :since", "", values)


def ended_about(
    connection: Connection, sealer: Sealer, receiver_id: UUID, message_id: UUID, limit: int = MOST
) -> list[Told]:
    """Everything that a receiver was told about one message, in order."""
    values = {"receiver_id": receiver_id, "subject": f"message:{message_id}", "limit": limit}
    return _told(connection, sealer, "and r.id = :receiver_id and i.subject = :subject", "", values)


def _told(connection: Connection, sealer: Sealer, conditions: str, ended: str, values: dict[str, Any]) -> list[Told]:
    wanted = {name: value for name, value in values.items() if value is not None}
    rows = connection.execute(text(_ENDED.format(conditions=conditions, ended=ended)), wanted)
    return [
        Told(
            id=row.id,
            receiver_id=UUID(row.recipient.removeprefix("receiver:")),
            about=UUID(row.subject.removeprefix("message:")),
            type=row.type,
            body=sealer.open_json(row.payload, "inbox.payload"),
            reason=row.reason,
            created_at=row.created_at,
            key=row.key,
        )
        for row in rows
    ]


# Once more ------------------------------------------------------------------------------------------------------------

_REST = text("""
    update message_log set reason = 'replayed' where id = any(:ids) and state = 'failed'
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def replay(connection: Connection, sealer: Sealer, receiver: Receiver, told: Sequence[Told]) -> int:
    """Put callbacks at the end of the receiver's line, with their own ids and numbers. Returns how many."""
    anew = [
        Callback(new_id(), receiver, f"{_original(each.key)}:{new_id()}", each.about, each.type, each.body)
        for each in told
    ]
    written = add_callbacks(connection, sealer, anew, config_sha256=_REPLAYED_BY)
    connection.execute(_REST, {"ids": [each.id for each in told]})
    close_notice(connection, f"callback:{receiver.id}")
    return written


def _original(key: str) -> str:
    return ":".join(key.split(":")[:2])
