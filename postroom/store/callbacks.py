"""Who is told what became of messages, and what they are still to be told."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import BigInteger, Text, Uuid

from postroom.domain.callbacks import PLAN, SOURCE, STATUS_CALLBACK, WHY, StatusChange, recipient_of
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.messages import Role, State, Urgency
from postroom.store.contacts import Address, contact_points
from postroom.store.ids import new_id
from postroom.store.intents import Intent, NewLeg, add_intents, add_legs
from postroom.store.sealing import Sealer

LANGUAGE = "en"
"""Callbacks are for machines; their few words are English."""

# Receivers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody's machine that is told of every move of a company's messages."""

    id: UUID
    company: str
    url: str
    sequence: int
    """Of the newest callback that was written for it; there are no gaps."""


_ADD = text("""
    insert into callback_receiver as r (id, company, url, blind) values (:id, :company, :url, :blind)
    on conflict (company, blind) do update set removed_at = null
    returning id, company, url, sequence, id = :id as new
""")
_LIVE = text("""
    select id, company, url, sequence from callback_receiver
    where removed_at is null and company = any(:companies) order by id for update
""").bindparams(bindparam("companies", type_=ARRAY(Text)))
_REMOVE = text("""
    update callback_receiver set removed_at = clock_timestamp() where id = :id and removed_at is null
""")
_WITHDRAW = text("""
    update message_log m set state = 'cancelled', reason = 'receiver_removed', lease_until = null,
        ended_at = clock_timestamp()
    from callback_receiver r
    join contact_point c on c.company = r.company and c.partner = :recipient and c.channel = 'callback'
    where r.id = :id and m.contact_point_id = c.id and m.state in ('queued', 'held')
""")


def add_receiver(connection: Connection, sealer: Sealer, company: str, url: str) -> tuple[Receiver, bool]:
    """Add a receiver at a URL in its normal form; one that was removed goes on with its next number.

    Returns it, and whether it was never there before.
    """
    values = {
        "id": new_id(),
        "company": company,
        "url": sealer.seal_text(url, "callback_receiver.url"),
        "blind": sealer.blind(ChannelName.CALLBACK, url),
    }
    row = connection.execute(_ADD, values).one()
    return _receiver(row, sealer), row.new


def remove_receiver(connection: Connection, receiver_id: UUID) -> int | None:
    """Tell a receiver nothing more. Returns how many callbacks were withdrawn; None when it was not there."""
    if not connection.execute(_REMOVE, {"id": receiver_id}).rowcount:
        return None
    return connection.execute(_WITHDRAW, {"id": receiver_id, "recipient": recipient_of(receiver_id)}).rowcount


def _receiver(row: Any, sealer: Sealer) -> Receiver:
    return Receiver(row.id, row.company, sealer.open_text(row.url, "callback_receiver.url"), row.sequence)


# Relaying -----------------------------------------------------------------------------------------------------------

_ALONE = text("select pg_try_advisory_xact_lock(:lock)")
LOCK = 0x63616C6C6261636B  # "callback"

_CHANGES = text("""
    select s.id, s.company, s.message_id, s.state, s.reason, s.at, m.intent_id, m.message_type, m.channel,
        i.subject, e.key, e.source, e.type
    from status_change s
    join message_log m on m.id = s.message_id
    join intent i on i.id = m.intent_id
    join inbox e on e.id = i.event_id
    where s.relayed_at is null
    order by s.id limit :limit
""")
_RELAYED = text("update status_change set relayed_at = clock_timestamp() where id = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(BigInteger))
)
_COUNT_ON = text("update callback_receiver set sequence = sequence + :number where id = :id returning sequence")


def alone(connection: Connection) -> bool:
    """Whether this transaction is the only one that relays; numbers would not be in order otherwise."""
    return bool(connection.scalar(_ALONE, {"lock": LOCK}))


def new_changes(connection: Connection, limit: int) -> list[StatusChange]:
    """The oldest changes that nobody was told of.

    Those of one message are in the order in which it moved, since each waited for the row's lock. Those of different
    messages may be seen in another order than that of their numbers, and are told as they are seen.
    """
    return [
        StatusChange(
            id=row.id,
            company=row.company,
            message_id=row.message_id,
            intent_id=row.intent_id,
            message_type=row.message_type,
            channel=ChannelName(row.channel),
            state=row.state,
            reason=row.reason,
            about=row.subject,
            at=row.at,
            event={"id": row.key, "source": row.source, "type": row.type},
        )
        for row in connection.execute(_CHANGES, {"limit": limit})
    ]


