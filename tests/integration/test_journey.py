"""From an event in the inbox to a settled message, on the real database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Fault, Pace, Receipt, Verdict
from postroom.domain.messages import State, Urgency
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from tests.builders import (
    NOT_ON_WHATSAPP,
    SEALER,
    FixedClock,
    StubChannel,
    keep,
    legs,
    order,
    query,
    reminder,
)
from workers.tasks import deliver, observe, route
from workers.wiring import Rooms

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL


@pytest.fixture
def whatsapp() -> StubChannel:
    return StubChannel(WHATSAPP)


@pytest.fixture
def email() -> StubChannel:
    return StubChannel(EMAIL)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], whatsapp: StubChannel, email: StubChannel) -> Rooms:
    return make_rooms(whatsapp, email)


def send_everything(rooms: Rooms) -> None:
    route.drain(rooms)
    for channel in ChannelName:
        for lane in Urgency:
            deliver.drain(rooms, channel, lane)


def tell(rooms: Rooms, kind: EventKind, channel: ChannelName = WHATSAPP, **fields: object) -> str:
    """A provider tells us something; returns what observing it did."""
    key = str(fields.pop("key", new_id()))
    event = ChannelEvent(kind, key, channel, "stub", datetime.now(UTC), **fields)  # type: ignore[arg-type]
    blind = SEALER.blind(channel, event.address) if event.address else None
    request_id = new_id()
    with rooms.engine.begin() as connection:
        query(
            rooms.engine,
            "insert into request (id, source, sha256, headers, body, state)"
            " values (:id, 'meta', :sha, '', '', 'parsed')",
            id=request_id,
            sha=request_id.bytes,
        )
        keep_channel_events(
            connection,
            SEALER,
            [NewChannelEvent(request_id, f"{channel}:stub", key, kind.value, event.to_json(), blind)],
        )
    return str(observe.drain(rooms))


def test_an_event_becomes_one_message_on_the_first_channel(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, reminder(phone="+34600111222"))
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.channel, leg.lane, leg.why) == ("sent", "whatsapp", "bulk", "rule payment_reminder")
    assert [to for _, to, _ in whatsapp.sent] == ["+34600111222"]


def test_routing_the_same_event_twice_tells_nobody_twice(rooms: Rooms) -> None:
    keep(rooms.engine, order())
    route.drain(rooms)
    query(rooms.engine, "update inbox set state = 'new'")
    route.drain(rooms)
    assert len(legs(rooms.engine)) == 1


def test_one_event_that_cannot_be_routed_does_not_keep_the_others_from_it(rooms: Rooms) -> None:
    broken = reminder()
    del broken["data"]["invoice"]["amount_due"]
    keep(rooms.engine, broken)
    keep(rooms.engine, order())
    route.drain(rooms)
    states = query(rooms.engine, "select type, state, failures from inbox order by id")
    assert [tuple(row) for row in states] == [
        ("odoo.invoice.payment_reminder", "new", 1),
        ("odoo.sale.order_confirmed", "done", 0),
    ]


def test_an_event_that_fails_five_times_is_dead_and_told(rooms: Rooms) -> None:
    broken = reminder()
    del broken["data"]["invoice"]["amount_due"]
    keep(rooms.engine, broken)
    for _ in range(5):
        query(rooms.engine, "update inbox set next_at = clock_timestamp()")
        route.drain(rooms)
    assert query(rooms.engine, "select state from inbox")[0].state == "dead"
    assert query(rooms.engine, "select kind from notice")[0].kind == "dead"


def test_a_number_that_is_not_on_whatsapp_falls_back_to_email_and_is_remembered(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    whatsapp.answers = [NOT_ON_WHATSAPP]
    keep(rooms.engine, reminder(7))
    send_everything(rooms)
    first, second = legs(rooms.engine)
    assert (first.state, first.reason) == ("failed", "131026")
    assert (second.state, second.role, second.why) == ("sent", "fallback", "fallback, when WhatsApp fails")
    until = query(rooms.engine, "select unreachable_until from contact_point where channel = 'whatsapp'")[0][0]
    assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)
    again = reminder(7)
    again["id"] = "another"
    keep(rooms.engine, again)
    send_everything(rooms)
    assert len(whatsapp.sent) == 1
    assert len(email.sent) == 2


def test_retry_after_sets_the_next_try_and_charges_nothing(rooms: Rooms, whatsapp: StubChannel) -> None:
    slow_down = Fault(Verdict.TRANSIENT, "130429", "too fast", Pace.THROTTLED, timedelta(seconds=7))
    whatsapp.answers = [slow_down, Receipt("wamid.1", datetime.now(UTC))]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.tries, leg.attempts) == ("queued", 0, 1)
    assert timedelta(seconds=5) < leg.next_at - datetime.now(UTC) <= timedelta(seconds=7)


def test_an_unknown_outcome_is_neither_repeated_nor_replaced(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    whatsapp.answers = [Fault(Verdict.UNKNOWN, "timeout", "no answer")]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert leg.state == "unknown"
    assert len(whatsapp.sent) == 1
    assert email.sent == []


def test_a_receipt_with_our_id_settles_an_unknown_message(rooms: Rooms, whatsapp: StubChannel) -> None:
    whatsapp.answers = [Fault(Verdict.UNKNOWN, "timeout", "no answer")]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    tell(rooms, EventKind.DELIVERED, attempt_id=whatsapp.sent[0][2], provider_id="wamid.9")
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.provider_id) == ("delivered", "wamid.9")


@pytest.mark.parametrize(
    "order_of_receipts",
    [("sent", "delivered", "read"), ("read", "delivered", "sent"), ("delivered", "read", "delivered", "sent")],
    ids=" ".join,
)
def test_receipts_in_any_order_end_at_read(
    rooms: Rooms, whatsapp: StubChannel, order_of_receipts: tuple[str, ...]
) -> None:
    keep(rooms.engine, reminder())
    send_everything(rooms)
    provider_id = legs(rooms.engine)[0].provider_id
    for number, kind in enumerate(order_of_receipts):
        tell(rooms, EventKind(kind), provider_id=provider_id, key=f"{kind}:{number}")
    (leg,) = legs(rooms.engine)
    assert leg.state == "read"
    assert None not in (leg.sent_at, leg.delivered_at, leg.read_at)


def test_a_receipt_that_overtakes_the_answer_is_not_undone_by_it(rooms: Rooms, whatsapp: StubChannel) -> None:
    def deliver_first(_to: str, key: UUID) -> Receipt:
        tell(rooms, EventKind.DELIVERED, attempt_id=key, provider_id="wamid.7")
        return Receipt("wamid.7", datetime.now(UTC))

    whatsapp.answers = [deliver_first]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.provider_id) == ("delivered", "wamid.7")


def test_a_receipt_for_an_id_that_is_not_known_yet_is_parked_and_applied_later(rooms: Rooms) -> None:
    assert "parked" in tell(rooms, EventKind.DELIVERED, provider_id="wamid.early")
    keep(rooms.engine, reminder())
    rooms.channels.at(WHATSAPP, None).answers = [Receipt("wamid.early", datetime.now(UTC))]  # type: ignore[union-attr,arg-type]
    send_everything(rooms)
    query(rooms.engine, "update inbox set next_at = clock_timestamp() where state = 'parked'")
    observe.drain(rooms)
    assert legs(rooms.engine)[0].state == "delivered"


def test_a_failed_receipt_starts_the_fallback_and_a_late_delivery_cancels_it(rooms: Rooms) -> None:
    keep(rooms.engine, reminder())
    send_everything(rooms)
    provider_id = legs(rooms.engine)[0].provider_id
    tell(rooms, EventKind.FAILED, provider_id=provider_id, fault=NOT_ON_WHATSAPP)
    first, second = legs(rooms.engine)
    assert (first.state, first.reason, second.state) == ("failed", "131026", "queued")
    tell(rooms, EventKind.DELIVERED, provider_id=provider_id)
    first, second = legs(rooms.engine)
    assert (first.state, second.state, second.reason) == ("delivered", "cancelled", "delivered_after_all")


def test_a_late_delivery_marks_a_fallback_that_has_left_as_a_possible_duplicate(rooms: Rooms) -> None:
    keep(rooms.engine, reminder())
    send_everything(rooms)
    provider_id = legs(rooms.engine)[0].provider_id
    tell(rooms, EventKind.FAILED, provider_id=provider_id, fault=NOT_ON_WHATSAPP)
    send_everything(rooms)
    tell(rooms, EventKind.DELIVERED, provider_id=provider_id)
    first, second = legs(rooms.engine)
    assert (first.state, second.state, second.possible_duplicate) == ("delivered", "sent", True)


def test_a_reply_is_kept_beside_the_message_that_it_answers(rooms: Rooms) -> None:
    keep(rooms.engine, reminder(phone="+34600111333"))
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    tell(rooms, EventKind.REPLIED, address="+34600111333", text="I paid yesterday", key="wamid.in")
    (reply,) = query(rooms.engine, "select * from reply")
    assert (reply.message_id, reply.kind, reply.company) == (leg.id, "text", "1")
    assert SEALER.open_text(reply.content, "reply.content") == "I paid yesterday"


def test_an_opt_out_suppresses_what_waits_and_falls_back_to_another_channel(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    keep(rooms.engine, reminder(phone="+34600111444"))
    send_everything(rooms)
    keep(rooms.engine, order(phone="+34600111444", partner_id=1), reminder(phone="+34600111444", partner_id=1))
    route.drain(rooms)
    tell(rooms, EventKind.OPTED_OUT, address="+34600111444", text="STOP")
    send_everything(rooms)
    assert len(whatsapp.sent) == 1
    assert len(email.sent) == 2
    assert {leg.state for leg in legs(rooms.engine)} == {"sent", State.SUPPRESSED}


def test_messages_to_one_person_leave_in_the_order_in_which_they_were_written(
    rooms: Rooms, whatsapp: StubChannel
) -> None:
    for _ in range(5):
        keep(rooms.engine, reminder(phone="+34600111555", partner_id=5))
    send_everything(rooms)
    assert [key for _, _, key in whatsapp.sent] == sorted(key for _, _, key in whatsapp.sent)
    written = [leg.id for leg in legs(rooms.engine)]
    attempts = query(rooms.engine, "select message_id from attempt order by started_at")
    assert [row.message_id for row in attempts] == written


def test_a_stale_message_expires_and_no_fallback_is_sent_in_its_place(
    make_rooms: Callable[..., Rooms], whatsapp: StubChannel, email: StubChannel
) -> None:
    clock = FixedClock()
    rooms = make_rooms(whatsapp, email, clock=clock)
    keep(rooms.engine, reminder())
    route.drain(rooms)
    clock.time += timedelta(days=4)
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.reason, whatsapp.sent, email.sent) == ("expired", "not_after", [], [])


def test_the_hourly_ceiling_holds_the_excess_and_tells_the_operator(
    make_rooms: Callable[..., Rooms], whatsapp: StubChannel
) -> None:
    rooms = make_rooms(whatsapp, hourly_ceiling=3)
    keep(rooms.engine, *[reminder() for _ in range(5)])
    send_everything(rooms)
    assert sorted(leg.state for leg in legs(rooms.engine)) == ["held", "held", "sent", "sent", "sent"]
    assert query(rooms.engine, "select kind from notice")[0].kind == "ceiling"
    assert query(rooms.engine, "select attempts from sent_hour")[0].attempts == 3


@pytest.mark.parametrize(
    ("scope", "value"),
    [("all", ""), ("company", "1"), ("channel", "whatsapp"), ("class", "payment_reminder")],
    ids=lambda value: value or "everything",
)
def test_a_pause_stops_messages_when_they_would_be_claimed(
    rooms: Rooms, whatsapp: StubChannel, scope: str, value: str
) -> None:
    keep(rooms.engine, reminder())
    route.drain(rooms)
    query(rooms.engine, "insert into pause (scope, value) values (:scope, :value)", scope=scope, value=value)
    send_everything(rooms)
    assert whatsapp.sent == []
    query(rooms.engine, "delete from pause")
    send_everything(rooms)
    assert len(whatsapp.sent) == 1


def test_in_shadow_mode_everything_is_written_and_nothing_leaves(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    query(rooms.engine, "insert into sending_mode (company, channel, mode) values ('1', 'whatsapp', 'shadow')")
    keep(rooms.engine, reminder())
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.reason, leg.content is not None) == ("suppressed", "shadow", True)
    assert whatsapp.sent == email.sent == []


def test_a_stopped_sender_is_told_and_its_messages_wait(rooms: Rooms, whatsapp: StubChannel) -> None:
    whatsapp.answers = [Fault(Verdict.SENDER_STOPPED, "131031", "account locked")]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    keep(rooms.engine, reminder())
    query(rooms.engine, "update message_log set next_at = clock_timestamp()")
    send_everything(rooms)
    assert len(whatsapp.sent) == 1
    assert {leg.state for leg in legs(rooms.engine)} == {"queued"}
    assert query(rooms.engine, "select kind from notice")[0].kind == "circuit"


def test_nothing_personal_stands_in_the_tables_in_clear(rooms: Rooms) -> None:
    keep(rooms.engine, reminder(phone="+34600111666", email="secret@example.com", name="Zebulon Quist"))
    send_everything(rooms)
    tell(rooms, EventKind.REPLIED, address="+34600111666", text="private words")
    tables = query(rooms.engine, "select tablename from pg_tables where schemaname = 'public'")
    for (table,) in tables:
        dump = str(query(rooms.engine, f"select t::text, * from {table} t")).lower()
        for secret in ("600111666", "secret@example.com", "zebulon", "private words"):
            assert secret not in dump, table
            assert secret.encode().hex() not in dump, table
