"""The same duels as in test_claims.py under a worker that does not claim: the provider counts too many.

Were one of these to fail, the scenarios that protect the claim would prove nothing.
"""

from pathlib import Path

import pytest

from tests.faults import duels, invariants
from tests.faults.news import payment_reminder
from tests.faults.patience import eventually
from tests.faults.scene import Scene

PROMISE_HOLDS = False
"""It must not: that is what is proven here."""

UNCLAIMED = Path(__file__).with_name("unclaimed.py")


@pytest.fixture(scope="module", autouse=True)
def without_the_claim(house_scene: Scene) -> None:
    """The house's dispatcher runs with the claim switched off."""
    house_scene.replace_worker("whatsapp", UNCLAIMED)


TWICE = {"no more requests than attempts per message", "nobody is told twice"}
"""The invariants that must notice it."""


def test_without_the_claim_a_reminder_is_sent_again_after_its_sender_was_killed(scene: Scene):
    news = payment_reminder()

    duels.kill_after_acceptance(scene, news)

    eventually(lambda: scene.witness.count(news.phone) > 1, what="the provider counts a second request")
    assert invariants.broken(scene).keys() >= TWICE


def test_without_the_claim_two_workers_with_the_same_message_make_two_requests(scene: Scene):
    news = payment_reminder()

    with scene.second_worker("whatsapp") as said:
        duels.let_both_reach_for(scene, news, said)
        eventually(lambda: scene.witness.count(news.phone) > 1, what="the provider counts a second request")
    assert invariants.broken(scene).keys() >= TWICE
