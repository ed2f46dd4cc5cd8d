"""A process is killed between two of its steps: what it had begun is ended once, by another."""

from datetime import timedelta

import pytest
import requests

from postroom.store.timers import set_timer
from tests.faults.news import News, order_confirmation, payment_reminder
from tests.faults.patience import eventually
from tests.faults.scene import Scene

PHONE_IS_OFF = "9919"
"""Somebody whose message is taken and never delivered."""
SOON = timedelta(seconds=10)


def test_a_leg_claimed_by_a_dispatcher_that_was_killed_is_sent_once_by_the_next(scene: Scene):
    news = order_confirmation()

    with scene.armed("deliver.claimed=kill"):
        scene.post(news)

    scene.leg_in(news, "delivered", within=30)
    assert [one.taken for one in scene.witness.requests(news.phone)] == [True]
    assert scene.leg(news).attempts == 1
    assert scene.house.process("whatsapp").restarts > 0


@pytest.mark.parametrize(("fault", "claims"), [("ticker.timer_claimed=kill", 2), ("ticker.timer_fired=kill", 1)])
def test_each_timer_of_a_batch_is_fired_once_although_its_ticker_is_killed(scene: Scene, fault: str, claims: int):
    """Timers of a kind fire in one transaction: before it the next ticker claims them again, after it none is left."""
    news = [payment_reminder(ending=PHONE_IS_OFF) for _ in range(5)]
    scene.post(*news)
    waits = [await_confirmation(scene, one) for one in news]
    restarts = scene.house.process("ticker").restarts

    with scene.armed(fault):
        scene.let_pass(timedelta(hours=2))
    for one in news:
        scene.leg_in(one, "sent", channel="email", within=30)

    assert scene.house.process("ticker").restarts > restarts
    assert [scene.witness.count(one.email) for one in news] == [1] * len(news)
    fired = scene.ask("select state, attempts from timer where dedupe_key = any(:keys)", keys=waits)
    assert [(timer.state, timer.attempts) for timer in fired] == [("done", claims)] * len(news)


def test_a_fallback_whose_ticker_died_before_its_hint_leaves_within_ten_seconds(scene: Scene):
    news = payment_reminder(ending=PHONE_IS_OFF)
    scene.post(news)
    await_confirmation(scene, news)

    with scene.armed("ticker.timer_fired=kill"):
        scene.let_pass(timedelta(hours=2))
    leg = eventually(lambda: scene.leg(news, "email"), what="the fallback is committed")

    [asked] = eventually(lambda: scene.witness.requests(news.email), within=SOON.total_seconds())
    assert asked.at - leg.created_at < SOON


def test_an_event_whose_door_was_killed_before_its_hint_leaves_within_ten_seconds(scene: Scene):
    news = order_confirmation()

    with scene.armed("door.committed=kill"), pytest.raises(requests.ConnectionError):
        scene.post(news)

    [kept] = scene.ask("select id, received_at from inbox where key = :key", key=news.key)
    [asked] = eventually(lambda: scene.witness.requests(news.phone), within=SOON.total_seconds())
    assert asked.at - kept.received_at < SOON
    assert repeated(scene, news) == kept.id
    scene.leg_in(news, "delivered")
    assert scene.witness.count(news.phone) == 1


def await_confirmation(scene: Scene, news: News) -> str:
    """Wait until WhatsApp took the message, then set the timer of a rule that has `confirm_within: 1h`; its key."""
    leg = scene.leg_in(news, "sent")
    key = f"confirm:{leg.intent_id}"
    due_at = scene.clock.now() + timedelta(hours=1)
    with scene.engine.begin() as connection:
        set_timer(connection, kind="confirm", key=key, company=leg.company, subject_id=leg.intent_id, due_at=due_at)
    return key


def repeated(scene: Scene, news: News) -> object:
    """The id that the door gives when the sender, who heard nothing, posts the same again."""

    def again() -> object:
        try:
            return scene.post(news)[0]
        except requests.ConnectionError:
            return None

    return eventually(again, within=30, what="the door is open again")
