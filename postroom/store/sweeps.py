"""What the ticker asks every second: which lanes are due, and which rows were left behind by a death."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from postroom.domain.channels import ChannelName
from postroom.domain.delivery import REPEATABLE
from postroom.domain.messages import Urgency

_DUE_LANES = text("""
    select distinct channel, lane from message_log m
    where (state = 'queued' and next_at <= clock_timestamp()
        or state = 'unknown' and reason = 'resend' and resends = 0) and not exists (
        select from pause p
        where p.scope = 'all' or (p.scope, p.value)
            in (('company', m.company), ('channel', m.channel), ('class', m.message_type))
    )
""")
_OPEN_INBOX = text("""
    select exists (select from inbox where kind = 'event' and state in ('new', 'parked')
            and next_at <= clock_timestamp()) as route,
        exists (select from inbox where kind = 'channel' and state in ('new', 'parked')
            and next_at <= clock_timestamp())
        or exists (select from request where state = 'new' and next_at <= clock_timestamp()) as observe
""")


@dataclass(frozen=True, slots=True)
class Due:
    """What waits to be drained now."""

    route: bool
    observe: bool
    lanes: tuple[tuple[ChannelName, Urgency], ...]


def due(engine: Engine) -> Due:
    """Where rows wait; a sweep hints only there."""
    with engine.connect() as connection:
        inbox = connection.execute(_OPEN_INBOX).one()
        lanes = connection.execute(_DUE_LANES).all()
    return Due(inbox.route, inbox.observe, tuple((ChannelName(lane.channel), Urgency(lane.lane)) for lane in lanes))


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows a sweep put right, by what was wrong with them."""

    reclaimed: int
    unknown: int
    released: int
    expired: tuple[UUID, ...]
    """The intents whose legs went stale."""


_RECLAIM = text("""
    update message_log set state = 'queued', lease_until = null
    where state = 'claimed' and lease_until < clock_timestamp()
""")
# A dispatcher died, or hung past its lease, with the request on the wire: nobody knows. Where the receiver knows a
# repeat by our id it is sent again, and stays ahead of what is written for the same receiver.
_LOSE_SIGHT = text("""
    with lost as (
        update message_log set reason = 'lease', next_at = clock_timestamp(),
            state = case when channel = any(:repeatable) then 'queued' else 'unknown' end,
            lease_until = case when channel = any(:repeatable) then null else clock_timestamp() + :window end
        where state = 'sending' and lease_until < clock_timestamp()
        returning id
    )
    update attempt a set outcome = 'unknown', verdict = 'unknown', code = 'lease',
        detail = 'the sender died before it could record an answer', ended_at = clock_timestamp()
    from lost where a.message_id = lost.id and a.outcome is null
""").bindparams(bindparam("repeatable", type_=ARRAY(Text)))
# What happened before its company went live waits for an operator: it is neither released nor does it go stale.
_RELEASE = text("""
    update message_log set state = 'queued', reason = null
    where state = 'held' and next_at <= clock_timestamp() and reason is distinct from 'cut_off'
""")
_EXPIRE = text("""
    update message_log set state = 'expired', reason = 'not_after', lease_until = null, ended_at = clock_timestamp()
    where state in ('queued', 'held') and not_after < :now and (state = 'queued' or reason is distinct from 'cut_off')
    returning intent_id
""")


def sweep(engine: Engine, *, now: datetime, window: timedelta) -> Swept:
    """Put right what a death left behind. `now` is business time (for not_after); leases go by PostgreSQL's clock."""
    with engine.begin() as connection:
        reclaimed = connection.execute(_RECLAIM).rowcount
        unknown = connection.execute(_LOSE_SIGHT, {"window": window, "repeatable": sorted(REPEATABLE)}).rowcount
        released = connection.execute(_RELEASE).rowcount
        expired = connection.scalars(_EXPIRE, {"now": now}).all()
    return Swept(reclaimed, unknown, released, tuple(expired))


# The unknown window ---------------------------------------------------------------------------------------------------

_CLOSED_WINDOWS = text("""
    select id, company, message_type, channel, lane, resends from message_log
    where state = 'unknown' and lease_until < clock_timestamp()
        and coalesce(reason, '') not in ('unsettled', 'resend')
    order by id limit :limit
""")
_SETTLE = text("update message_log set reason = :reason where id = :id and state = 'unknown'")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A leg whose unknown window has closed without a word from the provider."""

    id: UUID
    company: str
    message_type: str
    channel: ChannelName
    lane: Urgency
    resends: int


def closed_windows(connection: Connection, limit: int = 200) -> list[Unsettled]:
    """Legs that are still unknown when their window has closed, and not yet listed for an operator."""
    return [
        Unsettled(row.id, row.company, row.message_type, ChannelName(row.channel), Urgency(row.lane), row.resends)
        for row in connection.execute(_CLOSED_WINDOWS, {"limit": limit})
    ]


def send_once_more(connection: Connection, message_id: UUID) -> None:
    """Let the dispatcher repeat an unknown leg; `begin` allows that only once."""
    connection.execute(_SETTLE, {"id": message_id, "reason": "resend"})


def list_unsettled(connection: Connection, message_id: UUID) -> None:
    """List a leg for an operator: it is neither sent again nor replaced."""
    connection.execute(_SETTLE, {"id": message_id, "reason": "unsettled"})
