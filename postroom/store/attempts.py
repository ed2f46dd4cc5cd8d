"""Attempts: written down before a byte leaves, and recorded whatever came between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Boolean, DateTime, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State
from postroom.domain.safety import Wire
from postroom.store.claims import ClaimedLeg
from postroom.store.ids import new_id

_AT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt whose request may now go out: it is written down before a byte leaves."""

    attempt_id: UUID
    leg: ClaimedLeg


_BEGIN = text("""
    with started as (
        update message_log m set state = 'sending', lease_until = clock_timestamp() + :lease, account = :account,
            wire = :wire, attempts = m.attempts + 1, tries = m.tries + 1, reason = null,
            resends = m.resends + (m.state = 'unknown')::int,
            possible_duplicate = m.possible_duplicate or m.state = 'unknown'
        from unnest(:ids, :attempt_ids) as new (id, attempt_id)
        where m.id = new.id and (m.state = 'claimed' and m.lease_until > clock_timestamp()
            or m.state = 'unknown' and :resend and m.reason = 'resend' and m.resends = 0)
        returning m.id, new.attempt_id, m.company, m.attempts, m.possible_duplicate
    )
    insert into attempt (id, message_id, company, number, possible_duplicate, lease_until)
    select attempt_id, id, company, attempts, possible_duplicate, clock_timestamp() + :lease from started
    returning id, message_id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)), bindparam("attempt_ids", type_=ARRAY(Uuid)), bindparam("resend", type_=Boolean)
)


def begin(
    connection: Connection,
    legs: Sequence[ClaimedLeg],
    account: str,
    *,
    wire: Wire,
    lease: timedelta,
    resend: bool = False,
) -> list[Begun]:
    """Claimed -> sending, with the attempt rows, in one statement. Only the legs returned may be sent."""
    if not legs:
        return []
    by_id = {leg.id: leg for leg in legs}
    rows = connection.execute(
        _BEGIN,
        {
            "ids": list(by_id),
            "attempt_ids": [new_id() for _ in by_id],
            "lease": lease,
            "account": account,
            "wire": wire.value,
            "resend": resend,
        },
    ).all()
    return [Begun(row.id, by_id[row.message_id]) for row in rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, and where the leg goes."""

    attempt_id: UUID
    message_id: UUID
    result: str
    """accepted, rejected or unknown"""
    state: State
    reason: str | None = None
    next_at: datetime | None = None
    charged: bool = True
    provider_id: str | None = None
    verdict: str | None = None
    code: str | None = None
    detail: str | None = None


_RECORD_ATTEMPTS = text("""
    update attempt a set outcome = new.result, verdict = new.verdict, code = new.code, detail = new.detail,
        provider_id = coalesce(new.provider_id, a.provider_id), ended_at = clock_timestamp()
    from unnest(:ids, :results, :verdicts, :codes, :details, :provider_ids)
        as new (id, result, verdict, code, detail, provider_id)
    where a.id = new.id and (a.outcome is null or a.outcome = 'unknown')
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("results", "verdicts", "codes", "details", "provider_ids")),
)

# Only along the table of edges (domain/messages.py). A receipt may have overtaken the answer: then the leg stays where
# it is. An answer may come after the lease ran out: unknown never goes back to queued, so a refused one has failed.
_RECORD_LEGS = text("""
    update message_log m set
        state = case
            when m.state = 'unknown' and new.state in ('queued', 'expired', 'suppressed') then 'failed'
            else new.state end,
        reason = new.reason,
        next_at = coalesce(new.next_at, m.next_at),
        tries = m.tries - (not new.charged)::int,
        provider_id = coalesce(new.provider_id, m.provider_id),
        lease_until = case when new.state = 'unknown' then clock_timestamp() + :window end,
        sent_at = case when new.state = 'sent' then coalesce(m.sent_at, clock_timestamp()) else m.sent_at end,
        ended_at = case when new.state in ('failed', 'suppressed', 'expired') then clock_timestamp() else null end
    from unnest(:ids, :states, :reasons, :next_ats, :charged, :provider_ids)
        as new (id, state, reason, next_at, charged, provider_id)
    where m.id = new.id and m.state in ('sending', 'unknown')
    returning m.id, m.intent_id, m.state
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("states", "reasons", "provider_ids")),
    bindparam("next_ats", type_=ARRAY(_AT)),
    bindparam("charged", type_=ARRAY(Boolean)),
)

