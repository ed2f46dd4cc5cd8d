"""Claiming: which due legs may leave now, and which are kept back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, SmallInteger, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State, Urgency
from postroom.domain.preferences import Preference, Preferences
from postroom.domain.runs import RunStatus
from postroom.domain.safety import Mode, Prospect
from postroom.store.sealing import Sealer

_AT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class ClaimedLeg:
    """A leg that this process holds; nothing of it has left yet."""

    id: UUID
    intent_id: UUID
    company: str
    message_type: str
    lane: Urgency
    resend: bool
    tries: int
    budget_from: datetime
    address: str
    content: Any
    prospect: Prospect


# Two things are said so that PostgreSQL keeps to the indexes, also while it knows nothing of a new month's partition:
# `offset 0` asks for the older leg of each row by itself (as a join it reads the whole backlog for each claim), and the
# limit is a number, since for a parameter it expects a tenth of the backlog.
_CLAIM = """
    with due as materialized (
        select m.id, m.contact_point_id, m.company, false as resend
        from message_log m
        where m.channel = :channel and m.lane = :lane and m.state = 'queued' and m.next_at <= clock_timestamp()
            and not exists (
                select from message_log older
                where older.contact_point_id = m.contact_point_id and older.lane = m.lane
                    and older.state in ('queued', 'claimed', 'sending') and older.id < m.id
                offset 0
            )
            and not exists (
                select from pause p
                where p.scope = 'all' or (p.scope, p.value)
                    in (('company', m.company), ('channel', m.channel), ('class', m.message_type))
            )
        order by m.next_at, m.id
        limit {limit}
        for update of m skip locked
    ), claimed as (
        update message_log m set state = 'claimed', lease_until = clock_timestamp() + :lease
        from due where m.id = due.id
        returning m.id, m.intent_id, m.company, m.message_type, m.lane, m.tries, m.budget_from, m.content,
            m.not_after, m.zones, m.contact_point_id
    )
"""

_LATE = """
    select claimed.*, c.address, c.blind, coalesce(s.mode, 'sandbox') as mode, s.cut_off,
        case when s.cut_off is not null then (
            select i.happened_at from intent i where i.id = claimed.intent_id
        ) end as happened_at,
        (
            select r.status from intent i join run r on r.id = i.run_id where i.id = claimed.intent_id
        ) as run_status,
        (
            select l.checked_at < clock_timestamp() - interval '10 minutes' from dunning_letter l
            where l.intent_id = claimed.intent_id
        ) as figures_old,
        exists (
            select from allowlist a
            where a.company = claimed.company and a.channel = :channel and a.blind = c.blind
        ) as listed,
        (
            select consent.granted from consent
            where consent.company = claimed.company and consent.channel = :channel and consent.blind = c.blind
            order by consent.at desc, consent.id desc limit 1
        ) as granted,
        (
            select jsonb_agg(to_jsonb(p) order by p.at, p.id) from message_channel_preference p
            where p.company = claimed.company and p.recipient = 'partner:' || c.partner
                and p.message_type in (claimed.message_type, '*') and p.channel in (:channel, '*')
        ) as preferences
    from claimed
    join contact_point c on c.id = claimed.contact_point_id
    left join sending_mode s on s.company = claimed.company and s.channel = :channel
    order by claimed.id
"""

# The one stated repeat: an urgent leg whose unknown window has closed (or an operator's will). `begin` moves it.
_RESENDS = """
    with claimed as (
        select m.id, m.intent_id, m.company, m.message_type, m.lane, m.tries, m.budget_from, m.content, m.not_after,
            m.zones, m.contact_point_id
        from message_log m
        where m.channel = :channel and m.lane = :lane and m.state = 'unknown' and m.reason = 'resend' and m.resends = 0
        order by m.id limit {limit}
    )
