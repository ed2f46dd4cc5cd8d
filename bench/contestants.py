"""Who races: the house from its inbox, and a bare Celery task from its queue. Both start with the work lying ready."""

import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import redis
from celery import Celery

from bench import events
from bench.celery_hop import QUEUE
from bench.stage import Stage, frozen
from postroom.store.engine import connect
from postroom.store.inbox import NewEvent, keep_events
from postroom.store.sealing import Sealer
from postroom.store.survey import survey

PATIENCE = 120.0
KEPT_AT_ONCE = 100

_documents = itertools.count(1)


def next_documents(count: int) -> list[int]:
    """Numbers that no document of this run has had."""
    return list(itertools.islice(_documents, count))


class Contestant(Protocol):
    """Somebody who can be loaded while he stands still, and then let go."""

    name: str

    def load(self, documents: Sequence[int]) -> None:
        """Lay the work ready."""

    def frozen(self) -> AbstractContextManager[None]:
        """He stands still for the block."""

    def is_idle(self) -> bool:
        """Whether nothing of his work is left."""


class Postroom:
    """The house: events in the inbox, and the real core, WhatsApp and ticker processes."""

    name = "postroom"

    def __init__(self, stage: Stage) -> None:
        environment = stage.environment
        self._stage = stage
        self._engine = connect(environment["DATABASE_URL"], process="bench")
        self._sealer = Sealer(environment["SEALING_KEYS"], environment["BLIND_KEY"])
        self._celery = Celery(broker=environment["REDIS_URL"])

    def load(self, documents: Sequence[int]) -> None:
        """Keep the events as the door keeps them, in its batches of a hundred; then give one hint, as it does."""
        for first in range(0, len(documents), KEPT_AT_ONCE):
            batch = documents[first : first + KEPT_AT_ONCE]
            new = [_kept(number) for number in batch]
            body = b"[" + b",".join(event.payload for event in new) + b"]"
            keep_events(self._engine, self._sealer, source="odoo", headers={}, body=body, events=new)
        self._celery.send_task("route", queue="core", ignore_result=True)

    def frozen(self) -> AbstractContextManager[None]:
        """All of the house but its servers and its door."""
        return self._stage.resting(self._stage.thinkers)

    def is_idle(self) -> bool:
        """No event waits, and no leg is under way."""
        figures = survey(self._engine)
        return not figures.inbox and not figures.legs

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()
        self._celery.close()


def _kept(number: int) -> NewEvent:
    event = events.order(number)
    return NewEvent("1", event["source"], event["id"], event["type"], events.body(number))


@dataclass(frozen=True, slots=True)
class CelerySettings:
    """How the baseline's worker is run."""

    pool: str
    concurrency: int
    prefetch: int

    @property
    def name(self) -> str:
        """As it is told in the results."""
        return f"bare Celery, {self.pool} c={self.concurrency}, prefetch {self.prefetch}"


class BareCelery:
    """One Celery worker with one task that makes one POST."""

    def __init__(self, stage: Stage, settings: CelerySettings, group: int) -> None:
        self.name = settings.name
        self.pid = group
        self._redis = redis.Redis.from_url(stage.baseline_broker)
        self._celery = Celery(broker=stage.baseline_broker)

    def load(self, documents: Sequence[int]) -> None:
        """Publish one message for each."""
        with self._celery.producer_or_acquire() as producer:
            for number in documents:
                self.publish(number, producer)

    def publish(self, number: int, producer: object = None) -> None:
        """One message, as apply_async sends it."""
        self._celery.send_task("hop", (number,), queue=QUEUE, ignore_result=True, retry=False, producer=producer)

    def frozen(self) -> AbstractContextManager[None]:
        """The worker with its children."""
        return frozen([self.pid])

    def is_idle(self) -> bool:
        """Nothing is queued, and nothing is unacknowledged."""
        return not self._redis.llen(QUEUE) and not self._redis.hlen("unacked")

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()
        self._celery.close()


@contextlib.contextmanager
def bare_celery(stage: Stage, settings: CelerySettings) -> Iterator[BareCelery]:
    """A worker that has shown that it works."""
    argv = (
        *(sys.executable, "-m", "celery", "-A", "bench.celery_hop", "worker", "-Q", QUEUE, "-n", "bench@%h"),
        *("-P", settings.pool, "-c", str(settings.concurrency), f"--prefetch-multiplier={settings.prefetch}"),
        *("--without-mingle", "--without-gossip", "--loglevel", "WARNING"),
    )
    surroundings = {"BENCH_BROKER": stage.baseline_broker, "BENCH_PROVIDER": f"{stage.provider.url}/messages"}
    with stage.running("celery", *argv, **surroundings, PYTHONWARNINGS="ignore") as child:
        worker = BareCelery(stage, settings, child.pid)
        stage.provider.reset()
        warm = next_documents(2 * settings.concurrency)
        worker.load(warm)
        stage.provider.wait_for(len(warm), PATIENCE)
        wait_until(worker.is_idle)
        yield worker
        worker.close()


def wait_until(is_true: Callable[[], bool], within: float = PATIENCE) -> None:
    """Look often until it is. Raises TimeoutError."""
    deadline = time.monotonic() + within
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{is_true.__qualname__} did not come true in {within:.0f} s")
        time.sleep(0.05)
