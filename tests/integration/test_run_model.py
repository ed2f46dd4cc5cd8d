"""A run against everything that may happen to it, in any order: a stateful model, on PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from config.escalations import read_chains
from postroom.domain.channels import Fault, Verdict
from postroom.domain.runs import RunStatus
from postroom.store.runs import end_run, lock_runs
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
    levels:
      - {to: [asked], needs: quorum, quorum: 2}
      - {to: ["user:4"], when: {over: 5000}}
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request, times: 2, every: 4h}
      boss: {after: 24h, escalate: "user:5", by: approval_request}
      operators: {after: 36h, operators: true}
      give_up: {after: 72h, give_up: true}
"""
PEOPLE = (1, 2, 3, 4, 5, 9)
ASKED = (1, 2, 3)

ONCE = "select run_id, step_no, iter from step_exec group by 1, 2, 3 having count(*) > 1"
AFTER_DECIDED = """
    select e.run_id from step_exec e join decision d on d.run_id = e.run_id where e.fired_at > d.decided_at
"""
STUCK = """
    select r.id from run r join flow_version f on f.id = r.flow_version_id
    where r.status = 'active'
        and not exists (select from timer t where t.subject_id = r.id and t.state = 'due' and t.step_no = r.cur_step)
        and not exists (
            select from intent i join message_log m on m.intent_id = i.id
            where i.run_id = r.id and m.state in ('queued', 'held', 'claimed', 'sending', 'unknown', 'sent')
        )
"""
TWICE = """
    select i.run_id, i.step_no, i.recipient from intent i where i.run_id is not null
    group by 1, 2, 3 having count(*) > 1
"""
UNDECIDED_ENDS = (
    "select r.id from run r where r.status = 'decided' and not exists (select from decision where run_id = r.id)"
)
LEFT_BEHIND = """
    select m.id from message_log m join intent i on i.id = m.intent_id join run r on r.id = i.run_id
    where r.status not in ('active', 'paused') and m.state in ('queued', 'held', 'claimed')
"""
QUESTIONS = """
    select count(*) from attempt a join message_log m on m.id = a.message_id where m.message_type = 'approval_request'
"""
RULES = {
    "a step fires once": ONCE,
    "no step is taken after the decision": AFTER_DECIDED,
    "an active run has a timer or an open message": STUCK,
    "nobody hears twice of one step": TWICE,
    "what is decided has its decision": UNDECIDED_ENDS,
    "nothing waits to leave for a run that has ended": LEFT_BEHIND,
}


class Life(RuleBasedStateMachine):
    """One purchase order, three approvers, a second level, time, outages and an operator."""

    make: Callable[[StubChannel, FixedClock], Rooms]

    def __init__(self) -> None:
        super().__init__()
        self.slack, self.clock = StubChannel(SLACK), FixedClock()
        self.rooms = type(self).make(self.slack, self.clock)
        query(self.rooms.engine, "truncate run, timer, outbox, message_log, reply, intent, inbox, request cascade")
        self.revision = 0

    @rule(who=st.sampled_from(ASKED))
    def is_asked(self, who: int) -> None:
        ask(self.rooms, who, amount="8400.00", revision=str(self.revision))

    @rule()
    def the_document_changes(self) -> None:
        self.revision += 1
        ask(self.rooms, 1, amount="8400.00", revision=str(self.revision))

    @rule(hours=st.sampled_from((0.1, 4.1, 20.0, 100.0)))
    def time_passes(self, hours: float) -> None:
        self.clock.time += timedelta(hours=hours)

    @rule()
    def timers_fire(self) -> None:
        fire_timers(self.rooms)

    @rule()
    def messages_leave(self) -> None:
        send(self.rooms)

    @rule(good=st.booleans())
    def the_provider_changes_its_mind(self, good: bool) -> None:
        fault = Fault(Verdict.PERMANENT, "channel_not_found", "gone")
        self.slack.answers[:] = [] if good else [fault]

    @rule(who=st.sampled_from(PEOPLE), answer=st.sampled_from(("approve", "reject")))
    def somebody_presses(self, who: int, answer: str) -> None:
        press(self.rooms, who, answer)

    @rule()
    def an_operator_cancels(self) -> None:
        ids = [row.id for row in query(self.rooms.engine, "select id from run where status = 'active'")]
        with self.rooms.engine.begin() as connection:
            for run in lock_runs(connection, ids).values():
                end_run(connection, run.id, RunStatus.CANCELLED, "test", self.clock.now())

    @precondition(lambda self: not query(self.rooms.engine, "select from run where status in ('active', 'paused')"))
    @rule()
    def nothing_is_asked_when_all_is_over(self) -> None:
        before = query(self.rooms.engine, QUESTIONS)
        fire_timers(self.rooms)
        send(self.rooms)
        assert query(self.rooms.engine, QUESTIONS) == before

    @invariant()
    def the_promise_holds(self) -> None:
        broken = {name: found for name, sql in RULES.items() if (found := query(self.rooms.engine, sql))}
        assert not broken


def test_whatever_happens_in_whatever_order_the_promise_holds(make_rooms: Callable[..., Rooms]):
    chains = read_chains(CHAIN, file="chains.yaml")
    whole = make_rooms(StubChannel(SLACK), chains=chains)
    employ(whole.engine, PEOPLE)

    Life.make = staticmethod(lambda slack, clock: make_rooms(slack, clock=clock, chains=chains))  # type: ignore[assignment]
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
