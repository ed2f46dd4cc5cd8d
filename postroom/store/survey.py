"""How much waits, for the gauges; every question is answered from a partial index over what is open."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, text

from postroom.store.inbox import reaching


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits at one moment."""

    legs: tuple[tuple[str, str, str, int], ...]
    """Channel, lane, state and how many, of the legs that are not final."""
    inbox: tuple[tuple[str, str, int], ...]
    """Kind, state and how many."""
    unread: int
    """Raw webhooks that `observe` has not read."""
    oldest_due: timedelta
    """How long the leg that is due for longest has waited; zero when none is due."""
    notices: int


_LEGS = text("""
    select channel, lane, state, count(*) as number from message_log
    where state in ('queued', 'held', 'claimed', 'sending', 'unknown') group by channel, lane, state
""")
_INBOX = text("select kind, state, count(*) as number from inbox where state in ('new', 'parked') group by kind, state")
_REST = text("""
    select (select count(*) from request where state = 'new') as unread,
        (select count(*) from notice where closed_at is null) as notices,
        greatest(clock_timestamp() - min(next_at), interval '0') as oldest_due
    from message_log where state = 'queued'
""")


def survey(engine: Engine) -> Figures:
    """Count what waits. Raises Unavailable when PostgreSQL cannot be reached."""
    with reaching(), engine.connect() as connection:
        rest = connection.execute(_REST).one()
        return Figures(
            legs=tuple((row.channel, row.lane, row.state, row.number) for row in connection.execute(_LEGS)),
            inbox=tuple((row.kind, row.state, row.number) for row in connection.execute(_INBOX)),
            unread=rest.unread,
            oldest_due=rest.oldest_due or timedelta(0),
            notices=rest.notices,
        )
