"""What happened before: the events of a time in their order, what is known of people, and how often channels failed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import Text

from postroom.domain.channels import ChannelName
from postroom.domain.simulation import Known, Place
from postroom.store.ids import first_id_at, made_at
from postroom.store.sealing import Sealer

BATCH = 500
"""Events that are held at a time: each is opened, and may be as large as the door takes."""

# By the id, which begins with the time: the key's own index answers, and nothing is sorted.
_EVENTS = text("select id, payload from inbox where kind = 'event' and id >= :since order by id")
_COUNT = text("select count(*) from inbox where kind = 'event' and id >= :since")
_KNOWN = text("""
    select w.place, c.unreachable_until, c.unreachable_code, (
        select consent.granted from consent
        where consent.company = w.company and consent.channel = w.channel and consent.blind = w.blind
        order by consent.at desc, consent.id desc limit 1
    ) as granted
    from unnest(:companies, :partners, :channels, :blinds) with ordinality
        as w (company, partner, channel, blind, place)
    left join contact_point c using (company, partner, channel, blind)
""").bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "partners", "channels")),
    bindparam("blinds", type_=ARRAY(BYTEA)),
)
_ENDED = text("""
    select channel, count(*) as ended, count(*) filter (where state = 'failed') as failed from message_log
    where id >= :since and state in ('sent', 'delivered', 'read', 'failed') group by channel
""")


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event as it was posted."""

    id: UUID
    payload: Any
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """How the messages of one channel ended."""

    ended: int
    failed: int


def count_events(connection: Connection, since: datetime) -> int:
    """How many events came in since then."""
    return int(connection.scalar(_COUNT, {"since": first_id_at(since)}) or 0)


def past_events(connection: Connection, sealer: Sealer, since: datetime) -> Iterator[list[PastEvent]]:
    """The events that came in since then, opened batch by batch, in bounded memory."""
    rows = connection.execution_options(yield_per=BATCH).execute(_EVENTS, {"since": first_id_at(since)})
    for batch in rows.partitions():
        yield [PastEvent(row.id, sealer.open_json(row.payload, "inbox.payload"), made_at(row.id)) for row in batch]


def known_of(connection: Connection, sealer: Sealer, places: Sequence[Place]) -> dict[Place, Known]:
    """What is remembered of addresses, without making anything where nothing is."""
    if not places:
        return {}
    columns = {
        "companies": [place.company for place in places],
        "partners": [place.partner for place in places],
        "channels": [place.channel.value for place in places],
        "blinds": [sealer.blind(place.channel, place.address) for place in places],
    }
    return {
        places[row.place - 1]: Known(
            opted_out=row.granted is False,
            opted_in=row.granted is True,
            unreachable_until=row.unreachable_until,
            unreachable_code=row.unreachable_code or "",
        )
        for row in connection.execute(_KNOWN, columns)
    }


def records(connection: Connection, since: datetime) -> dict[ChannelName, Record]:
    """How each channel's messages of this time ended."""
    rows = connection.execute(_ENDED, {"since": first_id_at(since)})
    return {ChannelName(row.channel): Record(row.ended, row.failed) for row in rows}
