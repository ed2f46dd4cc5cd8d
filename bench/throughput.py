"""How fast a backlog reaches the provider, from the inbox and from a bare Celery queue."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench.contestants import (
    PATIENCE,
    BareCelery,
    CelerySettings,
    Contestant,
    Postroom,
    bare_celery,
    next_documents,
    wait_until,
)
from bench.report import Row, say
from bench.stage import Stage

GOAL = 0.5

CANDIDATES = {
    0.0: [
        *(CelerySettings("prefork", 2, prefetch) for prefetch in (1, 4)),
        *(CelerySettings("threads", threads, prefetch) for threads in (16, 32) for prefetch in (1, 4)),
    ],
    # Two processes that wait 50 ms each make 40 a second at the most.
    0.05: [CelerySettings("threads", threads, prefetch) for threads in (32, 64) for prefetch in (1, 4)],
}
"""How Celery may be run, by the provider's latency in seconds; the best of each is the baseline."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    documents: int
    rounds: int
    calibration: int
    """Messages by which Celery's best settings are found; 0 takes the first."""


def throughput(stage: Stage, size: Size) -> Iterator[Row]:
    """Races at each latency of the provider: Postroom, Celery, Postroom, Celery and so on."""
    house = Postroom(stage)
    with contextlib.closing(house):
        for latency, candidates in CANDIDATES.items():
            best = calibrate(stage, house, candidates, latency, size.calibration)
            ours, theirs = _races(stage, house, best, latency, size)
            yield Row(
                "throughput",
                f"backlog to a provider that takes {latency * 1000:.0f} ms",
                median(ours),
                "messages/s",
                best.name,
                median(theirs),
                GOAL,
            )


def calibrate(
    stage: Stage, house: Postroom, candidates: Sequence[CelerySettings], latency: float, documents: int
) -> CelerySettings:
    """The settings by which Celery is fastest here and now; the house stands still meanwhile."""
    if not documents:
        return candidates[0]
    rates: dict[CelerySettings, float] = {}
    with house.frozen():
        for settings in candidates:
            with bare_celery(stage, settings) as worker:
                rates[settings] = race(stage, worker, [], latency, documents)
            say(f"  {settings.name} at {latency * 1000:.0f} ms: {rates[settings]:.0f}/s")
    return max(rates, key=rates.__getitem__)


def _races(
    stage: Stage, house: Postroom, best: CelerySettings, latency: float, size: Size
) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    with bare_celery(stage, best) as worker:
        for number in range(size.rounds):
            ours.append(race(stage, house, [worker], latency, size.documents))
            theirs.append(race(stage, worker, [house], latency, size.documents))
            say(
                f"  round {number + 1} at {latency * 1000:.0f} ms: postroom {ours[-1]:.0f}/s, celery {theirs[-1]:.0f}/s"
            )
    return ours, theirs


def race(
    stage: Stage, runner: Postroom | BareCelery, others: Sequence[Contestant], latency: float, count: int
) -> float:
    """Messages a second, from the start until the provider has seen the last. Raises where one came twice."""
    documents = next_documents(count)
    with ExitStack() as still:
        for other in others:
            still.enter_context(other.frozen())
        stage.provider.reset(latency)
        with runner.frozen():
            runner.load(documents)
            started = time.monotonic()
        last = stage.provider.wait_for(count, PATIENCE)
        wait_until(runner.is_idle)
    if stage.provider.requests() != count:
        raise AssertionError(f"{runner.name} made {stage.provider.requests()} requests for {count} messages")
    return count / (last - started)
