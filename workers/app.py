"""The Celery app: broker, late acknowledgement, JSON only, no results."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config.logging import configure
from config.settings import Settings
from postroom.domain.messages import Urgency
from workers.queues import Queue, lane_queue

TASKS = (
    "route",
    "observe",
    "deliver",
    "write_back",
    "reread",
    "sync_people",
    "recognise",
    "edit",
    "digest",
    "dun",
    "housekeeping",
)

VISIBILITY_SECONDS = 300
"""Longer than any task and any countdown (at most a minute), and the same in every app on this broker."""


def celery_settings(redis_url: str) -> dict[str, Any]:
    """Each value by experiment with Celery 5.7 on Redis; see docs/decisions/0003-celery-settings.md."""
    return {
        "broker_url": redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            # A dead worker's messages come back in seconds instead of a minute and a half.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "unacked_restore_limit": 1000,
            "max_connections": 200,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
        },
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 15,
        "worker_send_task_events": True,
        "worker_hijack_root_logger": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": Queue.CORE.value,
        "task_create_missing_queues": True,
        "task_routes": (_queue_of,),
        "timezone": "UTC",
        "enable_utc": True,
        "imports": tuple(f"workers.tasks.{name}" for name in TASKS),
    }


QUEUES: Mapping[str, Callable[..., Queue]] = MappingProxyType(
    {
        "route": lambda: Queue.CORE,
        "observe": lambda: Queue.CORE,
        "keep_house": lambda: Queue.CORE,
        "write_back": lambda: Queue.OUTBOX,
        "reread": lambda: Queue.OUTBOX,
        "sync_people": lambda: Queue.OUTBOX,
        "plan_digests": lambda: Queue.OUTBOX,
        "make_digests": lambda: Queue.OUTBOX,
        "plan_collections": lambda: Queue.OUTBOX,
        "collect": lambda: Queue.OUTBOX,
        "recognise": lambda channel: lane_queue(channel, Urgency.BULK),
        "edit": lambda channel: lane_queue(channel, Urgency.NORMAL),
        "deliver": lane_queue,
        "canary": Queue,
    }
)
"""Where each task goes, by its arguments: a call by hand finds the channel's own worker, too."""


def _queue_of(name: str, args: Sequence[Any], *_rest: Any, **_options: Any) -> dict[str, str] | None:
    return {"queue": QUEUES[name](*args).value} if name in QUEUES else None


@cache
def settings() -> Settings:
    """The environment, read once per process, when it is first needed."""
    return Settings()


app = Celery("postroom", set_as_current=True)
app.add_defaults(lambda: celery_settings(settings().redis_url))


@setup_logging.connect
def _log_as_json(**_signal: Any) -> None:
    configure(os.environ.get("POSTROOM_PROCESS", "worker"), settings().log_level)


def publish(task: str, args: tuple[str, ...], queue: str) -> None:
    """Send one message without waiting for a broker that is away: a lost hint is found by the sweep."""
    app.send_task(task, args=args, queue=queue, retry=False, ignore_result=True)
