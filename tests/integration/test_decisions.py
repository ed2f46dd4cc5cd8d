"""From a pressed button to a document that moved in Odoo, or did not, and what its presser is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from postroom.domain.cards import word_for
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.messages import Urgency
from postroom.domain.people import How
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store.courses import cards_sent, course_of
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from postroom.store.outbox import claim_writings
from postroom.store.people import link, person_of_user, set_api_key
from sandbox.odoo.seed import command_secret, key_of, uid
from sandbox.testing import SECRET, Running, running_sandbox
from tests.builders import SEALER, StubChannel, keep, of_type, query
from workers.erp import Erp
from workers.tasks import deliver, observe, route, write_back
from workers.tasks.execute import execute
from workers.tasks.sync_people import call_roll
from workers.wiring import Rooms

SLACK, EMAIL = ChannelName.SLACK, ChannelName.EMAIL
VERSIONS = {"17": "odoo17", "19": "odoo19"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(params=VERSIONS)
def odoo(request: pytest.FixtureRequest, sandbox: Running) -> str:
    sandbox.post("odoo_reset")
    return f"{sandbox.url}/{VERSIONS[request.param]}"


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], odoo: str) -> Rooms:
    """A house whose people are known: each by a Slack account of his login."""
    made = make_rooms(StubChannel(SLACK), StubChannel(EMAIL), erp=erp_at(odoo, command_secret(SECRET)))
    introduce(made)
    return made


def erp_at(url: str, secret: str) -> Erp:
    access = Access(url, "sandbox", "postroom", SECRET, answer_timeout=3.0)
    return Erp({Wire.SANDBOX: partial(connect, access)}, commands={Wire.SANDBOX: secret})


def introduce(rooms: Rooms) -> None:
    erp = rooms.erp.at(Wire.SANDBOX)
    assert erp is not None
    call_roll(rooms.engine, SEALER, erp, Wire.SANDBOX, "sandbox")
    with rooms.engine.begin() as connection:
        for login in ("pmanager", "buyer", "salesman", "approver", "employee", "admin"):
            person = person_of_user(connection, SEALER, Wire.SANDBOX, uid(login))
            assert person is not None
            link(connection, SEALER, person, SLACK, account(login), how=How.LINK, by="test")


def account(login: str) -> str:
    return f"U0{login.upper()}"


def ask(rooms: Rooms, login: str, model: str = "purchase.order", record: int = 42, **approval: Any) -> None:
    """Somebody is asked for his approval, in Slack."""
    event = of_type(
        "odoo.approval.requested",
        partner_id=uid(login) + 100,
        user_id=uid(login),
        slack=account(login),
        email=f"{login}@example.com",
        phone=None,
    )
    event["data"]["approval"] = {**event["data"]["approval"], "id": record, "model": model, **approval}
    keep(rooms.engine, event)
    send(rooms)


def send(rooms: Rooms) -> None:
    route.drain(rooms)
    for channel in (SLACK, EMAIL):
        for lane in Urgency:
            deliver.drain(rooms, channel, lane)


def press(
    rooms: Rooms,
    login: str,
    answer: str,
    wire: Wire = Wire.SANDBOX,
    *,
    named: bool = True,
    reason: str | None = None,
) -> None:
    """Somebody presses a button of the newest question; `named`: and the press says of which."""
    (attempt,) = query(
        rooms.engine,
        "select a.id from attempt a join message_log m on m.id = a.message_id"
        " where m.message_type = 'approval_request' order by a.id desc limit 1",
    )
    event = ChannelEvent(
        EventKind.PRESSED,
        str(new_id()),
        SLACK,
        "stub",
        datetime.now(UTC),
        text=answer.capitalize(),
        payload=answer,
        reason=reason,
        address=account(login),
        attempt_id=attempt.id if named else None,
    )
    request_id = new_id()
    query(
        rooms.engine,
        "insert into request (id, source, sha256, headers, body, state)"
        " values (:id, 'slack', :sha, :headers, :body, 'parsed')",
        id=request_id,
        sha=request_id.bytes,
        headers=SEALER.seal_json({"x-postroom-wire": wire.value}, "request.headers"),
        body=SEALER.seal(b"{}", "request.body"),
    )
    with rooms.engine.begin() as connection:
        blind = SEALER.blind(SLACK, account(login))
        new = NewChannelEvent(request_id, "slack:stub", event.key, event.kind.value, event.to_json(), blind)
        keep_channel_events(connection, SEALER, [new])
    observe.drain(rooms)


def carried(rooms: Rooms) -> None:
    write_back.drain(rooms)
    send(rooms)


def odoo_is_tried_again(rooms: Rooms) -> None:
    """As when the wait is over and the circuit is probed."""
    query(rooms.engine, "update outbox set next_at = clock_timestamp() where state = 'waiting'")
    query(rooms.engine, "delete from circuit")
    carried(rooms)


def told(rooms: Rooms, part: str = "subject") -> list[str]:
    """The titles that pressers were told, oldest first."""
    rows = query(rooms.engine, "select content from message_log where message_type = 'approval_outcome' order by id")
    return [str(SEALER.open_json(row.content, "message_log.content")[part]) for row in rows if row.content]


def on_the_cards(rooms: Rooms) -> tuple[str | None, int]:
    """What the cards of the run are to say now, and how often that has changed; they name who has answered."""
    (run,) = query(rooms.engine, "select id from run")
    (wish,) = query(rooms.engine, "select id, version from card_edit where state = 'waiting'")
    with rooms.engine.connect() as connection:
        course = course_of(connection, SEALER, run.id)
        (asked,) = cards_sent(connection, SEALER, [wish.id]).values()
    assert course.by
    assert asked.reader.recipient == course.actor
    return word_for(course), wish.version


def state(rooms: Rooms, model: str, record: int) -> str:
    erp = rooms.erp.at(Wire.SANDBOX)
    assert erp is not None
    return str(erp.read(model, [record], ["state"])[0]["state"])


def refusals(rooms: Rooms) -> list[str]:
    rows = query(rooms.engine, "select detail from message_event where what = 'decision_refused' order by id")
    return [row.detail for row in rows]


def decisions(rooms: Rooms) -> list[tuple[str, str]]:
    rows = query(rooms.engine, "select state, code from outbox where kind = 'decision' order by id")
    return [(row.state, row.code) for row in rows]


def test_a_manager_approves_in_slack_and_the_order_moves_in_his_name(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    assert on_the_cards(rooms) == ("approving", 1)
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "purchase"
    assert on_the_cards(rooms) == ("approved", 2)
    assert told(rooms) == ["P00042 is approved"]
    assert "Purchase Order" in told(rooms, "text")[0]
    assert decisions(rooms) == [("done", "approved")]


def test_who_may_not_decide_moves_nothing_and_hears_why(rooms: Rooms) -> None:
    ask(rooms, "salesman", document_number="P00042")
    press(rooms, "salesman", "approve")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "to approve"
    assert on_the_cards(rooms) == ("still_open", 2)
    (title,) = told(rooms)
    assert "P00042" in title
    assert decisions(rooms)[0][0] == "refused"


@pytest.mark.parametrize(
    ("model", "record", "ended"), [("hr.leave", 1, "validate"), ("hr.leave", 2, "validate"), ("hr.expense", 1, "")]
)
def test_a_leave_and_an_expense_are_approved(rooms: Rooms, model: str, record: int, ended: str) -> None:
    ask(rooms, "approver", model, record)
    press(rooms, "approver", "approve")
    carried(rooms)
    assert decisions(rooms) == [("done", "approved")]
    assert not ended or state(rooms, model, record) == ended


def test_a_forwarded_question_is_not_another_s_to_answer(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    press(rooms, "admin", "approve")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "to approve"
    assert refusals(rooms) == ["not_asked"]
    assert told(rooms) == ["Your press decided nothing"]


def test_nobody_is_asked_for_what_he_asked_for_himself(rooms: Rooms) -> None:
    ask(rooms, "buyer", requester_id=uid("buyer"))
    carried(rooms)
    assert query(rooms.engine, "select 1 from intent where recipient = :who", who=f"partner:{uid('buyer') + 100}") == []
    assert state(rooms, "purchase.order", 42) == "to approve"


def test_an_account_that_nobody_is_known_by_decides_nothing(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    query(rooms.engine, "update person_account set removed_at = clock_timestamp()")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert refusals(rooms) == ["stranger"]
    assert state(rooms, "purchase.order", 42) == "to approve"
    assert told(rooms) == ["Your press decided nothing"]


def test_a_double_tap_is_one_decision_and_one_answer(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    press(rooms, "pmanager", "approve")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert decisions(rooms) == [("done", "approved")]
    assert len(told(rooms)) == 1


def test_the_first_of_two_answers_counts(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    press(rooms, "pmanager", "reject")
    carried(rooms)
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "purchase"
    assert sorted(told(rooms)) == ["P00042 is approved", "P00042 was answered before"]
    assert any("“Approve”, by" in words for words in told(rooms, "text"))


ENDS = [("reject", "cancel"), ("approve", "purchase")]


def noted(rooms: Rooms) -> list[int]:
    """The documents that say so."""
    odoo = rooms.erp.at(Wire.SANDBOX)
    assert odoo is not None
    found = odoo.search_read("mail.message", [["body", "ilike", "Twice the usual price"]], ["res_id"])
    return [row["res_id"] for row in found]


@pytest.mark.parametrize(("answer", "ends"), ENDS)
def test_what_he_wrote_beside_the_buttons_stands_on_the_order_that_he_rejected(
    rooms: Rooms, answer: str, ends: str
) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", answer, reason="Twice the usual price")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == ends
    assert noted(rooms) == ([42] if answer == "reject" else [])


def test_who_presses_again_when_all_is_done_hears_that_it_is(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert told(rooms) == ["P00042 is approved", "P00042 was answered before"]
    assert decisions(rooms) == [("done", "approved")]


def test_a_press_after_the_question_has_expired_decides_nothing(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    query(rooms.engine, "update intent set not_after = not_after - interval '30 days'")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert refusals(rooms) == ["too_late"]
    assert told(rooms) == ["Too late for P00042"]
    assert state(rooms, "purchase.order", 42) == "to approve"


def test_who_works_for_another_company_decides_nothing(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    query(rooms.engine, "update person set companies = '[7]'")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert refusals(rooms) == ["other_company"]
    assert state(rooms, "purchase.order", 42) == "to approve"


def test_a_press_that_names_no_message_is_not_one_of_the_newest_question(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    press(rooms, "pmanager", "approve", named=False)
    carried(rooms)
    assert refusals(rooms) == ["no_document"]
    assert told(rooms) == ["Your press decided nothing"]
    assert state(rooms, "purchase.order", 42) == "to approve"


def test_a_refusal_waits_for_no_odoo(make_rooms: Callable[..., Rooms], odoo: str) -> None:
    known = make_rooms(StubChannel(SLACK), StubChannel(EMAIL), erp=erp_at(odoo, ""))
    introduce(known)
    rooms = replace(known, erp=Erp({}))
    ask(rooms, "pmanager")
    press(rooms, "admin", "approve")
    send(rooms)
    assert told(rooms) == ["Your press decided nothing"]
    assert decisions(rooms) == []


def test_what_the_sandbox_s_buttons_say_reaches_no_real_odoo(rooms: Rooms) -> None:
    ask(rooms, "pmanager")
    press(rooms, "pmanager", "approve", Wire.LIVE)
    carried(rooms)
    assert refusals(rooms) == ["stranger"]
    assert state(rooms, "purchase.order", 42) == "to approve"


def test_a_document_that_changed_since_is_not_decided(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042", revision="2020-01-01 00:00:00")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "to approve"
    assert told(rooms) == ["P00042 changed since you were asked"]
    assert "8,400.00" in told(rooms, "text")[0]


@pytest.mark.parametrize(("answer", "ends"), ENDS)
def test_without_the_add_on_he_decides_by_his_own_key(
    make_rooms: Callable[..., Rooms], odoo: str, answer: str, ends: str
) -> None:
    rooms = make_rooms(StubChannel(SLACK), StubChannel(EMAIL), erp=erp_at(odoo, ""))
    introduce(rooms)
    with rooms.engine.begin() as connection:
        person = person_of_user(connection, SEALER, Wire.SANDBOX, uid("pmanager"))
        assert person is not None
        set_api_key(connection, SEALER, person.id, key_of(SECRET, "pmanager"))
    ask(rooms, "pmanager")
    press(rooms, "pmanager", answer, reason="Twice the usual price")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == ends
    assert noted(rooms) == ([42] if answer == "reject" else [])


def test_without_add_on_and_key_he_is_led_into_odoo_and_the_operators_hear_of_it(
    make_rooms: Callable[..., Rooms], odoo: str
) -> None:
    rooms = make_rooms(StubChannel(SLACK), StubChannel(EMAIL), erp=erp_at(odoo, ""))
    introduce(rooms)
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "to approve"
    assert told(rooms) == ["Decide P00042 in Odoo"]
    assert query(rooms.engine, "select 1 from notice where kind = 'decision' and closed_at is null")


@pytest.mark.parametrize(
    "fault",
    ["server_error", "html", "lost", "dropped", "serialization", "database_down", "slow", "commit_then_fault"],
)
def test_an_odoo_that_fails_for_a_while_decides_once_in_the_end(rooms: Rooms, sandbox: Running, fault: str) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    sandbox.post("faults", channel="odoo", kind=fault, recipient="server", times=2)
    press(rooms, "pmanager", "approve")
    for _ in range(6):
        odoo_is_tried_again(rooms)
    assert state(rooms, "purchase.order", 42) == "purchase"
    assert decisions(rooms) == [("done", "approved")]
    assert told(rooms) == ["P00042 is approved"]


def test_an_odoo_that_is_down_for_long_keeps_the_decision_and_the_operators_know(
    rooms: Rooms, sandbox: Running
) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    sandbox.post("faults", channel="odoo", kind="server_error", recipient="server", times=1000)
    for _ in range(12):
        query(rooms.engine, "update outbox set next_at = clock_timestamp() where state = 'waiting'")
        carried(rooms)
    assert [state for state, _ in decisions(rooms)] == ["waiting"]
    assert told(rooms) == []
    assert query(rooms.engine, "select 1 from notice where kind = 'circuit' and closed_at is null")
    sandbox.post("disarm")
    odoo_is_tried_again(rooms)
    assert decisions(rooms) == [("done", "approved")]
    assert told(rooms) == ["P00042 is approved"]


def test_a_decision_that_is_given_up_is_told_to_him_and_to_the_operators(rooms: Rooms, sandbox: Running) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    query(rooms.engine, "update outbox set created_at = created_at - interval '8 days'")
    sandbox.post("faults", channel="odoo", kind="server_error", recipient="server", times=1000)
    carried(rooms)
    sandbox.post("disarm")
    assert [state for state, _ in decisions(rooms)] == ["dead"]
    assert told(rooms) == ["P00042 did not reach Odoo"]
    assert query(rooms.engine, "select 1 from notice where kind = 'dead' and closed_at is null")


def test_where_the_real_odoo_is_not_written_to_yet_he_is_led_there(make_rooms: Callable[..., Rooms], odoo: str) -> None:
    rooms = make_rooms(StubChannel(SLACK), StubChannel(EMAIL), erp=erp_at(odoo, command_secret(SECRET)))
    introduce(rooms)
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    query(rooms.engine, "update outbox set wire = 'live'")
    carried(rooms)
    assert [state for state, _ in decisions(rooms)] == ["void"]
    assert told(rooms) == ["Decide P00042 in Odoo"]


def test_a_worker_that_dies_after_the_work_leaves_one_decision_and_one_answer(rooms: Rooms) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    with rooms.engine.begin() as connection:
        (claimed,) = claim_writings(connection, SEALER, wire=Wire.SANDBOX, limit=1, lease=timedelta(0))
    erp = rooms.erp.at(Wire.SANDBOX)
    assert erp is not None
    execute(rooms, erp, claimed.writing)  # and nobody notes how it ended
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "purchase"
    assert decisions(rooms) == [("done", "approved")]
    assert told(rooms) == ["P00042 is approved"]


def test_an_answer_that_is_lost_after_the_work_is_asked_for_again_and_nothing_is_done_twice(
    rooms: Rooms, sandbox: Running
) -> None:
    ask(rooms, "pmanager", document_number="P00042")
    press(rooms, "pmanager", "approve")
    sandbox.post("faults", channel="odoo", kind="dropped")
    carried(rooms)
    assert state(rooms, "purchase.order", 42) == "purchase"
    assert decisions(rooms) == [("done", "approved")]
    assert told(rooms) == ["P00042 is approved"]
    calls = sandbox.get("odoo_calls", record="purchase.order:42")["calls"]
    assert {call["key"] for call in calls} == {calls[0]["key"]}  # one command, asked for again by its key
