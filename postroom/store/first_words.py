"""What a provider told of a message that no rule has sent: the first one, by which an operator tries a channel."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.channels import RECEIPTS, ChannelEvent, ChannelName
from postroom.store.ids import first_id_at
from postroom.store.sealing import Sealer

_TOLD = text("""
    select payload from inbox where kind = 'channel' and source like :source and id >= :since order by id
""")


def told_of(connection: Connection, sealer: Sealer, channel: ChannelName, *, since: datetime) -> list[ChannelEvent]:
    """The receipts that came by a channel since then, oldest first."""
    values = {"source": f"{channel}:%", "since": first_id_at(since)}
    rows = connection.execute(_TOLD, values)
    events = [ChannelEvent.from_json(sealer.open_json(row.payload, "inbox.payload")) for row in rows]
    return [event for event in events if event.kind in RECEIPTS]


def about(events: Sequence[ChannelEvent], provider_id: str, key: UUID) -> list[ChannelEvent]:
    """Those that are about one message, by the provider's id or by ours."""
    return [event for event in events if event.provider_id == provider_id or event.attempt_id == key]
