"""A receiver of our callbacks that hangs: the others do not notice, and it misses nothing itself (32)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from postroom.store.callbacks import Receiver, add_receiver
from postroom.store.sealing import Sealer
from tests.faults.news import News, order_confirmation
from tests.faults.patience import eventually
from tests.faults.scene import Scene

SETTINGS = {"LEASE_SECONDS": "20", "ATTEMPT_DEADLINE_SECONDS": "12"}
"""What ends the wait is the channel's own time for an answer (10 s), as it is in production."""

WELL = 5
ROUNDS = 4
MOVES = ("queued", "sent", "delivered")
P95 = timedelta(seconds=1)


def test_a_receiver_that_hangs_for_a_minute_does_not_slow_the_others_and_is_told_in_order_later(scene: Scene):
    leave_one_thread(scene)
    hung = receiver_of(scene, 101)
    well = [receiver_of(scene, company) for company in range(201, 201 + WELL)]
    scene.witness.will("hang", "callback", hung.url, times=1000, seconds=60)
    scene.post(news_of(hung))
    [first] = eventually(lambda: scene.witness.requests(hung.url), what="its first request hangs")

    posted = [news_of(receiver) for _ in range(ROUNDS) for receiver in well]
    for start in range(0, len(posted), WELL):
        scene.post(*posted[start : start + WELL])
    expected = len(posted) * len(MOVES)
    told = eventually(lambda: all_told(scene, well, expected), what=f"{expected} callbacks reach the others")

    assert percentile([latency(one) for one in told], 0.95) < P95
    assert (first.fault, first.taken, kept(scene, hung.url)) == ("hang", False, [])
    scene.note("a receiver hangs")

    recover(scene)
    for receiver, rounds in ((hung, 1), *((one, ROUNDS) for one in well)):
        assert sequences(scene, receiver) == list(range(1, rounds * len(MOVES) + 1))
    assert open_circuits(scene) == []


# Steps ----------------------------------------------------------------------------------------------------------------


def leave_one_thread(scene: Scene) -> None:
    """The worker has a single thread: were its drain to wait for the hanging request, nobody would be told."""
    scene.put_down("callback")
    keeper = scene.house.process("callback")
    argv = list(keeper.program.argv)
    argv[argv.index("-c") + 1] = "1"
    keeper.program = replace(keeper.program, argv=tuple(argv))
    scene.house.launch("callback")
    scene.wait_for_worker("callback")


def receiver_of(scene: Scene, company: int) -> Receiver:
    """A receiver for a company of its own."""
    environment = scene.house.environment
    sealer = Sealer(environment["SEALING_KEYS"], environment["BLIND_KEY"])
    with scene.engine.begin() as connection:
        return add_receiver(connection, sealer, str(company), f"https://{company}.example/postroom")[0]


def news_of(receiver: Receiver) -> News:
    """An order of the company that the receiver listens to."""
    news = order_confirmation()
    news.event["data"]["company"]["id"] = int(receiver.company)
    return news


def kept(scene: Scene, url: str) -> list[dict[str, Any]]:
    """What a receiver has taken, in the order in which it came."""
    address = f"{scene.house.environment['SANDBOX_URL']}/_sandbox/messages"
    rows = requests.get(address, params={"recipient": url}, timeout=10).json()["messages"]
    return sorted(rows, key=lambda row: row["at"])


def all_told(scene: Scene, receivers: Sequence[Receiver], expected: int) -> list[dict[str, Any]]:
    """Everything that these receivers took, once it is all there."""
    found = [row for receiver in receivers for row in kept(scene, receiver.url)]
    return found if len(found) >= expected else []


def sequences(scene: Scene, receiver: Receiver) -> list[int]:
    return [row["raw"]["sequence"] for row in kept(scene, receiver.url)]


def latency(row: dict[str, Any]) -> timedelta:
    """From the move of the message to its arrival at the receiver, by the receiver's clock."""
    return datetime.fromisoformat(row["at"]) - datetime.fromisoformat(row["raw"]["time"])


def percentile(found: Sequence[timedelta], share: float) -> timedelta:
    """The nearest rank."""
    return sorted(found)[math.ceil(len(found) * share) - 1]


def recover(scene: Scene) -> None:
    """The receivers answer again; what waits for its next try is tried now."""
    requests.post(f"{scene.house.environment['SANDBOX_URL']}/_sandbox/disarm", json={}, timeout=10).raise_for_status()

    def tried_again() -> bool:
        scene.ask("update message_log set next_at = :now where channel = 'callback' and state = 'queued'", now=NOW)
        return not scene.ask(UNTOLD)

    eventually(tried_again, within=20, what="every callback is taken")


NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNTOLD = "select from message_log where channel = 'callback' and state in ('queued', 'claimed', 'sending')"


def open_circuits(scene: Scene) -> list[str]:
    """Senders that receivers' faults were held against."""
    return [row.account for row in scene.ask("select account from circuit where channel = 'callback'")]
