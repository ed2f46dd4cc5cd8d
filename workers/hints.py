"""Hints: tell a worker that rows wait. A lost hint costs seconds, never a message."""

from collections.abc import Callable, Iterable
from typing import Protocol

import redis
import structlog
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from workers.metrics import HINTS
from workers.queues import Queue, lane_queue


def client_of(redis_url: str) -> redis.Redis:
    """A client that fails fast: whoever asks has something better to do than to wait for Redis."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=1, retry=once)


Lane = tuple[ChannelName, Urgency]

LIFE_MS = 2000
"""A hint that nobody took is given again after this."""

LOST = (redis.RedisError, OperationalError, OSError)
log = structlog.get_logger()


class Publish(Protocol):
    """Send one Celery message."""

    def __call__(self, task: str, args: tuple[str, ...], queue: str) -> None: ...


class Hints:
    """At most one hint per drain is under way: the winner publishes, the worker deletes it before it drains."""

    def __init__(self, client: redis.Redis, publish: Publish) -> None:
        self._redis = client
        self._publish = publish

    def route(self) -> None:
        """Events wait in the inbox."""
        self._hint("route", (), Queue.CORE)

    def observe(self) -> None:
        """Providers' webhooks wait."""
        self._hint("observe", (), Queue.CORE)

    def write_back(self) -> None:
        """Something waits to be written into Odoo."""
        self._hint("write_back", (), Queue.OUTBOX)

    def recognise(self, channel: ChannelName) -> None:
        """People wait to be asked for in a channel's directory."""
        self._hint("recognise", (channel.value,), lane_queue(channel, Urgency.BULK))

    def deliver(self, channel: ChannelName, lane: Urgency) -> None:
        """Legs of a lane are due."""
        self._hint("deliver", (channel.value, lane.value), lane_queue(channel, lane))

    def deliver_all(self, lanes: Iterable[Lane]) -> None:
        """Legs of these lanes are due."""
        for channel, urgency in lanes:
            self.deliver(channel, urgency)

    def help_deliver(self, channel: ChannelName, lane: Urgency) -> None:
        """A backlog: another thread may drain beside this one, unless one is on its way already."""
        if not self._waiting(lane_queue(channel, lane)):
            self.deliver(channel, lane)

    def remind(self, *, route: bool, observe: bool) -> None:
        """A sweep found events or webhooks. Where hints wait for a worker that is away, none is added."""
        if self._waiting(Queue.CORE):
            return
        if route:
            self.route()
        if observe:
            self.observe()

    def remind_to_write_back(self) -> None:
        """A sweep found what is to be written into Odoo; as `remind`."""
        if not self._waiting(Queue.OUTBOX):
            self.write_back()

    def remind_to_reread(self) -> None:
        """Documents that somebody is to decide are to be looked at in Odoo; as `remind`."""
        if not self._waiting(Queue.OUTBOX):
            self._hint("reread", (), Queue.OUTBOX)

    def remind_to_make_digests(self) -> None:
        """Digests are due, and their figures are to be read; as `remind`."""
        if not self._waiting(Queue.OUTBOX):
            self._hint("make_digests", (), Queue.OUTBOX)

    def remind_to_collect(self) -> None:
        """What customers owe is to be read again; as `remind`."""
        if not self._waiting(Queue.OUTBOX):
            self._hint("collect", (), Queue.OUTBOX)

    def remind_to_edit(self, channel: ChannelName) -> None:
        """Cards are no longer true; as `remind`."""
        queue = lane_queue(channel, Urgency.NORMAL)
        if not self._waiting(queue):
            self._hint("edit", (channel.value,), queue)

    def clear(self, task: str, *args: str) -> None:
        """Called before a drain looks: whatever comes after the look gives a hint of its own."""
        self._quietly(lambda: self._redis.delete(_key(task, args)), task)

    def _hint(self, task: str, args: tuple[str, ...], queue: Queue) -> None:
        def give() -> None:
            if self._redis.set(_key(task, args), b"1", nx=True, px=LIFE_MS):
                self._publish(task, args, queue.value)
                HINTS.labels(task=task).inc()

        self._quietly(give, task)

    def _waiting(self, queue: Queue) -> bool:
        try:
            return bool(self._redis.llen(queue.value))
        except LOST:
            return False

    def _quietly(self, act: Callable[[], object], task: str) -> None:
        try:
            act()
        except LOST as error:
            HINTS.labels(task="lost").inc()
            log.warning("hint_lost", task=task, error=type(error).__name__)


def _key(task: str, args: tuple[str, ...]) -> str:
    return ":".join(("postroom", "hint", task, *args))
