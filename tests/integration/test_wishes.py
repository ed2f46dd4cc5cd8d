"""What people wish, kept from routing to sending: hours, muted messages, preferred channels, and consent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Fault, Verdict
from postroom.domain.messages import Urgency
from postroom.domain.preferences import Choice
from postroom.domain.quiet_hours import ALWAYS
from postroom.domain.safety import Mode
from postroom.store import consents, sweeps
from postroom.store.clock import SharedClock, set_pace
from postroom.store.consents import Consent, record_consents
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from postroom.store.preferences import NewChoice, choose
from postroom.store.safety import set_mode
from tests.builders import SEALER, FixedClock, StubChannel, keep, legs, order, query, reminder
from workers.tasks import deliver, observe, route
from workers.wiring import Rooms

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
SUNDAY_EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # the later of Madrid's and the Canaries' nine o'clock
PHONE = "+34600111222"


@pytest.fixture
def whatsapp() -> StubChannel:
    return StubChannel(WHATSAPP)


@pytest.fixture
def email() -> StubChannel:
    return StubChannel(EMAIL)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(SUNDAY_EVENING)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], whatsapp: StubChannel, email: StubChannel, clock: FixedClock) -> Rooms:
    """Rooms of a company that is live and asks nobody for an opt-in."""
    made = make_rooms(whatsapp, email, clock=clock)
    with made.engine.begin() as connection:
        for channel in (WHATSAPP, EMAIL):
            set_mode(connection, "1", channel, Mode.LIVE)
    return with_practice(made, opt_in_required=frozenset())


def with_practice(rooms: Rooms, **changes: object) -> Rooms:
    companies = rooms.book.companies
    default = replace(companies.default, **changes)  # type: ignore[arg-type]
    return replace(rooms, book=replace(rooms.book, companies=replace(companies, default=default)))


def send_everything(rooms: Rooms) -> None:
    route.drain(rooms)
    for channel in (WHATSAPP, EMAIL):
        for lane in Urgency:
            deliver.drain(rooms, channel, lane)


def told(rooms: Rooms) -> list[tuple[str, str, str | None]]:
    return [(leg.channel, leg.state, leg.reason) for leg in legs(rooms.engine)]


def chose(rooms: Rooms, partner: int, *choices: tuple[str, str, Choice]) -> None:
    with rooms.engine.begin() as connection:
        choose(connection, "1", f"partner:{partner}", [NewChoice(*each) for each in choices], source="cli")


# Hours ----------------------------------------------------------------------------------------------------------------


def test_a_reminder_on_sunday_evening_waits_for_monday_by_its_receivers_clock(
    rooms: Rooms, whatsapp: StubChannel, clock: FixedClock
) -> None:
    keep(rooms.engine, reminder(phone=PHONE))
    send_everything(rooms)
    (leg,) = legs(rooms.engine)
    assert (leg.state, leg.reason, leg.zones) == ("held", "quiet_hours", "Atlantic/Canary Europe/Madrid")
    assert abs(leg.next_at - datetime.now(UTC) - (MONDAY - SUNDAY_EVENING)) < timedelta(minutes=1)
    assert leg.budget_from == leg.next_at
    assert whatsapp.sent == []

    clock.time = MONDAY
    query(rooms.engine, "update message_log set next_at = clock_timestamp()")
    sweeps.sweep(rooms.engine, now=clock.now(), window=timedelta(minutes=5))
    send_everything(rooms)
    assert [to for _, to, _ in whatsapp.sent] == [PHONE]


def test_a_message_that_was_held_over_the_weekend_still_has_its_whole_budget_for_retries(
    rooms: Rooms, whatsapp: StubChannel, clock: FixedClock
) -> None:
    clock.time = SUNDAY_EVENING - timedelta(days=1)
    keep(rooms.engine, reminder(phone=PHONE))
    send_everything(rooms)
    weekend = MONDAY - clock.time
    whatsapp.answers = [Fault(Verdict.TRANSIENT, "131016", "service unavailable")]
    clock.time = MONDAY
    query(
        rooms.engine,
        "update message_log set state = 'queued', created_at = created_at - cast(:gap as interval),"
        " next_at = next_at - cast(:gap as interval), budget_from = budget_from - cast(:gap as interval)",
        gap=weekend,
    )
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "queued", "131016")]


def test_a_confirmation_waits_for_no_hour(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, order(phone=PHONE))
    send_everything(rooms)
    assert len(whatsapp.sent) == 1
    assert legs(rooms.engine)[0].zones is None


def test_the_zone_that_odoo_knows_counts_more_than_the_number(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, reminder(phone=PHONE, timezone="Pacific/Auckland"))
    send_everything(rooms)
    assert len(whatsapp.sent) == 1, "in Auckland it is Monday morning"


def test_in_the_sandbox_nothing_waits_unless_that_is_rehearsed(rooms: Rooms, whatsapp: StubChannel) -> None:
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", WHATSAPP, Mode.SANDBOX)
    keep(rooms.engine, reminder(phone=PHONE))
    send_everything(with_practice(rooms, hours_in_sandbox=False))
    assert len(whatsapp.sent) == 1
    keep(rooms.engine, reminder(phone=PHONE))
    send_everything(with_practice(rooms, hours_in_sandbox=True))
    assert len(whatsapp.sent) == 1


def test_a_new_pace_of_the_clock_lets_everything_look_again_that_waits_for_an_hour(rooms: Rooms) -> None:
    keep(rooms.engine, reminder(phone=PHONE))
    send_everything(rooms)
    shared = SharedClock(rooms.engine)
    set_pace(rooms.engine, shared, 3600.0, start=MONDAY)
    (leg,) = legs(rooms.engine)
    assert leg.next_at <= datetime.now(UTC)
    fresh = SharedClock(rooms.engine)
    assert abs(fresh.real(MONDAY + timedelta(hours=1)) - datetime.now(UTC)) < timedelta(seconds=10)


# Choices --------------------------------------------------------------------------------------------------------------


def test_what_somebody_muted_takes_its_fallback_when_it_is_routed(rooms: Rooms, email: StubChannel) -> None:
    chose(rooms, 7, ("order_confirmation", "whatsapp", Choice.OFF))
    keep(rooms.engine, order(7))
    send_everything(rooms)
    assert told(rooms) == [("email", "sent", None)]
    plan = query(rooms.engine, "select plan from intent")[0].plan
    assert plan["skipped"][0]["why"] == "skipped, the recipient muted order_confirmation here"


def test_what_is_muted_between_routing_and_sending_takes_its_fallback_too(rooms: Rooms) -> None:
    keep(rooms.engine, order(7))
    route.drain(rooms)
    chose(rooms, 7, ("*", "whatsapp", Choice.OFF))
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "suppressed", "muted"), ("email", "sent", None)]


def test_a_payment_reminder_cannot_be_muted_by_a_word_on_everything(rooms: Rooms, clock: FixedClock) -> None:
    clock.time = MONDAY
    chose(rooms, 7, ("*", "*", Choice.OFF))
    keep(rooms.engine, reminder(7))
    send_everything(rooms)
    assert told(rooms) == [("whatsapp", "sent", None)]


def test_a_preferred_channel_goes_first_and_the_usual_one_stands_behind_it(rooms: Rooms, email: StubChannel) -> None:
    email.answers = [Fault(Verdict.FALLBACK, "550", "no such mailbox")]
    chose(rooms, 7, ("order_confirmation", "email", Choice.PREFERRED))
    keep(rooms.engine, order(7))
    send_everything(rooms)
    send_everything(rooms)
    assert told(rooms) == [("email", "failed", "550"), ("whatsapp", "sent", None)]


# Consent --------------------------------------------------------------------------------------------------------------


def test_without_an_opt_in_nobody_real_is_written_to_on_whatsapp_and_email_takes_over(rooms: Rooms) -> None:
    strict = with_practice(rooms, opt_in_required=frozenset({WHATSAPP}), hours=ALWAYS)
    keep(strict.engine, order(7))
    send_everything(strict)
    assert told(strict) == [("whatsapp", "suppressed", "no_opt_in"), ("email", "sent", None)]


def test_with_an_opt_in_he_is(rooms: Rooms) -> None:
    strict = with_practice(rooms, opt_in_required=frozenset({WHATSAPP}), hours=ALWAYS)
    said(strict, WHATSAPP, PHONE, granted=True)
    keep(strict.engine, order(7, phone=PHONE))
    send_everything(strict)
    assert told(strict) == [("whatsapp", "sent", None)]


def said(rooms: Rooms, channel: ChannelName, address: str, *, granted: bool) -> None:
    word = Consent("1", channel, SEALER.blind(channel, address), granted, "import:test", "I agree")
    with rooms.engine.begin() as connection:
        record_consents(connection, [word])


@pytest.mark.parametrize("channel", ChannelName)
def test_an_opt_out_is_honoured_on_every_channel_at_the_last_moment(
    make_rooms: Callable[..., Rooms], channel: ChannelName
) -> None:
    stub = StubChannel(channel)
    rooms = make_rooms(stub)
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", channel, Mode.LIVE)
    leg = queued(rooms, channel)
    query(
        rooms.engine,
        "insert into consent (id, company, channel, blind, granted, source)"
        " select gen_random_uuid(), company, channel, blind, false, 'cli' from contact_point where channel = :channel",
        channel=channel.value,
    )
    deliver.drain(rooms, channel, Urgency.NORMAL)
    (after,) = query(rooms.engine, "select state, reason from message_log where id = :id", id=leg)
    assert tuple(after) == ("suppressed", "opted_out")
    assert stub.sent == []


def queued(rooms: Rooms, channel: ChannelName) -> UUID:
    """A leg on this channel, as routing writes them: an email's, moved there."""
    keep(rooms.engine, order(phone=None))
    route.drain(rooms)
    query(rooms.engine, "update contact_point set channel = :channel", channel=channel.value)
    query(rooms.engine, "update message_log set channel = :channel", channel=channel.value)
    (leg,) = legs(rooms.engine)
    found: UUID = leg.id
    return found


