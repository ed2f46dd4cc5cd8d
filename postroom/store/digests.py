"""Digests: what is planned for whom, what is due to be made, and what our own tables tell in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from postroom.domain.digest_words import Figure
from postroom.domain.digests import APART, Before, DigestState, Planned, Section, timer_key
from postroom.domain.quiet_hours import DAY
from postroom.store.ids import first_id_at, new_id
from postroom.store.timers import set_timer

KIND = "digest"
"""Of the timers that make each exact and once."""
MAX_ATTEMPTS = 5
LEASE = timedelta(minutes=2)
"""Real time: how long one look into Odoo may take before somebody else tries."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One digest of one reader on one of his days."""

    id: UUID
    company: str
    name: str
    reader: str
    day: date
    due_at: datetime
    state: DigestState
    attempts: int = 0
    why: str | None = None


_EDITION = "id, company, name, reader, day, due_at, state, attempts, why"
_BEFORE = text("""
    select reader, array_agg(day) as days, array_agg(due_at) as due_ats from digest
    where name = :name and reader = any(:readers) and due_at > :since group by reader
""").bindparams(bindparam("readers", type_=ARRAY(Text)))
_PLAN = text("""
    insert into digest (id, company, name, reader, day, due_at)
    values (:id, :company, :name, :reader, :day, :due_at) on conflict (name, reader, day) do nothing returning id
""")
_BY_IDS = text(f"select {_EDITION} from digest where id = any(:ids)").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid))
)
_MOVE = text("update digest set due_at = :due_at where id = :id")
_WANT = text("update digest set state = 'wanted' where id = any(:ids) and state = 'planned'").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_WAIT = text("""
    select exists (select from digest
        where state = 'wanted' and (lease_until is null or lease_until < clock_timestamp()))
""")
_TAKE = text(f"""
    with due as materialized (
        select id from digest
        where state = 'wanted' and (lease_until is null or lease_until < clock_timestamp())
        order by company, name, id limit :limit for update skip locked
    )
    update digest set lease_until = clock_timestamp() + :lease, attempts = attempts + 1
    where id in (select id from due) returning {_EDITION}
""")  # noqa: S608
_END = text("""
    update digest set state = :state, why = :why, event_id = :event_id, ended_at = clock_timestamp(), lease_until = null
    where id = :id and state in ('planned', 'wanted') returning id
""")
_LIST = text(f"""
    select {_EDITION} from digest where due_at > :since and (:name = '' or name = :name)
    order by due_at desc, id limit :limit
""")  # noqa: S608
_MUTED = text("select reader, section from digest_mute where reader = any(:readers)").bindparams(
    bindparam("readers", type_=ARRAY(Text))
)


# Planning -------------------------------------------------------------------------------------------------------------


def had_before(connection: Connection, name: str, readers: Collection[str], now: datetime) -> Mapping[str, Before]:
    """What readers of a digest had of late, or are to have."""
    values = {"name": name, "readers": list(readers), "since": now - 2 * APART}
    rows = connection.execute(_BEFORE, values)
    return {row.reader: Before(frozenset(row.days), tuple(row.due_ats)) for row in rows}


def plan_edition(connection: Connection, name: str, reader: str, company: str, planned: Planned) -> bool:
    """Plan it once, with the timer that makes it exact. False: it was planned already."""
    row_id = new_id()
    about = {"id": row_id, "company": company, "name": name, "reader": reader}
    made = connection.scalar(_PLAN, {**about, "day": planned.day, "due_at": planned.due_at})
    if made is None:
        return False
    key = timer_key(name, reader, planned.day)
    set_timer(connection, kind=KIND, key=key, company=company, subject_id=row_id, due_at=planned.due_at)
    return True


# Firing and making ----------------------------------------------------------------------------------------------------


def editions_by_id(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Edition]:
    """Editions as they stand."""
    return {row.id: _edition(row) for row in connection.execute(_BY_IDS, {"ids": list(ids)})}


def move_edition(connection: Connection, edition_id: UUID, due_at: datetime) -> None:
    """Its reader has moved, and has it later."""
    connection.execute(_MOVE, {"id": edition_id, "due_at": due_at})


def want_editions(connection: Connection, ids: Sequence[UUID]) -> None:
    """They are due: their figures are to be read now."""
    if ids:
        connection.execute(_WANT, {"ids": list(ids)})


def editions_wait(connection: Connection) -> bool:
    """Whether the figures of any are to be read."""
    return bool(connection.scalar(_WAIT))


def take_editions(connection: Connection, limit: int) -> list[Edition]:
    """Those whose figures are to be read; nobody else takes them for as long as the lease."""
    return [_edition(row) for row in connection.execute(_TAKE, {"limit": limit, "lease": LEASE})]


def end_edition(
    connection: Connection, edition_id: UUID, state: DigestState, why: str = "", event_id: UUID | None = None
) -> bool:
    """Say what became of it. False: somebody else has."""
    values = {"id": edition_id, "state": state.value, "why": why or None, "event_id": event_id}
    return connection.scalar(_END, values) is not None


def editions_listed(connection: Connection, *, since: datetime, name: str = "", limit: int = 100) -> list[Edition]:
    """What was planned, the latest first."""
    return [_edition(row) for row in connection.execute(_LIST, {"since": since, "name": name, "limit": limit})]


# Who reads them -------------------------------------------------------------------------------------------------------

_USER = text("select wire || ':user:' || user_id from person where company = :company and partner_id = :partner")
_READ = text("select distinct name from digest where reader = any(:readers)").bindparams(
    bindparam("readers", type_=ARRAY(Text))
)


