"""How long one event takes to the provider while there is little to do."""

import contextlib
import http.client
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from bench import events
from bench.contestants import PATIENCE, BareCelery, CelerySettings, bare_celery, next_documents
from bench.report import Row
from bench.stage import Stage

EVERY = 0.1
"""Seconds between two sends: five events and five Celery messages a second, in turn."""
WARM = 20
"""Sends that are not measured: a process's first message finds nothing loaded yet."""
HOP = CelerySettings("threads", 16, 1)


def latency(stage: Stage, documents: int) -> Iterator[Row]:
    """The event's POST at the door until the stub sees the request, against apply_async until the stub sees it."""
    with bare_celery(stage, HOP) as worker, contextlib.closing(Door(stage)) as door:
        stage.provider.reset()
        warm = next_documents(WARM)
        _send_in_turn(warm[0::2], warm[1::2], door, worker)
        stage.provider.wait_for(len(warm), PATIENCE)
        stage.provider.reset()
        numbers = next_documents(2 * documents)
        ours, theirs = numbers[0::2], numbers[1::2]
        began = _send_in_turn(ours, theirs, door, worker)
        stage.provider.wait_for(len(numbers), PATIENCE)
        seen = stage.provider.seen()
    took = {number: (seen[number] - at) * 1000 for number, at in began.items()}
    for name, rank in (("p50", 50), ("p95", 95)):
        yield Row(
            "latency",
            f"event's POST to provider at 5/s, {name}",
            _percentile([took[number] for number in ours], rank),
            "ms",
            f"one hop of {worker.name}",
            _percentile([took[number] for number in theirs], rank),
        )


def _send_in_turn(ours: Sequence[int], theirs: Sequence[int], door: "Door", worker: BareCelery) -> dict[int, float]:
    began: dict[int, float] = {}
    ways: tuple[Callable[[int], None], ...] = (door.post, worker.publish)
    for pair in zip(ours, theirs, strict=True):
        for number, send in zip(pair, ways, strict=True):
            began[number] = time.monotonic()
            send(number)
            time.sleep(max(0.0, EVERY - (time.monotonic() - began[number])))
    return began


def _percentile(values: Sequence[float], rank: int) -> float:
    return values[0] if len(values) == 1 else statistics.quantiles(values, n=100, method="inclusive")[rank - 1]


class Door:
    """The house's door, as Odoo reaches it; one kept-alive connection."""

    def __init__(self, stage: Stage) -> None:
        self._secret = stage.event_secret
        self._connection = http.client.HTTPConnection("127.0.0.1", int(stage.environment["WEB_PORT"]), timeout=10)

    def post(self, number: int) -> None:
        """Post one event. Raises when it is not taken."""
        raw = events.body(number)
        headers = events.signed(raw, f"bench-{number}", self._secret)
        self._connection.request("POST", "/v1/events", raw, headers)
        answer = self._connection.getresponse()
        words = answer.read()
        if answer.status != 202:
            raise AssertionError(f"the door answered {answer.status}: {words.decode()}")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