def live_receivers(connection: Connection, sealer: Sealer, companies: Sequence[str]) -> list[Receiver]:
    """Who is to be told about these companies, locked until the caller's transaction ends."""
    return [_receiver(row, sealer) for row in connection.execute(_LIVE, {"companies": list(companies)})]


def mark_relayed(connection: Connection, changes: Sequence[StatusChange]) -> None:
    """Every receiver's callback about these changes is written."""
    connection.execute(_RELAYED, {"ids": [change.id for change in changes]})


def first_number(connection: Connection, receiver: Receiver, number: int) -> int:
    """Take the receiver's next so many sequence numbers; the first of them."""
    newest = connection.execute(_COUNT_ON, {"id": receiver.id, "number": number}).scalar_one()
    return int(newest) - number + 1


# Writing callbacks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback to write: to whom, what about, and its body."""

    id: UUID
    receiver: Receiver
    key: str
    """Unique: the change and the receiver, and a replay's own id."""
    about: UUID
    """The message whose state it tells."""
    type: str
    body: Mapping[str, Any]


_INSERT_DONE = text("""
    insert into inbox (id, kind, company, source, key, type, payload, digest, state, done_at)
    select new.id, 'channel', new.company, :source, new.key, new.type, new.payload, new.digest, 'done',
        clock_timestamp()
    from unnest(:ids, :companies, :keys, :types, :payloads, :digests) as new (id, company, key, type, payload, digest)
    on conflict (source, key) do nothing
    returning id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "keys", "types")),
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("payloads", "digests")),
)


def add_callbacks(
    connection: Connection, sealer: Sealer, callbacks: Sequence[Callback], *, config_sha256: bytes
) -> int:
    """Write callbacks, each once, ready to leave in this order. Returns how many were new."""
    if not callbacks:
        return 0
    inbox_ids = {callback.id: new_id() for callback in callbacks}
    made = _insert_done(connection, sealer, callbacks, inbox_ids)
    fresh = [callback for callback in callbacks if inbox_ids[callback.id] in made]
    receivers = {callback.receiver.id: callback.receiver for callback in fresh}
    addresses = {each.id: _address(each) for each in receivers.values()}
    points = contact_points(connection, sealer, addresses.values())
    intents = {each.id: _intent(each, inbox_ids[each.id], config_sha256) for each in fresh}
    add_intents(connection, sealer, list(intents.values()))
    legs = [(intents[each.id], _leg(each, points[addresses[each.receiver.id]].id)) for each in fresh]
    return len(add_legs(connection, sealer, legs))


def _insert_done(
    connection: Connection, sealer: Sealer, callbacks: Sequence[Callback], inbox_ids: Mapping[UUID, UUID]
) -> set[UUID]:
    bodies = [json.dumps(dict(each.body), ensure_ascii=False).encode() for each in callbacks]
    values = {
        "source": SOURCE,
        "ids": [inbox_ids[each.id] for each in callbacks],
        "companies": [each.receiver.company for each in callbacks],
        "keys": [each.key for each in callbacks],
        "types": [each.type for each in callbacks],
        "payloads": [sealer.seal(body, "inbox.payload") for body in bodies],
        "digests": [sealer.blind("inbox.digest", hashlib.sha256(body).hexdigest()) for body in bodies],
    }
    return set(connection.scalars(_INSERT_DONE, values))


def _address(receiver: Receiver) -> Address:
    return Address(receiver.company, recipient_of(receiver.id), ChannelName.CALLBACK, receiver.url, "")


def _intent(callback: Callback, event_id: UUID, config_sha256: bytes) -> Intent:
    return Intent(
        id=new_id(),
        event_id=event_id,
        company=callback.receiver.company,
        rule=STATUS_CALLBACK,
        recipient=recipient_of(callback.receiver.id),
        urgency=Urgency.NORMAL,
        subject=f"message:{callback.about}",
        plan=PLAN.to_json(),
        stage=0,
        facts={},
        languages=[LANGUAGE],
        config_sha256=config_sha256,
        not_after=None,
    )


def _leg(callback: Callback, contact_point_id: UUID) -> NewLeg:
    text_ = json.dumps(dict(callback.body), ensure_ascii=False, separators=(",", ":"))
    return NewLeg(
        id=callback.id,
        channel=ChannelName.CALLBACK,
        role=Role.PRIMARY,
        stage=0,
        contact_point_id=contact_point_id,
        why=WHY,
        state=State.QUEUED,
        reason=None,
        template_id=None,
        language=LANGUAGE,
        content=Rendered(ChannelName.CALLBACK, LANGUAGE, text_).to_json(),
    )
