"""An answer and a step, or two answers, in the same millisecond: one of them is first, and the other knows it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier
from time import sleep

import pytest

from config.escalations import read_chains
from scheduler.ticker import fire_timers
from tests.boardroom import SLACK, ask, employ, press, send
from tests.builders import FixedClock, StubChannel, query
from workers.wiring import Rooms

CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request}
"""
HEAD_STARTS = (0.0, 0.005, 0.02, 0.3)
"""Seconds that the answers have before the step is due, from none to enough."""
AT_ONCE = 4
STEPS = "select status, (select count(*) from step_exec e where e.run_id = r.id) as steps from run r"
REMINDERS = """
    select m.state, count(*), (select count(*) from attempt a where a.message_id = any(array_agg(m.id)))
    from message_log m join intent i on i.id = m.intent_id where i.step_no = 1 group by m.state
"""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], clock: FixedClock) -> Rooms:
    made = make_rooms(StubChannel(SLACK), clock=clock, chains=read_chains(CHAIN, file="chains.yaml"))
    employ(made.engine, range(1, 10))
    return made


def at_once(*deeds: Callable[[], object]) -> None:
    """Begin all of these in the same moment, and wait for them."""
    gate = Barrier(len(deeds))

    def begin(deed: Callable[[], object]) -> None:
        gate.wait()
        deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for done in [pool.submit(begin, deed) for deed in deeds]:
            done.result()


def test_a_step_is_taken_before_the_answer_or_never(rooms: Rooms, clock: FixedClock):
    documents = count(1)
    for head_start in HEAD_STARTS * 6:
        fresh = [next(documents) for _ in range(AT_ONCE)]
        for document in fresh:
            ask(rooms, 1, document)
        send(rooms)
        clock.time += timedelta(hours=5)
        at_once(partial(fire_after, rooms, head_start), *(partial(press, rooms, 1, "approve", each) for each in fresh))
        send(rooms)

    runs = query(rooms.engine, STEPS)
    assert {run.status for run in runs} == {"decided"}
    reminded = sum(run.steps == 2 for run in runs)
    assert 0 < reminded < len(runs)  # it went both ways
    # A reminder that was written before the answer did not leave after it.
    assert query(rooms.engine, REMINDERS) == [("cancelled", reminded, 0)]


def fire_after(rooms: Rooms, seconds: float) -> None:
    """Fire what is due, when the answers have had a head start."""
    sleep(seconds)
    fire_timers(rooms)


def test_of_two_answers_in_one_millisecond_one_decides_and_the_other_hears_who_did(rooms: Rooms):
    for document in range(1, 11):
        ask(rooms, 1, document)
        ask(rooms, 2, document)
    send(rooms)
    for document in range(1, 11):
        at_once(
            partial(press, rooms, 1, "approve", document),
            partial(press, rooms, 2, "reject", document),
        )

    assert len(query(rooms.engine, "select from decision")) == 10
    assert len(query(rooms.engine, "select from outbox where kind = 'decision'")) == 10
    told = query(rooms.engine, "select key from inbox where type = 'postroom.approval.settled' and key like 'second:%'")
    assert len(told) == 10
