"""How much waits, for the gauges; every question is answered from a partial index over what is open."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from postroom.domain.channels import ChannelName
from postroom.store.ids import first_id_at
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
    circuits: tuple[tuple[str, str, str], ...] = ()
    """Channel, account and state of every sender that ever met trouble."""
    outbox: tuple[tuple[str, str, int, timedelta], ...] = ()
    """Wire, kind, how many wait to be written into Odoo, and for how long the oldest has."""


_LEGS = text("""
    select channel, lane, state, count(*) as number from message_log
    where state in ('queued', 'held', 'claimed', 'sending', 'unknown') group by channel, lane, state
""")
_INBOX = text("select kind, state, count(*) as number from inbox where state in ('new', 'parked') group by kind, state")
_CIRCUITS = text("select channel, account, state from circuit order by channel, account")
_OUTBOX = text("""
    select wire, kind, count(*) as number, clock_timestamp() - min(created_at) as oldest from outbox
    where state = 'waiting' group by wire, kind
""")
_REST = text("""
    select (select count(*) from request where state = 'new') as unread,
        (select count(*) from notice where closed_at is null) as notices,
        greatest(clock_timestamp() - min(next_at), interval '0') as oldest_due
    from message_log where state = 'queued'
""")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went by a channel in the last hour, and what waits to go."""

    waiting: int = 0
    sent: int = 0
    failed: int = 0


# By the month's partition that the last hour lies in: an id is a UUIDv7, and so says when its row was made.
_TRAFFIC = text("""
    select channel,
        count(*) filter (where state in ('queued', 'held', 'claimed', 'sending', 'unknown')) as waiting,
        count(*) filter (where sent_at > clock_timestamp() - interval '1 hour') as sent,
        count(*) filter (where state = 'failed' and ended_at > clock_timestamp() - interval '1 hour') as failed
    from message_log where id > :since group by channel
""")


def traffic(engine: Engine) -> dict[ChannelName, Traffic]:
    """Each channel's last hour, of the messages of the last two days."""
    since = first_id_at(datetime.now(UTC) - timedelta(days=2))
    with reaching(), engine.connect() as connection:
        return {
            ChannelName(row.channel): Traffic(row.waiting, row.sent, row.failed)
            for row in connection.execute(_TRAFFIC, {"since": since})
        }


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
            circuits=tuple((row.channel, row.account, row.state) for row in connection.execute(_CIRCUITS)),
            outbox=tuple((row.wire, row.kind, row.number, row.oldest) for row in connection.execute(_OUTBOX)),
        )
