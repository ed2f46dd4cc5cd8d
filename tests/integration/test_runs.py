"""A run from its first question to its end: by timers on PostgreSQL, with business time that a test moves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.escalations import read_chains
from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from postroom.domain.runs import RunStatus
from postroom.store.runs import end_run, lock_runs
from scheduler.ticker import fire_timers
from tests import boardroom
from tests.builders import FixedClock, StubChannel, keep, of_type, query
from workers.tasks import deliver, route
from workers.wiring import Rooms

SLACK, EMAIL = ChannelName.SLACK, ChannelName.EMAIL

CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:7
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request}
      again: {after: 24h, remind: asked, by: approval_request}
      operators: {after: 36h, operators: true}
      give_up: {after: 72h, give_up: true}
"""


@pytest.fixture
def slack() -> StubChannel:
    return StubChannel(SLACK)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], slack: StubChannel, clock: FixedClock) -> Rooms:
    return make_rooms(slack, StubChannel(EMAIL), clock=clock, chains=read_chains(CHAIN, file="chains.yaml"))


def ask(rooms: Rooms, **approval: Any) -> None:
    """Somebody is asked, and has the question in Slack."""
    event = of_type("odoo.approval.requested", partner_id=7, slack="U0BUYER77", user_id=7)
    event["data"]["approval"] = {**event["data"]["approval"], "id": 42, **approval}
    keep(rooms.engine, event)
    route.drain(rooms)
    send(rooms)


def send(rooms: Rooms) -> None:
    for lane in Urgency:
        deliver.drain(rooms, SLACK, lane)


def pass_time(rooms: Rooms, clock: FixedClock, hours: float) -> None:
    clock.time += timedelta(hours=hours)
    fire_timers(rooms)
    send(rooms)


def the_run(rooms: Rooms) -> Any:
    (run,) = query(rooms.engine, "select * from run order by id desc limit 1")
    return run


def test_a_question_is_put_again_at_its_hours_until_it_is_given_up(rooms: Rooms, clock: FixedClock, slack: StubChannel):
    ask(rooms)
    asked = [len(slack.sent)]
    for hours in (3.9, 0.2, 19.9, 0.2, 13, 37):
        pass_time(rooms, clock, hours)
        asked.append(len(slack.sent))

    assert asked == [1, 1, 2, 2, 3, 3, 3]
    assert the_run(rooms).status == RunStatus.GIVEN_UP
    (notice,) = query(rooms.engine, "select * from notice where kind = 'unanswered'")
    assert "given up" in notice.text
    assert "user:7" in notice.text


def test_after_the_end_of_a_run_nothing_more_leaves(rooms: Rooms, clock: FixedClock, slack: StubChannel):
    ask(rooms)
    clock.time += timedelta(hours=5)
    fire_timers(rooms)  # the reminder is written, and has not left
    with rooms.engine.begin() as connection:
        (run,) = lock_runs(connection, [the_run(rooms).id]).values()
        assert end_run(connection, run.id, RunStatus.CANCELLED, "test", clock.now())
    send(rooms)
    pass_time(rooms, clock, 24)

    assert len(slack.sent) == 1
    assert [row.state for row in query(rooms.engine, "select state from message_log order by id")] == [
        "sent",
        "cancelled",
    ]


def test_steps_that_are_overdue_together_are_one_message(rooms: Rooms, clock: FixedClock, slack: StubChannel):
    ask(rooms)
    pass_time(rooms, clock, 120)  # the house was down for five days

    assert len(slack.sent) == 2
    assert the_run(rooms).status == RunStatus.ACTIVE  # nobody is given up on before he is asked
    skipped = query(rooms.engine, "select step_no from step_exec where outcome = 'skipped'")
    assert [row.step_no for row in skipped] == [1]


def test_nobody_is_reminded_of_what_he_has_not_been_asked(rooms: Rooms, clock: FixedClock, slack: StubChannel):
    event = of_type("odoo.approval.requested", partner_id=7, slack="U0BUYER77", user_id=7)
    keep(rooms.engine, event)
    route.drain(rooms)  # Slack is away: nothing leaves
    clock.time += timedelta(hours=30)
    fire_timers(rooms)

    assert len(query(rooms.engine, "select id from intent")) == 1
    (timer,) = query(rooms.engine, "select * from timer where kind = 'step' and state = 'due'")
    assert timer.due_at > clock.now()


