"""Redis forgets everything, or nobody listens to it: only hints are lost, and no more are given than needed."""

import itertools
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from postroom.store.timers import set_timer
from tests.faults.news import News, order_confirmation, payment_reminder
from tests.faults.patience import eventually, throughout
from tests.faults.scene import Scene
from tests.faults.witness import Asked, most

SETTINGS = {"LEASE_SECONDS": "15", "ATTEMPT_DEADLINE_SECONDS": "10"}
"""A thousand messages take their time on two cores; a dispatcher that Redis takes with it leaves leases behind."""

PHONE_IS_OFF = "9919"
SOON = timedelta(seconds=10)
HOUR = timedelta(hours=1)
MONTH = timedelta(days=30)
SWEEPS = 7.0
"""Seconds: three lives of a hint, and fourteen rounds of the ticker."""


def test_of_a_thousand_queued_messages_none_is_lost_and_none_sent_twice_when_redis_is_flushed(scene: Scene):
    news = [order_confirmation() for _ in range(1000)]
    queue_up(scene, news)

    eventually(lambda: scene.count(news, "queued") < 900, what="the first messages leave")
    scene.redis.flushall()
    left = scene.count(news, "queued")
    scene.note("FLUSHALL")

    assert 0 < left < len(news), f"Redis was not flushed in the middle: {left} were queued"
    eventually(lambda: scene.count(news, "delivered") == len(news), within=60, what="all are delivered")
    asked = requests_for(scene, [one.phone for one in news])
    assert len(asked) == len(news)
    assert most(one.recipient for one in asked) == 1


def test_ten_thousand_timers_and_a_thousand_legs_outlive_redis_and_are_late_by_less_than_ten_seconds(scene: Scene):
    asleep = [payment_reminder(ending=PHONE_IS_OFF) for _ in range(100)]
    awake = [payment_reminder() for _ in range(1000)]
    scene.post(*asleep)
    eventually(lambda: scene.count(asleep, "sent") == len(asleep), within=40, what="the first hundred are sent")
    queue_up(scene, awake, resume=False)
    began = set_timers(scene, asleep, awake)

    scene.ask("delete from pause")
    epoch = scene.hurry(rate=600)  # the timers of an hour fall due within six seconds
    eventually(lambda: scene.count(awake, "queued") < 950, what="the first of the thousand leave")
    scene.lose_redis()
    back_at = time.time()

    eventually(lambda: newest(scene) > back_at, within=SOON.total_seconds(), what="somebody sends again")
    eventually(lambda: fired(scene) == len(asleep), within=30, what="the timers that fell due are fired")
    scene.hurry(rate=1)
    eventually(lambda: scene.count(awake, "delivered") == len(awake), within=60, what="the thousand are delivered")
    eventually(lambda: scene.count(asleep, "sent", "delivered", channel="email") == len(asleep), within=30)
    assert lateness(scene, epoch, rate=600) < SOON
    assert untouched(scene, began) == 10_000 - len(asleep)
    assert counted(scene, [one.phone for one in awake]) == {1}
    assert counted(scene, [one.email for one in asleep]) == {1}


@pytest.mark.parametrize(
    ("worker", "queue", "wait_for"), [("whatsapp", "whatsapp.bulk", True), ("core", "core", False)]
)
def test_a_backlog_that_nobody_takes_does_not_grow_by_the_sweeps(scene: Scene, worker: str, queue: str, wait_for: bool):
    news = [payment_reminder() for _ in range(200)]
    scene.put_down(worker)
    scene.post(*news)
    if wait_for:
        eventually(lambda: scene.count(news, "queued") == len(news), what="the backlog waits")
    scene.note(f"kill -9 {worker}, for good")

    eventually(lambda: scene.waiting_in(queue), what="a hint waits")
    before = scene.waiting_in(queue)
    lengths = throughout(SWEEPS, lambda: scene.waiting_in(queue))

    scene.house.launch(worker)
    assert max(lengths) == before, f"the queue grew: {[n for n, _ in itertools.groupby(lengths)]}"
    eventually(lambda: scene.count(news, "delivered") == len(news), within=40, what="all are delivered")


