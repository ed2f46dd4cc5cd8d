"""A day in seconds: an approval that nobody answers is asked about again, and after 24 hours by SMS."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from postroom.cli.demo.person import Stage
from postroom.cli.following import EVERY
from postroom.domain.approvals import Answer
from postroom.store.clock import SharedClock, set_pace
from postroom.store.engine import Engine

RATE = 7200.0
"""Business hours in half a second of real time: one between two looks of the ticker."""


@contextmanager
def hurried(engine: Engine) -> Iterator[None]:
    """Business time runs fast, and is the real time again afterwards: nobody shall go live in a dream."""
    clock = SharedClock(engine)
    set_pace(engine, clock, RATE)
    try:
        yield
    finally:
        set_pace(engine, clock, 1.0, start=datetime.now(UTC))


def watch_it_escalate(stage: Stage, chat: str, phone: str, patience: timedelta) -> list[str]:
    """What did not become of a question that nobody answers: a reminder in the chat, and at last an SMS."""
    until = time.monotonic() + patience.total_seconds()
    reminded = texted = 0
    while time.monotonic() < until and not (reminded and texted):
        time.sleep(EVERY)
        reminded = stage.questions(chat, Answer.APPROVE) - 1
        texted = stage.heard(phone, "sms")
    wanted = {"no reminder came in the chat": reminded, "no SMS came after 24 hours": texted}
    return [f"nobody answered, and {missing}" for missing, there in wanted.items() if not there]


def watch_cards_close(stage: Stage, chat: str, patience: timedelta) -> list[str]:
    """What is wrong with the cards of somebody who has decided: he is asked no more, and none has its buttons left."""
    until = time.monotonic() + patience.total_seconds()
    while (left := stage.questions(chat, Answer.APPROVE)) and time.monotonic() < until:
        time.sleep(EVERY)
    return [f"{left} cards can still be answered after the decision"] if left else []
