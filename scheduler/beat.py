"""The timetable: name, cadence, task. UTC. Every entry is idempotent per period, since two beats double each tick."""

from typing import Any

from celery.schedules import crontab

from workers.app import app
from workers.queues import Queue

CANARY_SECONDS = 30.0

TIMETABLE: dict[str, dict[str, Any]] = {
    "keep-house": {"task": "keep_house", "schedule": crontab(minute="10", hour="3")},
    **{
        f"canary-{queue}": {
            "task": "canary",
            "schedule": CANARY_SECONDS,
            "args": (queue.value,),
            # A canary that nobody heard in its own period is stale; it must not pile up while a worker is away.
            "options": {"expires": CANARY_SECONDS},
        }
        for queue in Queue
    },
}

app.add_defaults({"beat_schedule": TIMETABLE})
