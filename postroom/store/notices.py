"""What an operator must know, until somebody closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that needs an operator's eye; its text holds no personal data."""

    key: str
    company: str
    kind: str
    text: str
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class NewNotice:
    """Something to tell the operators; the same key counts up instead of repeating itself."""

    key: str
    company: str
    kind: str
    words: str


_RAISE = text("""
    insert into notice as n (key, company, kind, text)
    select distinct on (key) * from unnest(:keys, :companies, :kinds, :texts) as new (key, company, kind, text)
    order by key
    on conflict (key) do update set text = excluded.text, last_at = clock_timestamp(), closed_at = null,
        times = case when n.closed_at is null then n.times + 1 else 1 end,
        first_at = case when n.closed_at is null then n.first_at else clock_timestamp() end
    returning key, times
""").bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("keys", "companies", "kinds", "texts")))


def raise_notices(connection: Connection, new: Sequence[NewNotice]) -> set[str]:
    """Tell the operators of each. Returns the keys of those that are news."""
    if not new:
        return set()
    values = {
        "keys": [each.key for each in new],
        "companies": [each.company for each in new],
        "kinds": [each.kind for each in new],
        "texts": [each.words for each in new],
    }
    return {row.key for row in connection.execute(_RAISE, values) if row.times == 1}


def raise_notice(connection: Connection, *, key: str, company: str, kind: str, words: str) -> bool:
    """Tell the operators. Returns whether it is news."""
    return bool(raise_notices(connection, [NewNotice(key, company, kind, words)]))


def close_notice(connection: Connection, key: str) -> bool:
    """Close a notice that was dealt with, or whose cause has gone."""
    result = connection.execute(
        text("update notice set closed_at = clock_timestamp() where key = :key and closed_at is null"), {"key": key}
    )
    return bool(result.rowcount)


def open_notices(connection: Connection) -> list[Notice]:
    """What is open now, newest first."""
    rows = connection.execute(
        text("""
            select key, company, kind, text, times, first_at, last_at from notice
            where closed_at is null order by last_at desc
        """)
    )
    return [Notice(*row) for row in rows]