_SENT_MEANWHILE = text("""
    update message_log m set sent_at = coalesce(m.sent_at, clock_timestamp()),
        provider_id = coalesce(m.provider_id, new.provider_id)
    from unnest(:ids, :provider_ids) as new (id, provider_id)
    where m.id = new.id and m.state in ('delivered', 'read', 'failed')
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("provider_ids", type_=ARRAY(Text)))

_REMEMBER_REFS = text("""
    insert into provider_ref (channel, provider_id, attempt_id, message_id, company)
    select :channel, new.provider_id, new.attempt_id, new.message_id, coalesce(a.company, '')
    from unnest(:provider_ids, :attempt_ids, :message_ids) as new (provider_id, attempt_id, message_id)
    left join attempt a on a.id = new.attempt_id
    on conflict (channel, provider_id) do nothing
""").bindparams(
    bindparam("provider_ids", type_=ARRAY(Text)),
    bindparam("attempt_ids", type_=ARRAY(Uuid)),
    bindparam("message_ids", type_=ARRAY(Uuid)),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a leg stands after its attempt was recorded."""

    message_id: UUID
    intent_id: UUID
    state: State


def record(
    connection: Connection, channel: ChannelName, outcomes: Sequence[Outcome], *, window: timedelta
) -> list[Recorded]:
    """Record attempts and move their legs; each attempt once, whatever came between. Returns the legs that moved.

    An unknown leg waits for a receipt until `window` (real time) has passed.
    """
    if not outcomes:
        return []
    connection.execute(
        _RECORD_ATTEMPTS,
        {
            "ids": [o.attempt_id for o in outcomes],
            "results": [o.result for o in outcomes],
            "verdicts": [o.verdict for o in outcomes],
            "codes": [o.code for o in outcomes],
            "details": [o.detail for o in outcomes],
            "provider_ids": [o.provider_id for o in outcomes],
        },
    )
    moved = connection.execute(
        _RECORD_LEGS,
        {
            "ids": [o.message_id for o in outcomes],
            "states": [o.state.value for o in outcomes],
            "reasons": [o.reason for o in outcomes],
            "next_ats": [o.next_at for o in outcomes],
            "charged": [o.charged for o in outcomes],
            "provider_ids": [o.provider_id for o in outcomes],
            "window": window,
        },
    ).all()
    _remember_accepted(connection, channel, outcomes, still={row.id for row in moved})
    return [Recorded(row.id, row.intent_id, State(row.state)) for row in moved]


def _remember_accepted(
    connection: Connection, channel: ChannelName, outcomes: Sequence[Outcome], *, still: set[UUID]
) -> None:
    accepted = [o for o in outcomes if o.provider_id is not None]
    if accepted:
        connection.execute(
            _REMEMBER_REFS,
            {
                "channel": channel.value,
                "provider_ids": [o.provider_id for o in accepted],
                "attempt_ids": [o.attempt_id for o in accepted],
                "message_ids": [o.message_id for o in accepted],
            },
        )
    overtaken = [o for o in accepted if o.message_id not in still]
    if overtaken:
        connection.execute(
            _SENT_MEANWHILE,
            {"ids": [o.message_id for o in overtaken], "provider_ids": [o.provider_id for o in overtaken]},
        )


_MARK_UNREACHABLE = text("""
    update contact_point c set unreachable_until = clock_timestamp() + :span, unreachable_code = :code
    from message_log m where m.id = any(:ids) and c.id = m.contact_point_id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))

_OPT_OUT = text("""
    insert into consent (id, company, channel, blind, granted, source)
    select new.id, m.company, m.channel, c.blind, false, :source
    from unnest(:ids, :message_ids) as new (id, message_id)
    join message_log m on m.id = new.message_id
    join contact_point c on c.id = m.contact_point_id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("message_ids", type_=ARRAY(Uuid)))


def mark_unreachable(connection: Connection, message_ids: Sequence[UUID], span: timedelta, code: str) -> None:
    """Remember that these legs' addresses cannot be reached by their channel for a while."""
    if message_ids:
        connection.execute(_MARK_UNREACHABLE, {"ids": list(message_ids), "span": span, "code": code})


def opt_out(connection: Connection, message_ids: Sequence[UUID], source: str) -> None:
    """Record that the recipients of these legs opted out of their channel."""
    if message_ids:
        connection.execute(
            _OPT_OUT, {"ids": [new_id() for _ in message_ids], "message_ids": list(message_ids), "source": source}
        )