def test_a_document_that_changed_is_asked_about_anew(rooms: Rooms, slack: StubChannel):
    ask(rooms, revision="1")
    ask(rooms, revision="2")

    runs = query(rooms.engine, "select status, why, subject_rev from run order by id")
    assert [(run.status, run.why, run.subject_rev) for run in runs] == [
        ("obsolete", "changed", "1"),
        ("active", None, "2"),
    ]
    assert len(slack.sent) == 2


def test_the_same_question_is_not_put_twice(rooms: Rooms, slack: StubChannel):
    ask(rooms, revision="1")
    ask(rooms, revision="1")

    assert len(slack.sent) == 1
    assert len(query(rooms.engine, "select id from run")) == 1


def test_a_chain_that_is_edited_does_not_change_runs_that_are_under_way(
    make_rooms: Callable[..., Rooms], rooms: Rooms, clock: FixedClock, slack: StubChannel
):
    ask(rooms)
    edited = read_chains(CHAIN.replace("after: 4h", "after: 1h"), file="chains.yaml")
    after_the_edit = make_rooms(slack, StubChannel(EMAIL), clock=clock, chains=edited)

    pass_time(after_the_edit, clock, 2)
    assert len(slack.sent) == 1
    pass_time(after_the_edit, clock, 2.1)
    assert len(slack.sent) == 2
    ask(after_the_edit, id=43)
    versions = query(
        rooms.engine, "select f.version from run r join flow_version f on f.id = r.flow_version_id order by r.id"
    )
    assert [row.version for row in versions] == [1, 2]


BROKEN = "from run where right(subject, 2) = '42'"


def test_a_run_that_cannot_go_on_is_told_of_and_keeps_no_other_back(
    rooms: Rooms, clock: FixedClock, slack: StubChannel
):
    ask(rooms)
    ask(rooms, id=43)
    query(rooms.engine, f"update inbox set payload = '\\x00' where id in (select event_id {BROKEN})")
    clock.time += timedelta(hours=5)
    for _ in range(5):
        query(rooms.engine, "update timer set lease_until = null")
        fire_timers(rooms)
    send(rooms)

    assert len(slack.sent) == 3
    states = query(rooms.engine, f"select state from timer where subject_id in (select id {BROKEN})")
    assert [row.state for row in states] == ["dead"]
    assert [row.kind for row in query(rooms.engine, "select kind from notice")] == ["dead"]


def test_who_opts_out_while_he_waits_to_be_asked_again_is_not(rooms: Rooms, clock: FixedClock, slack: StubChannel):
    ask(rooms)
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    choose_consent(rooms, granted=False)
    send(rooms)
    choose_consent(rooms, granted=True)
    send(rooms)

    assert len(slack.sent) == 1  # what was suppressed does not rise again
    pass_time(rooms, clock, 24)
    assert len(slack.sent) == 2  # what comes later does


def choose_consent(rooms: Rooms, *, granted: bool) -> None:
    query(
        rooms.engine,
        "insert into consent (id, company, channel, blind, granted, source)"
        " select gen_random_uuid(), company, channel, blind, :granted, 'test' from contact_point",
        granted=granted,
    )


def test_a_bench_whose_steps_are_all_taken_is_still_listened_to(
    make_rooms: Callable[..., Rooms], clock: FixedClock, slack: StubChannel
):
    chain = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    levels: [{to: [asked]}, {to: ["user:4"]}]
    steps: {ask: {notify: asked, by: approval_request}}
"""
    rooms = make_rooms(slack, StubChannel(EMAIL), clock=clock, chains=read_chains(chain, file="chains.yaml"))
    boardroom.employ(rooms.engine, (1, 4))
    boardroom.ask(rooms, 1)
    boardroom.send(rooms)

    assert boardroom.press(rooms, 1, "approve")
    boardroom.send(rooms)
    assert the_run(rooms).status == RunStatus.ACTIVE  # the second bench is asked
    assert boardroom.press(rooms, 4, "approve")

    assert the_run(rooms).status == RunStatus.DECIDED