def reader_keys(connection: Connection, company: str, recipient: str) -> list[str]:
    """Whom a message's recipient is as a reader of digests: a user of Odoo, or one who is named by his address."""
    partner = recipient.removeprefix("partner:")
    if partner.startswith("email-"):
        return [partner.replace("-", ":", 1)]
    return list(connection.scalars(_USER, {"company": company, "partner": int(partner)})) if partner.isdigit() else []


def digests_read(connection: Connection, readers: Collection[str]) -> set[str]:
    """The digests that were ever planned for any of them."""
    return set(connection.scalars(_READ, {"readers": list(readers)}))


# Sections that nobody wants -------------------------------------------------------------------------------------------


def muted_sections(connection: Connection, readers: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Which sections each of these readers does without."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(_MUTED, {"readers": list(readers)}):
        found.setdefault(row.reader, set()).add(row.section)
    return {reader: frozenset(sections) for reader, sections in found.items()}


def mute_section(connection: Connection, company: str, reader: str, section: Section) -> None:
    """He does without it from now on."""
    words = "insert into digest_mute (company, reader, section) values (:company, :reader, :section)"
    values = {"company": company, "reader": reader, "section": section.value}
    connection.execute(text(f"{words} on conflict (reader, section) do nothing"), values)


def unmute_section(connection: Connection, reader: str, section: Section) -> bool:
    """He reads it again. False: he did all the time."""
    words = text("delete from digest_mute where reader = :reader and section = :section")
    return bool(connection.execute(words, {"reader": reader, "section": section.value}).rowcount)


# What our own tables tell ---------------------------------------------------------------------------------------------

_OPEN = text("""
    select count(*) as open, count(*) filter (where r.began_at < :day_ago) as old
    from run r join inbox e on e.id = r.event_id
    where r.company = :company and r.status = 'active' and e.type = 'odoo.approval.requested'
""")
_DECIDED = text("""
    select count(*) as number,
        percentile_cont(0.5) within group (order by extract(epoch from d.decided_at - r.began_at)) as seconds
    from decision d join run r on r.id = d.run_id
    where d.company = :company and d.decided_at >= :since and d.decided_at < :until
""")
_MESSAGES = text("""
    select count(*) filter (where reached) as reached, count(*) filter (where reached and fell_back) as fell_back,
        count(*) filter (where failed and not reached and not open) as failed,
        count(*) filter (where unknown and not reached) as unknown
    from (
        select bool_or(state in ('sent', 'delivered', 'read')) as reached,
            bool_or(role = 'fallback' and state in ('sent', 'delivered', 'read')) as fell_back,
            bool_or(state = 'failed') as failed, bool_or(state = 'unknown') as unknown,
            bool_or(state in ('queued', 'held', 'claimed', 'sending', 'unknown')) as open
        from message_log where company = :company and created_at >= :since and created_at < :until
            and id >= :first group by intent_id
    ) each_intent
""")


_PAID = text("""
    select
        percentile_cont(0.5) within group (order by extract(epoch from paid_at - first_told_at))
            filter (where paid_at >= :since) as seconds,
        percentile_cont(0.5) within group (order by extract(epoch from paid_at - first_told_at))
            filter (where paid_at < :since) as before
    from dunned_invoice
    where company = :company and paid_at >= :earlier and paid_at < :until
""")


def own_figures(
    connection: Connection, section: Section, company: str, span: tuple[datetime, datetime], now: datetime
) -> tuple[Figure, ...]:
    """What Postroom itself knows for a section; nothing for those of Odoo. `span`: yesterday."""
    tell = OWN.get(section)
    return tell(connection, company, span, now) if tell else ()


Span = tuple[datetime, datetime]
WEEK = 7 * DAY
"""For what happens too seldom to be told of one day."""


def _approvals(connection: Connection, company: str, _span: Span, now: datetime) -> tuple[Figure, ...]:
    row = connection.execute(_OPEN, {"company": company, "day_ago": now - timedelta(days=1)}).one()
    return (Figure("approvals_open", row.open), Figure("approvals_old", row.old))


def _failures(connection: Connection, company: str, span: Span, _now: datetime) -> tuple[Figure, ...]:
    row = connection.execute(_MESSAGES, _within(company, span)).one()
    return (Figure("messages_failed", row.failed), Figure("messages_unknown", row.unknown))


def _achieved(connection: Connection, company: str, span: Span, _now: datetime) -> tuple[Figure, ...]:
    sent = connection.execute(_MESSAGES, _within(company, span)).one()
    decided = connection.execute(_DECIDED, {"company": company, "since": span[0], "until": span[1]}).one()
    since = span[1] - WEEK
    paid = connection.execute(
        _PAID, {"company": company, "since": since, "earlier": since - WEEK, "until": span[1]}
    ).one()
    return (
        Figure("messages_delivered", sent.reached),
        Figure("messages_fell_back", sent.fell_back),
        Figure("decisions_made", decided.number),
        Figure("hours_to_decide", hours=_in(timedelta(hours=1), decided.seconds)),
        Figure("days_to_paid", days=_in(DAY, paid.seconds), before=_in(DAY, paid.before)),
    )


def _in(unit: timedelta, seconds: float | None) -> Decimal | None:
    return None if seconds is None else round(Decimal(str(seconds)) / Decimal(unit.total_seconds()), 1)


OWN = {Section.APPROVALS: _approvals, Section.FAILURES: _failures, Section.ACHIEVED: _achieved}
"""The sections that our own tables tell."""


def _within(company: str, span: Span) -> dict[str, object]:
    # Ids begin with their time, and the months of the log are found by them.
    return {"company": company, "since": span[0], "until": span[1], "first": first_id_at(span[0] - timedelta(days=1))}


def _edition(row: object) -> Edition:
    values = {name: getattr(row, name) for name in Edition.__slots__}
    return Edition(**{**values, "state": DigestState(values["state"])})
