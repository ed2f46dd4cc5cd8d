"""The return door's task: read providers' webhooks, then apply what they tell, each thing once."""

from collections.abc import Sequence

from postroom.domain.channels import RECEIPTS, ChannelEvent
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, events_wait, mark_done
from postroom.store.outbox import writings_wait
from workers.app import app
from workers.hints import Lane
from workers.metrics import OBSERVED
from workers.tasks.hear import hear
from workers.tasks.read import read_webhooks
from workers.tasks.settle import settle
from workers.tasks.summary import Summary
from workers.tasks.take import take_batch
from workers.wiring import Rooms, rooms

BATCH = 100


@app.task(name="observe")
def observe() -> str:
    """Drain providers' webhooks and the events in them; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Read every waiting webhook, then apply its events."""
    rooms.hints.clear("observe")
    summary = Summary("no webhook waited")
    while read_webhooks(rooms, summary) + take_batch(rooms, "channel", _apply, BATCH, summary):
        pass
    hint_what_follows(rooms)
    return summary


def hint_what_follows(rooms: Rooms) -> None:
    """What was heard may belong into Odoo, or have made an event of our own."""
    with rooms.engine.connect() as connection:
        to_write, to_route = writings_wait(connection), events_wait(connection)
    if to_write:
        rooms.hints.write_back()
    if to_route:
        rooms.hints.route()


def _apply(connection: Connection, rooms: Rooms, rows: Sequence[InboxRow], summary: Summary) -> set[Lane]:
    events = [(row, ChannelEvent.from_json(row.payload)) for row in rows]
    receipts = [(row, event) for row, event in events if event.kind in RECEIPTS]
    words = [(row, event) for row, event in events if event.kind not in RECEIPTS]
    done, lanes = settle(connection, rooms, receipts, summary)
    for row, event in words:
        lanes |= hear(connection, rooms, row, event)
        done.append(row.id)
    for _, event in events:
        OBSERVED.labels(channel=event.channel.value, kind=event.kind.value).inc()
        summary.add(event.kind.value)
    mark_done(connection, "inbox", done)
    return lanes
