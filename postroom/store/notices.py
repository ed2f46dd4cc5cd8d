"""What an operator must know, until somebody closes it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


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


_RAISE = text("""
    insert into notice as n (key, company, kind, text) values (:key, :company, :kind, :text)
    on conflict (key) do update set text = excluded.text, last_at = clock_timestamp(), closed_at = null,
        times = case when n.closed_at is null then n.times + 1 else 1 end,
        first_at = case when n.closed_at is null then n.first_at else clock_timestamp() end
    returning times
""")


def raise_notice(connection: Connection, *, key: str, company: str, kind: str, words: str) -> bool:
    """Tell the operators. The same key counts up instead of repeating itself. Returns whether it is news."""
    times = connection.scalar(_RAISE, {"key": key, "company": company, "kind": kind, "text": words})
    return bool(times == 1)


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
