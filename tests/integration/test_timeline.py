"""What a chain is said to do before it runs is what its run then does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from config.escalations import read_chains
from postroom.domain.approvals import Answer
from postroom.domain.channels import ChannelName
from postroom.domain.escalation import Calendar, Case, Chain
from postroom.domain.timeline import Down, Given, Supposed, What, timeline
from scheduler.ticker import fire_timers
from tests import boardroom
from tests.builders import FixedClock, StubChannel, query
from workers.wiring import Rooms

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HEAD = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    on_late: %s
    levels: [{to: asked}, {to: "user:4", when: {over: 5000}}]
    steps: {ask: {notify: asked, by: approval_request}, %s}
"""
REMIND = "remind: {after: 4h, remind: asked, by: approval_request, times: 2, every: 4h}"
BOSS = 'boss: {after: 20h, escalate: "user:5", by: approval_request, when: {over: 20000}}'
OPEN = "open: {after: 30h, waits: business, remind: asked, by: approval_request}"
END = "operators: {after: 200h, operators: true}, give_up: {after: 300h, give_up: true}"
OUTCOMES = {What.FIRED: "fired", What.PASSED_OVER: "skipped"}


@dataclass(frozen=True, slots=True)
class Course:
    """A chain, and what happens to its run."""

    late: str
    steps: tuple[str, ...]
    amount: int
    answers: tuple[tuple[int, Answer, int], ...] = ()
    """Who presses what, and how many hours after the question."""
    down: Down | None = None

    def chain(self) -> Chain:
        (made,) = read_chains(HEAD % (self.late, ", ".join(self.steps)), file="chains.yaml")
        return made

    def awake(self, at: datetime, began: datetime) -> datetime:
        """When the house gets to what is due at a time."""
        down = self.down
        return began + down.until if down and began + down.after <= at < began + down.until else at


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(
            Course("latest", (REMIND, BOSS, OPEN, END), 21000, ((1, Answer.APPROVE, 5), (4, Answer.REJECT, 60))),
            id="one of two benches agrees, and the other rejects late",
        ),
        pytest.param(Course("latest", (REMIND, BOSS, END), 100, down=Down(3 * HOUR, 120 * HOUR)), id="down for days"),
        pytest.param(Course("each", (REMIND, OPEN), 9000, down=Down(3 * HOUR, 120 * HOUR)), id="each is made up for"),
    ],
)
def test_a_run_does_what_its_timeline_said(make_rooms: Callable[..., Rooms], course: Course) -> None:
    clock = FixedClock()
    rooms = make_rooms(StubChannel(ChannelName.SLACK), clock=clock, chains=(course.chain(),))
    began = clock.now()

    _live(rooms, clock, course)

    assert _done(rooms, began) == _said(rooms, began, course)


def _live(rooms: Rooms, clock: FixedClock, course: Course) -> None:
    """Let the run go by its own timers and these presses, as far as it goes."""
    began, presses = clock.now(), list(course.answers)
    boardroom.employ(rooms.engine, (1, 4, 5, 9))
    boardroom.ask(rooms, 1, amount=str(course.amount), currency="EUR")
    boardroom.send(rooms)
    while True:
        (timer,) = query(rooms.engine, "select min(due_at) as at from timer where state = 'due'")
        pressed = [began + hours * HOUR for _, _, hours in presses[:1]]
        if timer.at is None and not pressed:
            return
        next_at = min([*pressed, *([timer.at] if timer.at else [])])
        clock.time = max(clock.time, course.awake(next_at, began))
        if pressed and clock.time >= pressed[0]:
            user, answer, _ = presses.pop(0)
            assert boardroom.press(rooms, user, answer)
        else:
            fire_timers(rooms)
        boardroom.send(rooms)


def _done(rooms: Rooms, began: datetime) -> list[tuple[int, str, int]]:
    """What the run wrote down; to the minute, for a message takes its moment to be taken."""
    rows = query(rooms.engine, "select step_no, outcome, fired_at from step_exec order by step_no")
    return [(row.step_no, row.outcome, round((row.fired_at - began) / MINUTE)) for row in rows]


def _said(rooms: Rooms, began: datetime, course: Course) -> list[tuple[int, str, int]]:
    hours = rooms.book.companies.of("1").hours
    supposed = Supposed(
        Case("1", "purchase.order", Decimal(course.amount), "EUR"),
        began,
        Calendar(hours, hours.zone),
        answers=[Given(answer, after * HOUR) for _, answer, after in course.answers],
        down=course.down,
    )
    return sorted(
        (entry.place, OUTCOMES[entry.what], round((entry.at - began) / MINUTE))
        for entry in timeline(course.chain(), supposed)
        if entry.what in OUTCOMES and entry.place is not None
    )
