"""What is injected twice: the claim withstands it (test_claims.py), and without a claim nothing does."""

import re
from collections.abc import Sequence

from tests.faults.injection import HOLD
from tests.faults.news import News
from tests.faults.patience import eventually
from tests.faults.scene import Scene

DRAINED = re.compile(r"Task deliver\[.*succeeded")
SENT = re.compile(r"(\d+) sent")


def kill_after_acceptance(scene: Scene, news: News, *, lane: str = "bulk") -> None:
    """The provider takes the message, and before that is written down the dispatcher is killed. No receipt comes."""
    before = scene.house.process("whatsapp").restarts
    scene.witness.will("no_receipts", "whatsapp", news.phone)
    with scene.armed("deliver.accepted=kill"), scene.paused("whatsapp"):
        scene.post(news)
        queued = scene.leg_in(news, "queued")
        scene.ask("update message_log set lane = :lane where id = :id", lane=lane, id=queued.id)
    eventually(lambda: scene.house.process("whatsapp").restarts > before, what="the dispatcher's death is noticed")


def let_both_reach_for(scene: Scene, news: News, said: Sequence[str]) -> None:
    """One worker holds the message between its claim and its request while the other one looks for work."""
    scene.let_consume("whatsapp.bulk", "whatsapp", not_="whatsapp-2")
    with scene.armed(f"deliver.claimed=hold:{HOLD}"):
        scene.post(news)
    scene.let_consume("whatsapp.bulk", "whatsapp-2", not_="whatsapp")
    before = drains(said)
    scene.hint("whatsapp", "bulk")
    eventually(lambda: drains(said) > before, within=HOLD - 1, what="the other one looks meanwhile")
    scene.let_consume("whatsapp.bulk", "whatsapp")


def share_a_backlog(scene: Scene, news: Sequence[News], said: Sequence[str]) -> None:
    """One worker is in the midst of a backlog when the other one joins, with more hints than both need."""
    scene.let_consume("whatsapp.bulk", "whatsapp-2", not_="whatsapp")
    with scene.paused("whatsapp"):
        scene.post(*news)
        eventually(lambda: scene.count(news) == len(news), what="the backlog is routed")
    scene.hint("whatsapp", "bulk")
    eventually(lambda: scene.count(news, "queued") < len(news), what="the one has begun")
    with scene.paused("whatsapp"):  # it may not be through before the other one has come
        scene.let_consume("whatsapp.bulk", "whatsapp")
    for _ in range(8):
        scene.hint("whatsapp", "bulk")
    eventually(lambda: scene.count(news, "delivered") == len(news), within=40, what="all are delivered")
    eventually(lambda: sent_by(said) > 0, what="the one has told what it sent")
    assert sent_by(said) < len(news), "the other one sent nothing, so the two never met"
    scene.note("eight hints at once")


def drains(said: Sequence[str]) -> int:
    """How many drains a worker has ended, by its own words."""
    return sum(bool(DRAINED.search(line)) for line in said)


def sent_by(said: Sequence[str]) -> int:
    """How many messages a worker has sent, by its own words."""
    return sum(int(match[1]) for line in said if (match := SENT.search(line)))
