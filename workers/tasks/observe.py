"""The return door's task: read providers' webhooks, then apply what they tell, each thing once."""

from collections.abc import Sequence

import structlog

from postroom.domain.channels import RECEIPTS, ChannelEvent
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, mark_done, mark_failed, take_events
from postroom.store.notices import raise_notice
from workers.app import app
from workers.hints import Lane
from workers.metrics import OBSERVED
from workers.tasks.hear import hear
from workers.tasks.read import read_webhooks
from workers.tasks.settle import settle
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

BATCH = 100
log = structlog.get_logger()


@app.task(name="observe")
def observe() -> str:
    """Drain providers' webhooks and the events in them; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Read every waiting webhook, then apply its events."""
    rooms.hints.clear("observe")
    summary = Summary("no webhook waited")
    while read_webhooks(rooms, summary) + _apply_batch(rooms, BATCH, summary):
        pass
    return summary


def _apply_batch(rooms: Rooms, limit: int, summary: Summary) -> int:
    try:
        with rooms.engine.begin() as connection:
            rows = take_events(connection, rooms.sealer, "channel", limit)
            lanes = _apply(connection, rooms, rows, summary)
    except Exception as error:
        if limit == 1:
            raise
        log.error("batch_failed", error=type(error).__name__, exc_info=True)
        return sum(_apply_alone(rooms, summary) for _ in range(limit))
    rooms.hints.deliver_all(lanes)
    return len(rows)


def _apply_alone(rooms: Rooms, summary: Summary) -> int:
    with rooms.engine.begin() as connection:
        rows = take_events(connection, rooms.sealer, "channel", 1)
        if not rows:
            return 0
        try:
            with connection.begin_nested():
                _apply(connection, rooms, rows, summary)
        except Exception as error:  # noqa: BLE001 - the row is counted and, after five times, listed; the others go on
            words = f"{type(error).__name__}: {error}"
            log.error("event_failed", event_id=str(rows[0].id), error=words)
            if mark_failed(connection, "inbox", rows[0].id, words):
                told = f"An event of {rows[0].source} failed five times and is dead: {words} (inbox {rows[0].id})"
                raise_notice(connection, key=f"dead:{rows[0].id}", company="", kind="dead", words=told)
    return 1


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