"""


@cache
def _statement(taking: str, limit: int) -> TextClause:
    return text(taking.format(limit=int(limit)) + _LATE)


def claim_due(
    engine: Engine, sealer: Sealer, channel: ChannelName, lane: Urgency, *, limit: int, lease: timedelta
) -> list[ClaimedLeg]:
    """Claim the due legs of a lane, at most the oldest per contact point, with all that is read late about them."""
    with engine.begin() as connection:
        rows = connection.execute(
            _statement(_CLAIM, limit), {"channel": channel.value, "lane": lane.value, "lease": lease}
        ).all()
    return [_claimed(row, sealer, channel) for row in rows]


def due_resends(engine: Engine, sealer: Sealer, channel: ChannelName, lane: Urgency, *, limit: int) -> list[ClaimedLeg]:
    """Unknown legs that are to be sent once more; nobody holds them until `begin` does."""
    with engine.connect() as connection:
        rows = connection.execute(_statement(_RESENDS, limit), {"channel": channel.value, "lane": lane.value}).all()
    return [_claimed(row, sealer, channel, resend=True) for row in rows]


def _claimed(row: Any, sealer: Sealer, channel: ChannelName, *, resend: bool = False) -> ClaimedLeg:
    return ClaimedLeg(
        id=row.id,
        intent_id=row.intent_id,
        company=row.company,
        message_type=row.message_type,
        lane=Urgency(row.lane),
        resend=resend,
        tries=row.tries,
        budget_from=row.budget_from,
        address=sealer.open_text(row.address, "contact_point.address"),
        content=sealer.open_json(row.content, "message_log.content"),
        prospect=Prospect(
            mode=Mode(row.mode),
            listed=row.listed,
            opted_out=row.granted is False,
            not_after=row.not_after,
            opted_in=row.granted is True,
            muted=_muted(row, channel),
            zones=tuple((row.zones or "").split()),
            happened_at=row.happened_at,
            cut_off=row.cut_off,
            figures_old=bool(row.figures_old),
            run=None if row.run_status is None else RunStatus(row.run_status),
        ),
    )


def _muted(row: Any, channel: ChannelName) -> bool:
    chosen = Preferences.of(Preference.from_json(each) for each in row.preferences or ())
    return chosen.muted(row.message_type, channel)


# Legs that do not leave now -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A claimed leg that does not leave: its new state, why, and (queued, held) when to look again."""

    id: UUID
    state: State
    reason: str
    next_at: datetime | None = None


_KEEP = text("""
    update message_log m set state = kept.state, reason = kept.reason, lease_until = null,
        next_at = coalesce(kept.next_at, m.next_at),
        -- The retry budget does not run while a leg may not leave.
        budget_from = case when kept.state = 'held' then greatest(m.budget_from, kept.next_at) else m.budget_from end,
        ended_at = case when kept.state in ('queued', 'held') then null else clock_timestamp() end
    from unnest(:ids, :states, :reasons, :next_ats) as kept (id, state, reason, next_at)
    where m.id = kept.id and m.state = 'claimed'
    returning m.id, m.company, m.state, m.reason
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("states", type_=ARRAY(Text)),
    bindparam("reasons", type_=ARRAY(Text)),
    bindparam("next_ats", type_=ARRAY(_AT)),
)


def keep_back(connection: Connection, legs: Sequence[Kept]) -> None:
    """Write down the claimed legs that do not leave now."""
    if not legs:
        return
    connection.execute(
        _KEEP,
        {
            "ids": [leg.id for leg in legs],
            "states": [leg.state.value for leg in legs],
            "reasons": [leg.reason for leg in legs],
            "next_ats": [leg.next_at for leg in legs],
        },
    )


# The hourly ceiling -------------------------------------------------------------------------------------------------

_RESERVE = text("""
    insert into sent_hour as h (company, hour, attempts)
    select new.company, date_trunc('hour', clock_timestamp()), new.n
    from unnest(:companies, :counts) as new (company, n) order by new.company
    on conflict (company, hour) do update set attempts = h.attempts + excluded.attempts
    returning company, attempts, hour + interval '1 hour' as next_hour
""").bindparams(bindparam("companies", type_=ARRAY(Text)), bindparam("counts", type_=ARRAY(SmallInteger)))

_GIVE_BACK = text("""
    update sent_hour h set attempts = h.attempts - back.n
    from unnest(:companies, :counts) as back (company, n)
    where h.company = back.company and h.hour = date_trunc('hour', clock_timestamp())
""").bindparams(bindparam("companies", type_=ARRAY(Text)), bindparam("counts", type_=ARRAY(SmallInteger)))


def reserve(connection: Connection, wanted: Mapping[str, int], ceiling: int) -> dict[str, tuple[int, datetime]]:
    """Count a window against each company's hourly ceiling. Returns how many may leave, and the next hour."""
    if not wanted:
        return {}
    rows = connection.execute(_RESERVE, {"companies": list(wanted), "counts": list(wanted.values())}).all()
    granted = {row.company: max(0, wanted[row.company] - max(0, row.attempts - ceiling)) for row in rows}
    excess = {company: wanted[company] - n for company, n in granted.items() if n < wanted[company]}
    if excess:
        connection.execute(_GIVE_BACK, {"companies": list(excess), "counts": list(excess.values())})
    return {row.company: (granted[row.company], row.next_hour) for row in rows}


def companies_of(legs: Sequence[ClaimedLeg]) -> Counter[str]:
    """How many legs each company has in a window."""
    return Counter(leg.company for leg in legs)
