"""What an operator can ask and do, on the real database."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary

from postroom.cli.finding import moment
from postroom.cli.telling import Moment, in_one_sentence, next_step
from postroom.domain.channels import ChannelName, Fault, Pace, Verdict
from postroom.domain.messages import State, Urgency
from postroom.store.listing import MessageFilter, events, messages
from postroom.store.lookup import Ambiguous, Kind, NotFound, find
from postroom.store.operators import NotRetried, retry, retryable
from postroom.store.resealing import SEALED, count_old, reseal
from postroom.store.safety import pause
from postroom.store.schema import metadata
from postroom.store.sealing import Sealer, SealingFault
from postroom.store.story import Story, tell_one
from tests.builders import NOT_ON_WHATSAPP, SEALER, FixedClock, StubChannel, keep, legs, order, query, reminder
from workers.tasks import deliver, route
from workers.wiring import Rooms

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
TOO_FAST = Fault(Verdict.TRANSIENT, "130429", "too fast", Pace.THROTTLED, retry_after=timedelta(seconds=7))
LOST = Fault(Verdict.UNKNOWN, "dropped", "the connection broke")


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


def story_of(rooms: Rooms, event_id: UUID) -> Story:
    with rooms.engine.connect() as connection:
        return tell_one(connection, SEALER, event_id)


def now_in(rooms: Rooms) -> Moment:
    with rooms.engine.connect() as connection:
        return moment(connection)


def try_again(rooms: Rooms, message_id: UUID):
    with rooms.engine.begin() as connection:
        return retry(connection, retryable(connection, message_id, now=rooms.clock.now()))


# Stories --------------------------------------------------------------------------------------------------------------


def test_a_story_holds_the_event_the_plan_the_words_and_every_attempt(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    (event_id,) = keep(rooms.engine, reminder(name="Lucía Ortega", language="es_MX"))
    send_everything(rooms)

    story = story_of(rooms, event_id)

    first, second = story.legs
    assert story.type == "odoo.invoice.payment_reminder"
    assert [(leg.channel, leg.state, leg.language) for leg in story.legs] == [
        (WHATSAPP, State.FAILED, "es"),
        (EMAIL, State.SENT, "es"),
    ]
    assert [(each.outcome, each.code) for each in first.attempts] == [("rejected", "131026")]
    assert first.template is not None
    assert (first.template.name, first.template.version) == ("payment_reminder", 1)
    assert second.content is not None
    assert "Lucía Ortega" in second.content.text


def test_what_comes_next_names_the_time_the_code_and_the_try(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [TOO_FAST]
    (event_id,) = keep(rooms.engine, order())
    send_everything(rooms)
    story = story_of(rooms, event_id)
    (intent,) = story.intents

    told = next_step(story.legs[0], intent, now_in(rooms))

    until = story.legs[0].next_at.astimezone().strftime("%H:%M:%S")
    assert told == f"it waits until {until} after 130429; try 2 of 40"


def test_a_pause_is_what_comes_next_of_whatever_it_stops(rooms: Rooms):
    with rooms.engine.begin() as connection:
        pause(connection, "class", "payment_reminder")
    (event_id,) = keep(rooms.engine, reminder())
    send_everything(rooms)
    story = story_of(rooms, event_id)

    told = in_one_sentence(story.legs[0], story.intents[0], now_in(rooms))

    assert "postroom resume class payment_reminder" in told


def test_an_unknown_message_says_until_when_a_receipt_may_settle_it_and_then_what_to_do(
    rooms: Rooms, whatsapp: StubChannel
):
    whatsapp.answers = [LOST]
    (event_id,) = keep(rooms.engine, reminder())
    send_everything(rooms)
    story = story_of(rooms, event_id)
    (leg,), (intent,), now = story.legs, story.intents, now_in(rooms)

    during = next_step(leg, intent, now)
    after = next_step(leg, intent, replace(now, now=now.now + timedelta(minutes=6)))

    assert during.startswith("a receipt may settle it until")
    assert after == f"ask the receiver, or send it again: postroom messages retry {leg.id}"


# Finding and listing --------------------------------------------------------------------------------------------------


def test_a_message_is_found_by_its_id_its_beginning_its_event_and_the_cloudevents_id(rooms: Rooms):
    posted = order()
    (event_id,) = keep(rooms.engine, posted)
    route.drain(rooms)
    (leg,) = legs(rooms.engine)

    with rooms.engine.connect() as connection:
        by_id = find(connection, str(leg.id))
        by_beginning = find(connection, str(leg.id).upper()[:-4])
        by_event = find(connection, str(event_id))
        by_key = find(connection, posted["id"])

    assert by_id == by_beginning
    assert (by_id.kind, by_id.id, by_id.event_id) == (Kind.MESSAGE, leg.id, event_id)
    assert (by_event.kind, by_key.kind, by_event.id) == (Kind.EVENT, Kind.EVENT, by_key.id)


def test_a_beginning_that_several_things_share_is_told_with_them(rooms: Rooms):
    keep(rooms.engine, order(), order())
    route.drain(rooms)

    with rooms.engine.connect() as connection, pytest.raises(Ambiguous) as told:
        find(connection, str(legs(rooms.engine)[0].id)[:8])

    assert len(told.value.found) >= 2


@pytest.mark.parametrize("wanted", ["", "01", "zzzzzzzz", "'; drop table inbox; --", "0" * 40], ids=repr)
def test_what_is_no_id_is_found_nowhere(rooms: Rooms, wanted: str):
    with rooms.engine.connect() as connection, pytest.raises(NotFound):
        find(connection, wanted)


def test_messages_are_listed_by_whatever_narrows_them(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    keep(rooms.engine, reminder(phone="+34600000001", email="a@example.com"), order(phone="+34600000002", email=None))
    send_everything(rooms)

    def listed(**wanted: object) -> set[tuple[str, str]]:
        with rooms.engine.connect() as connection:
            found = messages(connection, SEALER, MessageFilter(**wanted), limit=10)  # type: ignore[arg-type]
        return {(row.channel.value, row.address) for row in found}

    one, two, mail = ("whatsapp", "+34600000001"), ("whatsapp", "+34600000002"), ("email", "a@example.com")
    assert listed() == {one, two, mail}
    assert listed(states=[State.FAILED]) == {one, two}
    assert listed(channels=[EMAIL]) == {mail}
    assert listed(message_type="order_confirmation") == {two}
    assert listed(addresses=[(WHATSAPP, "+34600000001")]) == {one}
    assert listed(company="2") == set()
    assert listed(since=datetime.now(UTC) + timedelta(minutes=1)) == set()


def test_events_are_listed_with_the_number_of_their_messages(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    keep(rooms.engine, reminder())
    send_everything(rooms)

    with rooms.engine.connect() as connection:
        (row,) = events(connection, limit=5, since=None, company="1")

    assert (row.type, row.state, row.messages) == ("odoo.invoice.payment_reminder", "done", 2)


# Retrying -------------------------------------------------------------------------------------------------------------


def test_a_retried_message_starts_its_budget_anew_and_calls_back_what_stood_in_for_it(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    keep(rooms.engine, reminder())
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.BULK)  # the email is written and has not left
    first, second = legs(rooms.engine)

    done = try_again(rooms, first.id)
    whatsapp.answers = []
    send_everything(rooms)

    first, second = legs(rooms.engine)
    assert (done.was, done.now, done.cancelled) == (State.FAILED, State.QUEUED, (second.id,))
    assert (first.state, first.tries, first.possible_duplicate) == ("sent", 1, False)
    assert (second.state, second.reason) == ("cancelled", "operator_retry")
    assert email.sent == []
    assert [row.what for row in query(rooms.engine, "select what from message_event")] == ["operator"]


def test_a_retry_after_the_fallback_has_left_is_flagged_as_a_possible_duplicate(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    first, _ = legs(rooms.engine)

    with rooms.engine.begin() as connection:
        looked_at = retryable(connection, first.id, now=rooms.clock.now())
        retry(connection, looked_at)

    assert looked_at.twice is True
    assert legs(rooms.engine)[0].possible_duplicate is True


def test_an_unknown_message_is_repeated_once_at_each_retry(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [LOST]
    keep(rooms.engine, reminder())
    send_everything(rooms)
    (leg,) = legs(rooms.engine)

    for _ in range(2):
        try_again(rooms, leg.id)
        send_everything(rooms)
        send_everything(rooms)

    assert len(whatsapp.sent) == 3
    assert legs(rooms.engine)[0].state == "unknown"


@pytest.mark.parametrize("state", sorted(set(State) - {State.FAILED, State.UNKNOWN}))
def test_in_every_other_state_a_retry_is_refused_and_nothing_changes(rooms: Rooms, state: State):
    keep(rooms.engine, reminder())
    route.drain(rooms)
    query(rooms.engine, "update message_log set state = :state", state=state.value)

    with pytest.raises(NotRetried):
        try_again(rooms, legs(rooms.engine)[0].id)

    assert legs(rooms.engine)[0].state == state.value


def test_a_stale_message_is_not_sent_again(make_rooms: Callable[..., Rooms]):
    clock = FixedClock()
    rooms = make_rooms(StubChannel(WHATSAPP, NOT_ON_WHATSAPP), StubChannel(EMAIL), clock=clock)
    keep(rooms.engine, reminder())
    send_everything(rooms)
    clock.time += timedelta(days=4)

    with pytest.raises(NotRetried, match="stale since"):
        try_again(rooms, legs(rooms.engine)[0].id)


# Keys -----------------------------------------------------------------------------------------------------------------

NOT_SEALED = {"sha256", "config_sha256", "digest", "blind", "contact_blind", "email_blind"}


def test_every_sealed_column_is_rotated():
    columns = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in NOT_SEALED
    }

    assert {(each.table, each.column) for each in SEALED} == columns


def key(letter: str) -> str:
    return f"{letter}=" + base64.b64encode(letter.encode() * 32).decode()


def test_rotating_moves_everything_to_the_new_key_and_the_old_one_can_go(rooms: Rooms, whatsapp: StubChannel):
    whatsapp.answers = [NOT_ON_WHATSAPP]
    old = "k1=" + base64.b64encode(bytes(32)).decode()
    (event_id, *_) = keep(rooms.engine, *(reminder() for _ in range(450)))
    send_everything(rooms)
    sealer = Sealer(f"{key('n')} {old}", "blind")
    before = count_old(rooms.engine, sealer)

    moved = {column: sum(reseal(rooms.engine, sealer, column)) for column in SEALED}

    alone = Sealer(key("n"), "blind")
    assert sum(before.values()) > 450 * 5
    assert moved == before
    assert not any(count_old(rooms.engine, sealer).values())
    with rooms.engine.connect() as connection:
        assert len(tell_one(connection, alone, event_id).legs) == 2


def test_rotating_stops_at_a_value_whose_key_is_gone_and_goes_on_from_there(rooms: Rooms):
    keep(rooms.engine, reminder())
    inbox = next(column for column in SEALED if column.place == "inbox.payload")
    without = Sealer(key("n"), "blind")

    with pytest.raises(SealingFault, match="'k1', which SEALING_KEYS does not hold"):
        list(reseal(rooms.engine, without, inbox))

    found = Sealer(f"{key('n')} k1=" + base64.b64encode(bytes(32)).decode(), "blind")
    assert list(reseal(rooms.engine, found, inbox)) == [1]
