"""Keeping the house: signs of life, coming months, retention."""

from datetime import UTC, datetime

import structlog

from postroom.store.heartbeats import beat
from postroom.store.partitions import ensure_partitions
from postroom.store.retention import drop_old_partitions, forget
from workers.app import app
from workers.queues import Queue
from workers.wiring import rooms

log = structlog.get_logger()


@app.task(name="canary")
def canary(queue: str) -> str:
    """Show that a queue is consumed; the supervisor restarts a worker whose canary has fallen silent."""
    beat(rooms().engine, f"queue:{Queue(queue)}")
    return f"{queue} is consumed"


@app.task(name="keep_house")
def keep_house() -> str:
    """Make the coming months' partitions and let go of what has had its time; harmless to run twice."""
    now = datetime.now(UTC)
    with rooms().engine.begin() as connection:
        made = ensure_partitions(connection, now)
        dropped = drop_old_partitions(connection, now)
    forgotten = 0
    while True:
        with rooms().engine.begin() as connection:
            gone = sum(forget(connection, now).values())
        forgotten += gone
        if not gone:
            break
    log.info("house_kept", made=made, dropped=dropped, forgotten=forgotten)
    return f"{len(made)} partitions made, {len(dropped)} dropped, {forgotten} rows forgotten"
