"""Cards whose answer nobody waits for any more: all of them say so, and none has buttons left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest

from config.escalations import read_chains
from postroom.domain.channels import ChannelName, Fault, Receipt, Rendered, Verdict
from postroom.domain.messages import Urgency
from postroom.domain.runs import RunStatus
from postroom.domain.safety import Wire
from postroom.store.cards import cards_wait, claim_wishes, end_wish, want_changes
from postroom.store.runs import end_run, lock_runs
from postroom.store.safety import pause
from scheduler.ticker import fire_timers, hint_where_cards_wait
from tests import boardroom
from tests.boardroom import ask, employ, press, send
from tests.builders import FixedClock, StubChannel, keep, query
from workers.channels.base import ChannelError
from workers.tasks import deliver, edit, route
from workers.wiring import Rooms

SLACK, EMAIL = ChannelName.SLACK, ChannelName.EMAIL
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: role:purchase.group_purchase_manager
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_reminder}
      give_up: {after: 8h, give_up: true}
"""


@dataclass
class Board:
    """What stands on each card, and how often it was changed."""

    cards: dict[str, Rendered] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    refusals: list[Fault] = field(default_factory=list)
    keys: dict[str, UUID] = field(default_factory=dict)


class EditingStub(StubChannel):
    """Slack that lets cards be changed, unless a test says otherwise."""

    gone: ClassVar[frozenset[str]] = frozenset({"message_not_found"})

    def __init__(self, board: Board) -> None:
        super().__init__(SLACK)
        self.board = board

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        receipt = super().send(rendered, to, key)
        self.board.cards[receipt.provider_id] = rendered
        return receipt

    def edit(self, rendered: Rendered, provider_id: str, key: UUID) -> Receipt:
        if self.board.refusals:
            raise ChannelError(self.board.refusals.pop(0))
        self.board.cards[provider_id] = rendered
        self.board.changes.append(provider_id)
        self.board.keys[provider_id] = key
        return Receipt(provider_id, datetime.now(UTC))


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], board: Board, clock: FixedClock) -> Rooms:
    made = make_rooms(
        EditingStub(board), StubChannel(EMAIL), clock=clock, chains=read_chains(CHAIN, file="chains.yaml")
    )
    employ(made.engine, (1, 2))
    return made


def put(rooms: Rooms, *users: int, **approval: Any) -> None:
    for user in users:
        ask(rooms, user, **approval)
    send(rooms)


def pass_time(rooms: Rooms, clock: FixedClock, hours: float) -> None:
    clock.time += timedelta(hours=hours)
    fire_timers(rooms)
    send(rooms)


def lines(board: Board) -> list[str]:
    """What each card ends in."""
    return [card.text.rsplit("\n\n", 1)[-1] for card in board.cards.values()]


def answers(board: Board) -> int:
    """The buttons that are left to answer with, on all cards."""
    return sum(button.payload is not None for card in board.cards.values() for button in card.buttons)


def finish(rooms: Rooms, status: RunStatus = RunStatus.CANCELLED, why: str = "test") -> None:
    (run,) = query(rooms.engine, "select id from run where status = 'active'")
    with rooms.engine.begin() as connection:
        lock_runs(connection, [run.id])
        assert end_run(connection, run.id, status, why, rooms.clock.now())


def wishes(rooms: Rooms) -> list[Mapping[str, Any]]:
    return [row._mapping for row in query(rooms.engine, "select * from card_edit order by id")]


def due_again(rooms: Rooms) -> None:
    query(rooms.engine, "update card_edit set next_at = clock_timestamp(), lease_until = null where state = 'waiting'")


def test_one_answer_changes_every_card_of_every_approver_and_the_reminders(
    rooms: Rooms, board: Board, clock: FixedClock
) -> None:
    put(rooms, 1, 2)
    pass_time(rooms, clock, 4.1)
    before = dict(board.cards)
    assert (len(before), answers(board)) == (4, 8)

    press(rooms, 1, "approve")
    assert str(edit.drain(rooms, SLACK)) == "4 changed"

    assert lines(board) == ["*Approved by Person 1 on 23 Nov 13:36 UTC. It is being carried into Odoo.*"] * 4
    assert answers(board) == 0
    for name, card in before.items():
        now = board.cards[name]
        assert (now.subject, now.fields) == (card.subject, card.fields)
        assert [button.title for button in now.buttons] == ["View Details"]