def test_a_paused_backlog_is_not_hinted_at_by_the_sweeps(scene: Scene):
    news = [payment_reminder() for _ in range(200)]
    with scene.paused("whatsapp"):
        scene.post(*news)
        eventually(lambda: scene.count(news, "queued") == len(news), what="the backlog waits")
        eventually(lambda: not scene.waiting_in("whatsapp.bulk"), what="the hints of the routing are taken")

        lengths = throughout(SWEEPS, lambda: scene.waiting_in("whatsapp.bulk"))
        assert scene.count(news, "queued") == len(news)
    scene.note("channel paused")

    assert max(lengths) == 0
    eventually(lambda: scene.count(news, "delivered") == len(news), within=40, what="all are delivered")


# Steps ----------------------------------------------------------------------------------------------------------------


def queue_up(scene: Scene, news: Sequence[News], *, resume: bool = True) -> None:
    """Events whose messages wait behind a pause of the channel, all together, until it is lifted."""
    scene.ask("insert into pause (scope, value) values ('channel', 'whatsapp')")
    scene.post(*news)
    eventually(lambda: scene.count(news, "queued") == len(news), within=40, what="all are routed and queued")
    if resume:
        scene.ask("delete from pause")


def set_timers(scene: Scene, asleep: Sequence[News], awake: Sequence[News]) -> datetime:
    """10 000 waits for a confirmation: one falls due in the next hour for each who sleeps, the rest in a month."""
    now = scene.clock.now()
    soon, later = intents_of(scene, asleep), intents_of(scene, awake)
    dues = [(intent, now + HOUR * (n + 1) / len(soon)) for n, intent in enumerate(soon)]
    dues += [(intent, now + MONTH) for intent in itertools.islice(itertools.cycle(later), 10_000 - len(soon))]
    with scene.engine.begin() as connection:
        for number, (intent_id, due_at) in enumerate(dues):
            key = f"confirm:{intent_id}:{number}"
            set_timer(connection, kind="confirm", key=key, company="1", subject_id=intent_id, due_at=due_at)
    return now


def intents_of(scene: Scene, news: Sequence[News]) -> list[Any]:
    sql = "select i.id from intent i join inbox e on e.id = i.event_id where e.key = any(:keys) order by i.id"
    return [row.id for row in scene.ask(sql, keys=[one.key for one in news])]


def fired(scene: Scene) -> int:
    """How many timers have had their effect."""
    return int(scene.ask("select count(*) as n from timer where state = 'done'")[0].n)


def lateness(scene: Scene, epoch: datetime, *, rate: float) -> timedelta:
    """The most real time that passed between the moment at which a timer fell due and its effect."""
    [clock] = scene.ask("select real_epoch, business_epoch from clock")
    started = clock.real_epoch - (clock.business_epoch - epoch) / rate
    rows = scene.ask("select due_at, done_at from timer where state = 'done'")
    return max(row.done_at - (started + (row.due_at - epoch) / rate) for row in rows)


def untouched(scene: Scene, began: datetime) -> int:
    """How many timers still wait for the moment for which they were set."""
    sql = "select count(*) as n from timer where state = 'due' and attempts = 0 and due_at = :due"
    return int(scene.ask(sql, due=began + MONTH)[0].n)


def newest(scene: Scene) -> float:
    """When the provider was last asked."""
    return max(one.at.timestamp() for one in scene.witness.requests())


def requests_for(scene: Scene, addresses: Sequence[str]) -> list[Asked]:
    """The requests for any of these."""
    wanted = set(addresses)
    return [one for one in scene.witness.requests() if one.recipient in wanted]


def counted(scene: Scene, addresses: Sequence[str]) -> set[int]:
    """How many requests there were for each of these, as a set: {1} is what everybody hopes for."""
    by_address = dict.fromkeys(addresses, 0)
    for one in requests_for(scene, addresses):
        by_address[one.recipient] += 1
    return set(by_address.values())
