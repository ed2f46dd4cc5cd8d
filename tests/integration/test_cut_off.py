"""The cut-off: what happened before a company went live is counted, listed and never sent unasked."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.domain.going_live import heaps
from postroom.domain.messages import Urgency
from postroom.domain.quiet_hours import ALWAYS
from postroom.domain.safety import Mode
from postroom.store import backlog, sweeps
from postroom.store.notices import open_notices
from postroom.store.operators import NotRetried, retryable
from postroom.store.safety import set_mode
from tests.builders import SEALER, FixedClock, StubChannel, keep, legs, order, query, reminder
from workers.tasks import deliver, route
from workers.tasks.fall_back import fall_back
from workers.wiring import Rooms

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
WENT_LIVE = datetime.now(UTC) - timedelta(hours=1)
LONG_AGO, NEXT_YEAR = ((WENT_LIVE + timedelta(days=days)).date().isoformat() for days in (-30, 365))


@pytest.fixture
def whatsapp() -> StubChannel:
    return StubChannel(WHATSAPP)


@pytest.fixture
def email() -> StubChannel:
    return StubChannel(EMAIL)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], whatsapp: StubChannel, email: StubChannel, clock: FixedClock) -> Rooms:
    """Rooms of a company that went live an hour ago, writes at all hours and asks nobody for an opt-in."""
    made = make_rooms(whatsapp, email, clock=clock)
    with made.engine.begin() as connection:
        for channel in (WHATSAPP, EMAIL):
            set_mode(connection, "1", channel, Mode.LIVE, cut_off=WENT_LIVE)
    companies = made.book.companies
    practice = replace(companies.default, opt_in_required=frozenset(), hours=ALWAYS)
    return replace(made, book=replace(made.book, companies=replace(companies, default=practice)))


def told_at(event: dict[str, Any], time: datetime, due: str = NEXT_YEAR) -> dict[str, Any]:
    """The event as Odoo told of it at that time."""
    if "invoice" in event["data"]:
        event["data"]["invoice"]["due_date"] = due
    return {**event, "time": time.isoformat()}


BEFORE, AFTER = WENT_LIVE - timedelta(minutes=1), WENT_LIVE + timedelta(minutes=1)


def send_everything(rooms: Rooms) -> None:
    sweeps.sweep(rooms.engine, now=rooms.clock.now(), window=timedelta(minutes=5))
    route.drain(rooms)
    for channel in (WHATSAPP, EMAIL):
        for lane in Urgency:
            deliver.drain(rooms, channel, lane)


def told(rooms: Rooms) -> list[tuple[str, str, str | None]]:
    return [(leg.channel, leg.state, leg.reason) for leg in legs(rooms.engine)]


HELD = ("whatsapp", "held", "cut_off")


def test_what_happened_before_is_held_and_what_happened_after_leaves(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE), told_at(order(12), AFTER))
    send_everything(rooms)
    assert sorted(told(rooms)) == [HELD, ("whatsapp", "sent", None)]
    assert [to for _, to, _ in whatsapp.sent] == ["+34600000012"]


def test_an_invoice_that_was_overdue_on_that_day_is_held_however_new_its_reminder(
    rooms: Rooms, whatsapp: StubChannel
) -> None:
    keep(rooms.engine, told_at(reminder(11), AFTER, due=LONG_AGO), told_at(reminder(12), AFTER))
    send_everything(rooms)
    assert sorted(told(rooms)) == [HELD, ("whatsapp", "sent", None)]
    assert [to for _, to, _ in whatsapp.sent] == ["+34600000012"]


def test_an_event_without_a_time_is_as_old_as_its_receipt(rooms: Rooms) -> None:
    event = order(11)
    del event["time"]
    keep(rooms.engine, event)
    route.drain(rooms)
    ((received,),) = query(rooms.engine, "select received_at from inbox")
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", WHATSAPP, Mode.LIVE, cut_off=received + timedelta(microseconds=1))
    keep(rooms.engine, {name: value for name, value in order(12).items() if name != "time"})
    send_everything(rooms)
    assert sorted(told(rooms)) == [HELD, ("whatsapp", "sent", None)]


def test_the_list_outlives_every_sweep(rooms: Rooms, whatsapp: StubChannel, clock: FixedClock) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    query(rooms.engine, "update message_log set next_at = clock_timestamp() - interval '9 days'")
    clock.time = WENT_LIVE + timedelta(days=90)
    for _ in range(2):
        send_everything(rooms)
    assert told(rooms) == [HELD]
    assert whatsapp.sent == []


def test_nothing_stands_in_for_what_an_operator_has_yet_to_decide_about(rooms: Rooms, email: StubChannel) -> None:
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", EMAIL, Mode.LIVE)  # live since before there were cut-offs
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    with rooms.engine.begin() as connection:
        assert fall_back(connection, rooms, [leg.intent_id], overdue=True) == set()
    send_everything(rooms)
    assert told(rooms) == [HELD]
    assert email.sent == []


def test_the_sandbox_knows_no_cut_off(rooms: Rooms) -> None:
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", WHATSAPP, Mode.SANDBOX, cut_off=WENT_LIVE)
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "sent", None)]


def test_an_operator_hears_of_it_once_and_is_sent_to_the_backlog(rooms: Rooms) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE), told_at(order(12), BEFORE))
    send_everything(rooms)
    with rooms.engine.connect() as connection:
        (notice,) = open_notices(connection)
    assert (notice.key, notice.company) == ("backlog:1", "1")
    assert "postroom backlog 1" in notice.text


def test_it_is_not_retried_behind_the_backlogs_back(rooms: Rooms) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    with rooms.engine.begin() as connection, pytest.raises(NotRetried, match="postroom backlog"):
        retryable(connection, legs(rooms.engine)[0].id, now=rooms.clock.now())


# The operator's word --------------------------------------------------------------------------------------------------


def decide(rooms: Rooms, not_after: Mapping[str, datetime] | None = None, message_type: str = "") -> int:
    """Send what is held, with these new ends; drop it without any."""
    with rooms.engine.begin() as connection:
        ids = [each.id for each in backlog.held(connection, SEALER, "1", message_type)]
        done = (
            backlog.drop(connection, ids) if not_after is None else backlog.send_after_all(connection, ids, not_after)
        )
        return len(done)


def notes(rooms: Rooms) -> list[str]:
    return [row.detail for row in query(rooms.engine, "select detail from message_event where what = 'operator'")]


def open_keys(rooms: Rooms) -> list[str]:
    with rooms.engine.connect() as connection:
        return [notice.key for notice in open_notices(connection)]


def test_it_is_counted_with_what_is_owed(rooms: Rooms) -> None:
    keep(rooms.engine, told_at(reminder(11), BEFORE), told_at(reminder(12), BEFORE), told_at(order(13), BEFORE))
    send_everything(rooms)
    with rooms.engine.connect() as connection:
        found = heaps(backlog.held(connection, SEALER))
    assert [(heap.message_type, heap.messages, dict(heap.owed)) for heap in found] == [
        ("order_confirmation", 1, {}),
        ("payment_reminder", 2, {"EUR": Decimal("2500.00")}),
    ]


def test_sent_after_all_it_leaves_although_it_went_stale_meanwhile(
    rooms: Rooms, whatsapp: StubChannel, clock: FixedClock
) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE), told_at(reminder(12), BEFORE))
    send_everything(rooms)
    clock.time += timedelta(days=28)
    assert decide(rooms, {"order_confirmation": clock.time + timedelta(days=1)}) == 1
    send_everything(rooms)
    assert sorted(told(rooms)) == [HELD, ("whatsapp", "sent", None)]
    assert [to for _, to, _ in whatsapp.sent] == ["+34600000011"]
    assert notes(rooms) == ["backlog: sent after all"]
    assert open_keys(rooms) == ["backlog:1"]


def test_what_stands_in_for_it_may_leave_as_well(rooms: Rooms, whatsapp: StubChannel, clock: FixedClock) -> None:
    whatsapp.answers = [Fault(Verdict.FALLBACK, "131026", "message undeliverable")]
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    decide(rooms, {"order_confirmation": clock.time + timedelta(days=1)})
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "failed", "131026"), ("email", "sent", None)]
    assert open_keys(rooms) == []


def test_dropped_it_is_cancelled_and_nothing_stands_in_for_it(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    keep(rooms.engine, told_at(order(11), BEFORE))
    send_everything(rooms)
    assert decide(rooms) == 1
    assert decide(rooms) == 0
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "cancelled", "operator")]
    assert (whatsapp.sent, email.sent, notes(rooms), open_keys(rooms)) == ([], [], ["backlog: dropped"], [])
