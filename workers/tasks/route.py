"""The sorting room's task: drain the events in the inbox."""

import structlog

from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, mark_failed, take_events
from postroom.store.notices import raise_notice
from workers.app import app
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

BATCH = 50
log = structlog.get_logger()


@app.task(name="route")
def route() -> str:
    """Drain the events in the inbox; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Turn every waiting event into intents and legs, then hint at the lanes that have something to send."""
    rooms.hints.clear("route")
    summary = Summary("no event waited")
    while taken := _batch(rooms, BATCH, summary):
        if taken == BATCH:
            rooms.hints.route()  # a backlog: another thread may drain beside this one
    return summary


def _batch(rooms: Rooms, limit: int, summary: Summary) -> int:
    try:
        with rooms.engine.begin() as connection:
            rows = take_events(connection, rooms.sealer, "event", limit)
            lanes = sort_events(connection, rooms, rows, summary)
    except Exception as error:
        if limit == 1:
            raise
        # One of them is poison: take them one by one, so that the others go on.
        log.error("batch_failed", error=type(error).__name__, exc_info=True)
        return sum(_alone(rooms, summary) for _ in range(limit))
    rooms.hints.deliver_all(lanes)
    return len(rows)


def _alone(rooms: Rooms, summary: Summary) -> int:
    with rooms.engine.begin() as connection:
        rows = take_events(connection, rooms.sealer, "event", 1)
        if not rows:
            return 0
        try:
            with connection.begin_nested():
                sort_events(connection, rooms, rows, summary)
        except Exception as error:  # noqa: BLE001 - the row is counted and, after five times, listed; the others go on
            _fail(connection, rows[0], f"{type(error).__name__}: {error}", summary)
    return 1


def _fail(connection: Connection, row: InboxRow, words: str, summary: Summary) -> None:
    log.error("event_failed", event_id=str(row.id), error=words)
    if mark_failed(connection, "inbox", row.id, words):
        told = (
            f"Event {row.key} of {row.source} failed five times and is dead: {words}. "
            f"Look: postroom events show {row.id}"
        )
        raise_notice(connection, key=f"dead:{row.id}", company=row.company, kind="dead", words=told)
    summary.add("failed")
