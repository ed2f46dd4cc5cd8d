"""What the auditor looks for: runs that nothing would bring further, and timers that nobody fires."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

FIRST = UUID(int=0)
MOST_COUNTED = 10_000

_STRANDED = text("""
    with page as materialized (
        select id, cur_step, iter from run where status = 'active' and id > :after order by id limit :limit
    )
    select id from page where not exists (
        select from timer t
        where t.dedupe_key = 'step:' || page.id || ':' || page.cur_step || ':' || page.iter
            and t.state in ('due', 'dead') -- of a dead one an operator was told
    ) order by id
""")
_PAGE_ENDS = text("select id from run where status = 'active' and id > :after order by id offset :limit - 1 limit 1")
_TIMERS = text("""
    select :now - min(due_at) as lag, count(*) as overdue,
        count(*) filter (where lease_until < clock_timestamp()) as abandoned
    from (
        select due_at, lease_until from timer where state = 'due' and due_at <= :now order by due_at limit :limit
    ) as overdue
""")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the active runs, in the order of their ids."""

    stranded: tuple[UUID, ...]
    """Those that have no timer for what is due next."""
    ends: UUID | None
    """Where the next page begins; None: this was the last."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """The timers that are due and were not fired."""

    lag: timedelta
    """How late the latest is, in business time."""
    number: int
    """At most ten thousand are counted."""
    abandoned: int
    """Of them, those whose lease has run out: whoever claimed them died."""


def audited(connection: Connection, after: UUID, limit: int) -> Page:
    """The next runs after this one that nothing would bring further."""
    values = {"after": after, "limit": limit}
    return Page(tuple(connection.scalars(_STRANDED, values)), connection.scalar(_PAGE_ENDS, values))


def overdue(connection: Connection, now: datetime) -> Overdue:
    """What is due and was not fired; `now` is business time."""
    row = connection.execute(_TIMERS, {"now": now, "limit": MOST_COUNTED}).one()
    return Overdue(row.lag or timedelta(), row.overdue, row.abandoned)
