"""From a message's move to a callback that a receiver took, on the real database."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelName, Fault, Pace, Receipt, Verdict
from postroom.domain.messages import Urgency
from postroom.store.callbacks import Receiver, add_receiver, remove_receiver
from postroom.store.dead_letters import Told, dead_letters, ended_about, ended_since, replay, standings
from scheduler import ticker
from tests.builders import SEALER, StubChannel, keep, order, query
from workers.tasks import call_back, deliver, route
from workers.wiring import Rooms

WHATSAPP, EMAIL, CALLBACK = ChannelName.WHATSAPP, ChannelName.EMAIL, ChannelName.CALLBACK
URL = "https://erp.example.com/postroom?token=t"
DOWN = Fault(Verdict.TRANSIENT, "http_503", "down", Pace.RECEIVER)
GONE = Fault(Verdict.FALLBACK, "http_410", "gone")


@pytest.fixture
def receiving() -> StubChannel:
    return StubChannel(CALLBACK)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], receiving: StubChannel) -> Rooms:
    return make_rooms(StubChannel(WHATSAPP), StubChannel(EMAIL), receiving)


def receiver_at(rooms: Rooms, url: str = URL, company: str = "1") -> Receiver:
    with rooms.engine.begin() as connection:
        return add_receiver(connection, SEALER, company, url)[0]


def send(rooms: Rooms, *events: dict[str, Any]) -> None:
    """A message goes all the way to its provider."""
    keep(rooms.engine, *events or (order(),))
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)


def tell(rooms: Rooms) -> None:
    """Callbacks are written, and leave."""
    call_back.relay(rooms)
    deliver.drain(rooms, CALLBACK, Urgency.NORMAL)


def due_now(rooms: Rooms) -> None:
    query(rooms.engine, "update message_log set next_at = clock_timestamp() where channel = 'callback'")


def told(channel: StubChannel, to: str = URL) -> list[dict[str, Any]]:
    return [json.loads(rendered.text) for rendered, url, _ in channel.sent if url == to]


def changes(rooms: Rooms) -> Sequence[Any]:
    return query(rooms.engine, "select * from status_change order by id")


def callbacks(rooms: Rooms) -> Sequence[Any]:
    return query(rooms.engine, "select * from message_log where channel = 'callback' order by id")


# The trigger ----------------------------------------------------------------------------------------------------------


def test_every_move_that_means_something_outside_is_written_with_the_move(rooms: Rooms) -> None:
    receiver_at(rooms)
    send(rooms)
    assert [(row.state, row.reason) for row in changes(rooms)] == [("queued", None), ("sent", None)]


def test_nothing_is_written_for_a_company_that_nobody_listens_to(rooms: Rooms) -> None:
    removed = receiver_at(rooms)
    receiver_at(rooms, company="2")
    with rooms.engine.begin() as connection:
        remove_receiver(connection, removed.id)
    send(rooms)
    assert changes(rooms) == []


def test_a_move_that_was_undone_was_never_told(rooms: Rooms) -> None:
    receiver_at(rooms)
    send(rooms)
    with rooms.engine.connect() as connection:
        connection.exec_driver_sql("update message_log set state = 'read'")
        connection.rollback()
    assert [row.state for row in changes(rooms)] == ["queued", "sent"]


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        ("queued", "claimed", False),
        ("claimed", "sending", False),
        ("sending", "queued", False),
        ("claimed", "queued", False),
        ("claimed", "held", True),
        ("held", "queued", True),
        ("failed", "queued", True),
        ("sending", "unknown", True),
        ("unknown", "failed", True),
        ("sent", "delivered", True),
        ("delivered", "delivered", False),
    ],
)
def test_only_moves_between_states_that_others_know_are_heard(
    rooms: Rooms, before: str, after: str, heard: bool
) -> None:
    receiver_at(rooms)
    send(rooms)
    query(rooms.engine, "update message_log set state = :state", state=before)
    query(rooms.engine, "delete from status_change")
    query(rooms.engine, "update message_log set state = :state, reason = 'why'", state=after)
    assert [(row.state, row.reason) for row in changes(rooms)] == ([(after, "why")] if heard else [])


def test_no_callback_is_about_a_callback(rooms: Rooms) -> None:
    receiver_at(rooms)
    send(rooms)
    tell(rooms)
    assert {row.state for row in callbacks(rooms)} == {"sent"}
    assert len(changes(rooms)) == 2


# The relay ------------------------------------------------------------------------------------------------------------


def test_a_receiver_is_told_in_order_and_without_a_gap(rooms: Rooms, receiving: StubChannel) -> None:
    receiver_at(rooms)
    send(rooms, *[order() for _ in range(20)])
    tell(rooms)
    bodies = told(receiving)
    assert [body["sequence"] for body in bodies] == list(range(1, 41))
    assert [body["type"] for body in bodies[:1] + bodies[-1:]] == ["postroom.message.queued", "postroom.message.sent"]
    assert len({body["id"] for body in bodies}) == 40


def test_a_callback_says_which_message_and_event_and_nothing_personal(rooms: Rooms, receiving: StubChannel) -> None:
    receiver_at(rooms)
    event = order(88, phone="+34600777888", email="secret@example.com", name="Zebulon Quist")
    send(rooms, event)
    tell(rooms)
    [leg] = query(rooms.engine, "select * from message_log where channel = 'whatsapp'")
    body = told(receiving)[-1]
    data = body.pop("data")
    assert data == {
        "message_id": str(leg.id),
        "intent_id": str(leg.intent_id),
        "company": "1",
        "message_type": "order_confirmation",
        "channel": "whatsapp",
        "state": "sent",
        "reason": None,
        "about": "sale.order:88",
        "event": {"id": event["id"], "source": "/odoo/test", "type": "odoo.sale.order_confirmed"},
    }
    assert (body["subject"], body["source"], body["specversion"]) == (str(leg.id), "/postroom/1", "1.0")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(body["time"])) < timedelta(minutes=1)
    everything = json.dumps([json.loads(rendered.text) for rendered, _, _ in receiving.sent]).lower()
    assert not any(word in everything for word in ("600777888", "secret@", "zebulon"))


def test_each_receiver_counts_for_itself_and_hears_of_its_own_company_only(
    rooms: Rooms, receiving: StubChannel
) -> None:
    other_company = order()
    other_company["data"]["company"]["id"] = 2
    receiver_at(rooms), receiver_at(rooms, "https://b.example/"), receiver_at(rooms, "https://c.example/", "2")
    send(rooms)
    tell(rooms)
    send(rooms, other_company)
    tell(rooms)
    heard = {url: [body["sequence"] for body in told(receiving, url)] for _, url, _ in receiving.sent}
    assert heard == {URL: [1, 2], "https://b.example/": [1, 2], "https://c.example/": [1, 2]}
    assert {body["source"] for body in told(receiving, "https://c.example/")} == {"/postroom/2"}


def test_many_who_relay_at_once_write_each_callback_once(rooms: Rooms, receiving: StubChannel) -> None:
    receiver_at(rooms)
    send(rooms, *[order() for _ in range(30)])
    crowd = [Thread(target=call_back.relay, args=(rooms,)) for _ in range(5)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    tell(rooms)
    assert [body["sequence"] for body in told(receiving)] == list(range(1, 61))


def test_the_ticker_relays_and_hints(rooms: Rooms) -> None:
    receiver_at(rooms)
    send(rooms)
    ticker.relay_status(rooms)
    assert ticker.relay_status in ticker.STEPS
    assert ("deliver", ("callback", "normal"), "callback.normal") in rooms.hints.published.messages  # type: ignore[attr-defined]
    assert [row.state for row in callbacks(rooms)] == ["queued", "queued"]
    assert all(row.relayed_at for row in changes(rooms))


def test_callbacks_do_not_count_against_the_hourly_ceiling(
    make_rooms: Callable[..., Rooms], receiving: StubChannel
) -> None:
    rooms = make_rooms(StubChannel(WHATSAPP), receiving, hourly_ceiling=3)
    receiver_at(rooms)
    send(rooms, *[order() for _ in range(3)])
    tell(rooms)
    assert len(told(receiving)) == 6
    assert query(rooms.engine, "select attempts from sent_hour")[0].attempts == 3


# Receivers that fail --------------------------------------------------------------------------------------------------


def test_a_receiver_that_fails_blocks_itself_and_nobody_else(rooms: Rooms, receiving: StubChannel) -> None:
    receiver_at(rooms), receiver_at(rooms, "https://b.example/")
    receiving.answers = [_down_at(URL)]
    send(rooms)
    tell(rooms)
    assert [body["sequence"] for body in told(receiving)] == [1]
    assert [body["sequence"] for body in told(receiving, "https://b.example/")] == [1, 2]
    [waits, behind] = [row for row in callbacks(rooms) if row.state == "queued"]
    assert (waits.reason, waits.tries, behind.attempts) == ("http_503", 1, 0)
    assert timedelta(seconds=3) < waits.next_at - datetime.now(UTC) <= timedelta(seconds=5.5)
    assert query(rooms.engine, "select * from circuit") == []


def _down_at(url: str) -> Callable[[str, UUID], Receipt]:
    from workers.channels.base import ChannelError

    def answer(to: str, key: UUID) -> Receipt:
        if to == url:
            raise ChannelError(DOWN)
        return Receipt(str(key), datetime.now(UTC))

    return answer


def test_a_repeat_bears_the_same_id_and_the_same_number(rooms: Rooms, receiving: StubChannel) -> None:
    receiver_at(rooms)
    receiving.answers = [DOWN, DOWN, Receipt("1", datetime.now(UTC))]
    send(rooms)
    for _ in range(3):
        tell(rooms)
        due_now(rooms)
    tell(rooms)
    first, second, third, *_ = told(receiving)
    assert first == second == third
    assert [body["sequence"] for body in told(receiving)] == [1, 1, 1, 2]


def test_a_sender_that_died_with_a_callback_on_the_wire_leaves_it_at_the_head_of_the_line(
    rooms: Rooms, receiving: StubChannel
) -> None:
    receiver_at(rooms)
    send(rooms)
    call_back.relay(rooms)
    first = callbacks(rooms)[0]
    query(
        rooms.engine,
        "update message_log set state = 'sending', attempts = 1, lease_until = clock_timestamp() where id = :id",
        id=first.id,
    )
    ticker.sweep_leases(rooms)
    assert [(row.state, row.reason) for row in callbacks(rooms)] == [("queued", "lease"), ("queued", None)]
    tell(rooms)
    assert [body["sequence"] for body in told(receiving)] == [1, 2]


def _die(rooms: Rooms, receiving: StubChannel) -> Receiver:
    """Two callbacks of a receiver are given up."""
    receiver = receiver_at(rooms)
    receiving.answers = [DOWN]
    send(rooms)
    call_back.relay(rooms)
    for _ in range(2):
        query(rooms.engine, "update message_log set tries = 9, next_at = clock_timestamp() where state = 'queued'")
        deliver.drain(rooms, CALLBACK, Urgency.NORMAL)
    return receiver


def test_after_the_whole_schedule_a_callback_is_dead_told_once_and_the_next_goes_on(
    rooms: Rooms, receiving: StubChannel
) -> None:
    receiver = _die(rooms, receiving)
    assert [row.state for row in callbacks(rooms)] == ["failed", "failed"]
    [notice] = query(rooms.engine, "select * from notice")
    assert (notice.key, notice.times) == (f"callback:{receiver.id}", 2)
    assert f"postroom callbacks replay {receiver.id} --dead" in notice.text
    receiving.answers = []
    send(rooms)
    tell(rooms)
    assert [body["sequence"] for body in told(receiving)[-2:]] == [3, 4]


def test_a_receiver_that_answers_gone_is_removed_and_its_line_withdrawn(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = receiver_at(rooms)
    receiving.answers = [GONE]
    send(rooms)
    tell(rooms)
    assert [(row.state, row.reason) for row in callbacks(rooms)] == [
        ("failed", "http_410"),
        ("cancelled", "receiver_removed"),
    ]
    assert [row.key for row in query(rooms.engine, "select key from notice")] == [f"callback:{receiver.id}:gone"]
    send(rooms)
    assert len(changes(rooms)) == 2


def test_a_receiver_that_comes_back_goes_on_with_its_next_number(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = receiver_at(rooms)
    send(rooms)
    tell(rooms)
    with rooms.engine.begin() as connection:
        assert remove_receiver(connection, receiver.id) == 0
        assert remove_receiver(connection, receiver.id) is None
        assert add_receiver(connection, SEALER, "1", URL) == (
            Receiver(receiver.id, "1", URL, sequence=2),
            False,
        )
    send(rooms)
    tell(rooms)
    assert [body["sequence"] for body in told(receiving)] == [1, 2, 3, 4]


# How they stand -------------------------------------------------------------------------------------------------------


def test_dead_letters_are_listed_in_order_and_counted(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = _die(rooms, receiving)
    with rooms.engine.connect() as connection:
        dead = dead_letters(connection, SEALER)
        [standing] = standings(connection, SEALER)
    assert [(each.sequence, each.reason, each.receiver_id) for each in dead] == [
        (1, "http_503", receiver.id),
        (2, "http_503", receiver.id),
    ]
    assert (standing.dead, standing.waiting, standing.receiver.sequence) == (2, 0, 2)


def test_urls_of_receivers_are_sealed(rooms: Rooms) -> None:
    receiver_at(rooms, "https://hidden.example/token-of-theirs")
    send(rooms)
    tell(rooms)
    for table in ("callback_receiver", "contact_point", "message_log", "inbox", "attempt", "notice"):
        dump = str(query(rooms.engine, f"select t::text, * from {table} t"))
        assert "hidden.example" not in dump
        assert b"hidden.example".hex() not in dump


# Once more ------------------------------------------------------------------------------------------------------------


def _replay(rooms: Rooms, receiver: Receiver, found: Callable[..., Sequence[Told]], *wanted: Any) -> int:
    with rooms.engine.begin() as connection:
        return replay(connection, SEALER, receiver, found(connection, SEALER, receiver.id, *wanted))


def test_a_replay_of_dead_letters_comes_at_the_end_with_its_own_number_and_id(
    rooms: Rooms, receiving: StubChannel
) -> None:
    receiver = _die(rooms, receiving)
    dead_ids = [body["id"] for body in told(receiving)]
    receiving.answers = []
    send(rooms)
    call_back.relay(rooms)
    assert _replay(rooms, receiver, dead_letters) == 2
    assert _replay(rooms, receiver, dead_letters) == 0
    deliver.drain(rooms, CALLBACK, Urgency.NORMAL)
    bodies = told(receiving)[2:]
    assert [body["sequence"] for body in bodies] == [3, 4, 1, 2]
    assert [body["id"] for body in bodies[2:]] == dead_ids
    assert query(rooms.engine, "select from notice where closed_at is null") == []


def test_a_dead_letter_that_dies_again_can_be_replayed_again(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = _die(rooms, receiving)
    for _ in range(2):
        assert _replay(rooms, receiver, dead_letters) == 2
        for _ in range(2):
            query(rooms.engine, "update message_log set tries = 9, next_at = clock_timestamp() where state = 'queued'")
            deliver.drain(rooms, CALLBACK, Urgency.NORMAL)
    with rooms.engine.connect() as connection:
        assert [each.sequence for each in dead_letters(connection, SEALER)] == [1, 2]


def test_what_was_taken_is_replayed_by_its_time_or_its_message(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = receiver_at(rooms)
    send(rooms, order(), order())
    tell(rooms)
    [message, _] = query(rooms.engine, "select id from message_log where channel = 'whatsapp' order by id")
    long_ago, soon = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    assert _replay(rooms, receiver, ended_since, soon) == 0
    assert _replay(rooms, receiver, ended_about, message.id) == 2
    deliver.drain(rooms, CALLBACK, Urgency.NORMAL)
    assert {body["subject"] for body in told(receiving)[4:]} == {str(message.id)}
    assert _replay(rooms, receiver, ended_since, long_ago) == 4
    deliver.drain(rooms, CALLBACK, Urgency.NORMAL)
    assert [body["sequence"] for body in told(receiving)[6:]] == [1, 2, 3, 4]


def test_what_still_waits_is_not_replayed(rooms: Rooms, receiving: StubChannel) -> None:
    receiver = receiver_at(rooms)
    send(rooms)
    call_back.relay(rooms)
    assert _replay(rooms, receiver, ended_since, datetime.now(UTC) - timedelta(hours=1)) == 0