def test_start_after_stop_lets_us_write_again_and_brings_nothing_back(rooms: Rooms) -> None:
    keep(rooms.engine, order(7, phone=PHONE))
    route.drain(rooms)
    hear(rooms, EventKind.OPTED_OUT, "STOP")
    assert told(rooms)[0] == ("whatsapp", "suppressed", "opted_out")
    hear(rooms, EventKind.OPTED_IN, "START")
    assert told(rooms)[0] == ("whatsapp", "suppressed", "opted_out")
    with rooms.engine.connect() as connection:
        words = consents.history(connection, "1", WHATSAPP, SEALER.blind(WHATSAPP, PHONE))
    assert [(word.granted, word.source, word.wording) for word in words] == [
        (False, "reply:whatsapp", "STOP"),
        (True, "reply:whatsapp", "START"),
    ]
    keep(rooms.engine, order(8, phone=PHONE))
    send_everything(rooms)
    assert ("whatsapp", "sent", None) in told(rooms)


def hear(rooms: Rooms, kind: EventKind, text: str) -> None:
    event = ChannelEvent(kind, str(new_id()), WHATSAPP, "stub", datetime.now(UTC), address=PHONE, text=text)
    request_id, blind = new_id(), SEALER.blind(WHATSAPP, PHONE)
    query(
        rooms.engine,
        "insert into request (id, source, sha256, headers, body, state) values (:id, 'meta', :sha, '', '', 'parsed')",
        id=request_id,
        sha=request_id.bytes,
    )
    with rooms.engine.begin() as connection:
        kept = NewChannelEvent(request_id, "whatsapp:stub", event.key, kind.value, event.to_json(), blind)
        keep_channel_events(connection, SEALER, [kept])
    observe.drain(rooms)