def test_a_card_tells_its_reader_in_his_language_and_by_his_clock(rooms: Rooms, board: Board) -> None:
    event = boardroom.question(2)
    event["data"]["recipient"] |= {"language": "es_ES", "timezone": "America/Caracas"}
    keep(rooms.engine, event)
    route.drain(rooms)
    send(rooms)
    query(rooms.engine, "update person set partner_id = 777")  # as Odoo has him; the event calls him otherwise

    press(rooms, 2, "reject")
    edit.drain(rooms, SLACK)

    assert lines(board) == ["*Rechazado por Person 2 el 23 nov 05:30. Se está llevando a Odoo.*"]


def test_what_became_of_a_decision_is_told_in_place_of_its_being_carried(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    press(rooms, 1, "approve")
    edit.drain(rooms, SLACK)
    (run,) = query(rooms.engine, "select id from run")

    query(rooms.engine, "update outbox set state = 'done', code = 'approved'")
    with rooms.engine.begin() as connection:
        want_changes(connection, run.id)
    edit.drain(rooms, SLACK)

    assert "Done in Odoo" in lines(board)[0]
    assert (len(board.changes), wishes(rooms)[0]["version"]) == (2, 2)
    assert [row.what for row in query(rooms.engine, "select what from message_event")] == ["card_changed"] * 2


def test_a_card_that_is_no_longer_needed_says_why(rooms: Rooms, board: Board) -> None:
    for document, status, why in (
        (1, RunStatus.CANCELLED, "desk"),
        (2, RunStatus.OBSOLETE, "approved_in_odoo"),
        (3, RunStatus.OBSOLETE, "gone"),
    ):
        put(rooms, 1, document=document)
        finish(rooms, status, why)
    edit.drain(rooms, SLACK)

    assert sorted(lines(board)) == [
        "*No longer needed: approved in Odoo.*",
        "*No longer needed: cancelled.*",
        "*No longer needed: it is gone from Odoo.*",
    ]
    assert answers(board) == 0


def test_a_document_that_changed_leaves_one_card_with_buttons(rooms: Rooms, board: Board) -> None:
    put(rooms, 1, revision="1")
    put(rooms, 1, revision="2")
    edit.drain(rooms, SLACK)

    assert "is asked about anew" in lines(board)[0]
    assert [sum(each.payload is not None for each in card.buttons) for card in board.cards.values()] == [0, 2]


def test_a_question_that_nobody_answered_is_with_its_owner(rooms: Rooms, board: Board, clock: FixedClock) -> None:
    put(rooms, 1)
    pass_time(rooms, clock, 4.1)
    pass_time(rooms, clock, 4.1)
    edit.drain(rooms, SLACK)

    assert lines(board) == ["*Nobody answered in time. It is now with the group purchase.group_purchase_manager.*"] * 2


def test_a_card_that_is_still_on_its_way_is_changed_once_it_has_arrived(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    query(rooms.engine, "update message_log set state = 'sending'")
    finish(rooms)
    with rooms.engine.connect() as connection:
        assert cards_wait(connection) == []
    assert str(edit.drain(rooms, SLACK)) == "no card waited"

    query(rooms.engine, "update message_log set state = 'sent'")
    hint_where_cards_wait(rooms)
    assert rooms.hints.published.messages[-1] == ("edit", ("slack",), "slack.normal")  # type: ignore[attr-defined]
    edit.drain(rooms, SLACK)

    assert answers(board) == 0


def test_what_a_dead_worker_had_claimed_is_done_by_the_next_one(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    finish(rooms)
    with rooms.engine.begin() as connection:
        (dead,) = claim_wishes(connection, SLACK, Wire.SANDBOX, limit=9, lease=timedelta(seconds=60))
    assert str(edit.drain(rooms, SLACK)) == "no card waited"

    query(rooms.engine, "update card_edit set lease_until = clock_timestamp() - interval '1 second'")
    edit.drain(rooms, SLACK)
    with rooms.engine.begin() as connection:
        end_wish(connection, dead, "failed", "it woke up")

    assert (len(board.changes), wishes(rooms)[0]["state"], wishes(rooms)[0]["code"]) == (1, "done", None)


def test_a_newer_truth_waits_for_the_older_one_on_the_wire_and_then_takes_its_place(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    finish(rooms)
    with rooms.engine.begin() as connection:
        (older,) = claim_wishes(connection, SLACK, Wire.SANDBOX, limit=9, lease=timedelta(seconds=60))
        (run,) = query(rooms.engine, "select id from run")
        want_changes(connection, run.id)
    assert str(edit.drain(rooms, SLACK)) == "no card waited"

    with rooms.engine.begin() as connection:
        end_wish(connection, older, "done")
    assert wishes(rooms)[0]["state"] == "waiting"
    edit.drain(rooms, SLACK)

    assert (len(board.changes), wishes(rooms)[0]["state"]) == (1, "done")


REFUSALS = {
    Fault(Verdict.TRANSIENT, "ratelimited", "too fast", retry_after=timedelta(seconds=7)): ("waiting", 0),
    Fault(Verdict.TRANSIENT, "http_503", "away"): ("waiting", 1),
    Fault(Verdict.UNKNOWN, "read_timeout", "no answer"): ("waiting", 2),
    Fault(Verdict.PERMANENT, "message_not_found", "deleted"): ("done", 3),
    Fault(Verdict.FALLBACK, "is_archived", "left"): ("failed", 1),
    Fault(Verdict.PERMANENT, "invalid_blocks", "ours"): ("failed", 1),
}
"""What is answered to one change after the other, and what becomes of its wish: state, and tries that are charged."""


def test_what_is_not_taken_is_tried_again_where_that_may_help_and_told_where_somebody_must_look(
    rooms: Rooms, board: Board
) -> None:
    put(rooms, 1)
    finish(rooms)
    (run,) = query(rooms.engine, "select id from run")
    for fault, (state, charged) in REFUSALS.items():
        board.refusals.append(fault)
        edit.drain(rooms, SLACK)

        (wish,) = wishes(rooms)
        assert (fault.code, wish["state"], wish["tries"]) == (fault.code, state, charged)
        assert bool(query(rooms.engine, "select from notice where kind = 'card'")) == (fault.code == "invalid_blocks")
        if state != "waiting":
            with rooms.engine.begin() as connection:
                want_changes(connection, run.id)
        due_again(rooms)
    assert (board.changes, answers(board)) == ([], 2)

    edit.drain(rooms, SLACK)
    assert (len(board.changes), answers(board)) == (1, 0)


def test_a_change_that_never_succeeds_ends_with_a_word_to_the_operators(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    finish(rooms)
    board.refusals += [Fault(Verdict.TRANSIENT, "http_503", "away")] * 20
    for _ in range(12):
        query(rooms.engine, "delete from circuit")
        edit.drain(rooms, SLACK)
        due_again(rooms)

    assert (wishes(rooms)[0]["state"], wishes(rooms)[0]["tries"]) == ("failed", 8)
    assert [row.kind for row in query(rooms.engine, "select kind from notice where kind = 'card'")] == ["card"]


def test_a_pause_holds_cards_back_too(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    finish(rooms)
    with rooms.engine.begin() as connection:
        pause(connection, "channel", "slack")
    edit.drain(rooms, SLACK)

    assert (board.changes, wishes(rooms)[0]["state"]) == ([], "waiting")


def test_both_copies_change_of_a_card_that_was_sent_once_more(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    query(
        rooms.engine,
        "insert into provider_ref (channel, provider_id, attempt_id, message_id, company)"
        " select channel, 'stub.first', attempt_id, message_id, company from provider_ref",
    )
    finish(rooms)
    edit.drain(rooms, SLACK)

    assert (len(board.changes), "stub.first" in board.changes, len(set(board.keys.values()))) == (2, True, 1)


def test_no_real_card_is_touched_where_the_company_is_not_live_any_more(rooms: Rooms, board: Board) -> None:
    put(rooms, 1)
    query(rooms.engine, "update message_log set wire = 'live'")
    finish(rooms)
    edit.drain(rooms, SLACK)

    assert (board.changes, wishes(rooms)[0]["state"], wishes(rooms)[0]["code"]) == ([], "void", "not_live")


def test_where_nothing_can_be_changed_nothing_is_wanted(make_rooms: Callable[..., Rooms], clock: FixedClock) -> None:
    rooms = make_rooms(StubChannel(SLACK, Fault(Verdict.FALLBACK, "x", "y")), StubChannel(EMAIL), clock=clock)
    employ(rooms.engine, (1,))
    put(rooms, 1)
    for lane in Urgency:
        deliver.drain(rooms, EMAIL, lane)
    assert [row.channel for row in query(rooms.engine, "select channel from message_log where state = 'sent'")] == [
        "email"
    ]
    finish(rooms)

    assert wishes(rooms) == []
