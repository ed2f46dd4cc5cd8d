"""The timetable: name, cadence, task. UTC. Every entry is idempotent per period, since two beats double each tick."""

from typing import Any

from celery.schedules import crontab
from celery.signals import beat_init

from postroom.domain.people import DIRECTORIES
from workers.app import app, publish
from workers.queues import Queue

CANARY_SECONDS = 30.0
HOURLY = "0-22"
"""Not between 23 and 24 UTC, where two dates meet for most of Europe."""

TIMETABLE: dict[str, dict[str, Any]] = {
    "keep-house": {"task": "keep_house", "schedule": crontab(minute="10", hour="3")},
    "plan-digests": {"task": "plan_digests", "schedule": crontab(minute="7", hour=HOURLY)},
    "plan-collections": {"task": "plan_collections", "schedule": crontab(minute="27", hour=HOURLY)},
    "sync-people": {"task": "sync_people", "schedule": crontab(minute="17", hour=HOURLY)},
    **{
        f"recognise-{channel}": {
            "task": "recognise",
            "schedule": crontab(minute="47", hour=HOURLY),
            "args": (channel.value,),
        }
        for channel in DIRECTORIES
    },
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


@beat_init.connect
def _begin(**_signal: Any) -> None:
    """Who decides is asked at once: nobody shall press in vain until the first full hour."""
    publish("sync_people", (), Queue.OUTBOX.value)
