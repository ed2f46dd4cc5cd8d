"""Take rows of the inbox in batches: a poison row is counted, in the end listed, and never keeps the others back."""

from collections.abc import Callable, Sequence

import structlog

from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, mark_failed, take_events
from postroom.store.notices import raise_notice
from workers.hints import Lane
from workers.tasks.summary import Summary
from workers.wiring import Rooms

Apply = Callable[[Connection, Rooms, Sequence[InboxRow], Summary], set[Lane]]
"""What is done with rows, in the transaction that holds them; returns the lanes to hint at afterwards."""

log = structlog.get_logger()


def take_batch(rooms: Rooms, kind: str, apply: Apply, limit: int, summary: Summary) -> int:
    """Apply the next rows of a kind, all in one transaction. Returns how many there were."""
    try:
        with rooms.engine.begin() as connection:
            rows = take_events(connection, rooms.sealer, kind, limit)
            lanes = apply(connection, rooms, rows, summary)
    except Exception as error:
        log.error("batch_failed", kind=kind, error=type(error).__name__, exc_info=True)
        return sum(_take_one(rooms, kind, apply, summary) for _ in range(limit))
    rooms.hints.deliver_all(lanes)
    return len(rows)


def _take_one(rooms: Rooms, kind: str, apply: Apply, summary: Summary) -> int:
    lanes: set[Lane] = set()
    with rooms.engine.begin() as connection:
        rows = take_events(connection, rooms.sealer, kind, 1)
        try:
            with connection.begin_nested():
                lanes = apply(connection, rooms, rows, summary)
        except Exception as error:  # noqa: BLE001 - the row is counted and, after five times, listed
            _fail(connection, rows[0], f"{type(error).__name__}: {error}", summary)
    rooms.hints.deliver_all(lanes)
    return len(rows)


def _fail(connection: Connection, row: InboxRow, words: str, summary: Summary) -> None:
    log.error("event_failed", event_id=str(row.id), error=words)
    if mark_failed(connection, "inbox", row.id, words):
        # Not by the sender's own key: a wamid has the phone number in it.
        told = f"Event {row.id} of {row.source} failed five times and is dead: {words}"
        raise_notice(connection, key=f"dead:{row.id}", company=row.company, kind="dead", words=told)
    summary.add("failed")
