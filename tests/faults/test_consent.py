"""Somebody takes his consent back while messages to him wait."""

from tests.faults.crowd import rounds_pass
from tests.faults.news import News, order_confirmation, said
from tests.faults.patience import eventually
from tests.faults.scene import Scene

WORDS = "select granted from consent where channel = 'whatsapp' order by id desc limit 1"


def test_after_stop_nothing_leaves_that_waited_and_start_brings_none_of_it_back(scene: Scene):
    """By another channel he is told all the same: he is a customer, and this is no advertisement."""
    waiting = order_confirmation()

    with scene.paused("whatsapp"):
        scene.post(waiting)
        scene.leg_in(waiting, "queued")
        says(scene, waiting, "STOP", granted=False)
        scene.note("STOP while it waited")
    assert scene.leg_in(waiting, "suppressed").reason == "opted_out"
    scene.leg_in(waiting, "sent", "delivered", channel="email")

    says(scene, waiting, "START", granted=True)
    rounds_pass(scene)
    assert (scene.leg(waiting).state, scene.witness.count(waiting.phone)) == ("suppressed", 0)

    later = order_confirmation(phone=f"+{waiting.phone}")
    scene.post(later)
    scene.leg_in(later, "delivered")
    assert scene.witness.count(waiting.phone) == 1


def says(scene: Scene, news: News, word: str, *, granted: bool) -> None:
    """By WhatsApp, and we have understood it."""
    assert scene.post_webhook(said(news, word)) == 200
    eventually(lambda: [row.granted for row in scene.ask(WORDS)] == [granted], what=f"{word} is understood")
