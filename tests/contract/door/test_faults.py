"""The door while something that it needs is away."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import redis

from postroom.store.engine import connect
from postroom.store.sealing import Sealer
from postroom.store.survey import survey
from tests.contract.door.senders import Recorder, Sender, door_over
from webhooks.app import create_app
from webhooks.door import Door
from webhooks.opening import StoreInbox, checks_of
from webhooks.outage import Outage
from workers.hints import Hints

Event = dict[str, Any]
Rows = Callable[[str], int]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def sender_without_store(port: int, sealer: Sealer, hints: Recorder) -> Sender:
    engine = connect(f"postgresql://x@127.0.0.1:{port}/x")
    return Sender(create_app(door_over(StoreInbox(engine, sealer), hints, lambda: survey(engine))).test_client())


def test_without_postgresql_nothing_is_promised(
    closed_port: int, sealer: Sealer, hints: Recorder, reminder: Event
) -> None:
    sender = sender_without_store(closed_port, sealer, hints)
    answer = sender.post(reminder)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["type"] == "/problems/unavailable"
    assert hints.given == []


def test_a_postgresql_that_hangs_holds_up_one_request_and_not_the_next(
    mute_port: int, sealer: Sealer, hints: Recorder, reminder: Event
) -> None:
    sender = sender_without_store(mute_port, sealer, hints)
    began = time.monotonic()
    assert sender.post(reminder).status_code == 503
    first = time.monotonic() - began

    def timed(_: int) -> tuple[int, float]:
        began = time.monotonic()
        status = Sender(sender.client.application.test_client()).post(reminder).status_code
        return status, time.monotonic() - began

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(timed, range(40)))

    assert first < 20
    assert {status for status, _ in answers} == {503}
    assert sorted(took for _, took in answers)[30] < 5


def test_without_redis_an_event_is_taken_all_the_same(
    door: Door, closed_port: int, reminder: Event, rows: Rows
) -> None:
    client = redis.Redis(port=closed_port, socket_connect_timeout=1)
    hints = Hints(client, lambda *_: pytest.fail("nothing is published without the hint's key"))
    sender = Sender(create_app(replace(door, hints=hints)).test_client())

    assert sender.post(reminder).status_code == 202
    assert rows("inbox") == 1


def test_readiness_names_everything_that_is_missing_with_its_remedy(door: Door, closed_port: int) -> None:
    engine = connect(f"postgresql://x@127.0.0.1:{closed_port}/x")
    checks = checks_of(engine, redis.Redis(port=closed_port), Outage())
    client = create_app(replace(door, checks=checks)).test_client()
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert [fault["pointer"] for fault in answer.json["errors"]] == [
        "/postgresql",
        "/migrations",
        "/redis",
        "/ticker",
    ]
    assert all("remedy" in fault for fault in answer.json["errors"])
    assert client.get("/healthz").json == {"status": "ok"}


def test_an_unexpected_fault_is_a_problem_too_and_tells_nothing(door: Door, reminder: Event) -> None:
    class Broken:
        def keep_events(self, **_: Any) -> None:
            raise LookupError("secret words")

    app = create_app(replace(door, inbox=Broken()))
    answer = Sender(app.test_client()).post(reminder)

    assert answer.status_code == 500
    assert answer.json["type"] == "/problems/internal-error"
    assert "secret words" not in answer.text
