"""What the ticker puts right, on the real database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest

from postroom.domain.channels import ChannelName, Fault, Receipt, Verdict
from postroom.domain.messages import Urgency
from postroom.store.timers import set_timer
from scheduler import ticker
from tests.builders import FixedClock, StubChannel, keep, legs, order, query
from workers.tasks import deliver, route
from workers.wiring import Rooms

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
NO_ANSWER = Fault(Verdict.UNKNOWN, "timeout", "no answer")


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
    return make_rooms(whatsapp, email, clock=clock)


def wind_back_leases(rooms: Rooms) -> None:
    query(rooms.engine, "update message_log set lease_until = clock_timestamp() - interval '1 second'")


def published(rooms: Rooms) -> list[tuple[str, tuple[str, ...], str]]:
    return rooms.hints.published.messages  # type: ignore[attr-defined, no-any-return]


def test_a_claim_whose_holder_died_goes_back_to_the_queue(rooms: Rooms) -> None:
    keep(rooms.engine, order())
    route.drain(rooms)
    query(rooms.engine, "update message_log set state = 'claimed', lease_until = clock_timestamp()")
    ticker.tick(rooms)
    assert legs(rooms.engine)[0].state == "queued"


def test_a_request_whose_sender_died_becomes_unknown_and_is_not_repeated(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, order())
    route.drain(rooms)
    query(rooms.engine, "update message_log set state = 'sending', lease_until = clock_timestamp()")
    ticker.tick(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    assert legs(rooms.engine)[0].state == "unknown"
    assert whatsapp.sent == []


def test_an_unsettled_message_is_listed_for_an_operator_once_its_window_has_closed(
    rooms: Rooms, whatsapp: StubChannel, email: StubChannel
) -> None:
    whatsapp.answers = [NO_ANSWER]
    keep(rooms.engine, order())
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    wind_back_leases(rooms)
    ticker.tick(rooms)
    ticker.tick(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    assert (legs(rooms.engine)[0].reason, len(whatsapp.sent), email.sent) == ("unsettled", 1, [])
    (notice,) = query(rooms.engine, "select kind, times from notice")
    assert tuple(notice) == ("unsettled", 1)


def test_an_urgent_message_is_sent_once_more_and_flagged_and_then_no_more(rooms: Rooms, whatsapp: StubChannel) -> None:
    whatsapp.answers = [NO_ANSWER]
    keep(rooms.engine, order())
    route.drain(rooms)
    query(rooms.engine, "update message_log set lane = 'urgent'")
    for _ in range(4):
        deliver.drain(rooms, WHATSAPP, Urgency.URGENT)
        wind_back_leases(rooms)
        ticker.tick(rooms)
    (leg,) = legs(rooms.engine)
    assert (len(whatsapp.sent), leg.possible_duplicate, leg.reason) == (2, True, "unsettled")
    assert [a.possible_duplicate for a in query(rooms.engine, "select * from attempt order by number")] == [False, True]


def test_a_lost_hint_is_given_again_and_one_that_is_under_way_is_not_doubled(rooms: Rooms) -> None:
    keep(rooms.engine, order())
    for _ in range(5):
        ticker.tick(rooms)
    assert published(rooms) == [("route", (), "core")]


def test_nothing_is_hinted_where_nothing_waits(rooms: Rooms) -> None:
    ticker.tick(rooms)
    assert published(rooms) == []


def test_what_the_ceiling_held_goes_on_in_the_next_hour(rooms: Rooms) -> None:
    keep(rooms.engine, order())
    route.drain(rooms)
    query(rooms.engine, "update message_log set state = 'held', reason = 'ceiling', next_at = clock_timestamp()")
    ticker.tick(rooms)
    assert legs(rooms.engine)[0].state == "queued"


def test_a_stale_message_expires_by_business_time(rooms: Rooms, clock: FixedClock) -> None:
    keep(rooms.engine, order())
    route.drain(rooms)
    clock.time += timedelta(days=4)
    ticker.tick(rooms)
    assert legs(rooms.engine)[0].state == "expired"


# Timers ---------------------------------------------------------------------------------------------------------------


def confirm_timer(rooms: Rooms, clock: FixedClock) -> UUID:
    keep(rooms.engine, order())
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    intent_id: UUID = legs(rooms.engine)[0].intent_id
    with rooms.engine.begin() as connection:
        set_timer(
            connection,
            kind="confirm",
            key=f"confirm:{intent_id}",
            company="1",
            subject_id=intent_id,
            due_at=clock.now() + timedelta(minutes=10),
        )
    return intent_id


def test_a_message_that_nobody_confirms_in_time_falls_back(rooms: Rooms, clock: FixedClock) -> None:
    confirm_timer(rooms, clock)
    ticker.tick(rooms)
    assert len(legs(rooms.engine)) == 1
    clock.time += timedelta(minutes=11)
    ticker.tick(rooms)
    assert [leg.channel for leg in legs(rooms.engine)] == ["whatsapp", "email"]
    assert query(rooms.engine, "select state from timer")[0].state == "done"


def test_a_timer_whose_firing_died_fires_once_more_and_has_one_effect(rooms: Rooms, clock: FixedClock) -> None:
    confirm_timer(rooms, clock)
    clock.time += timedelta(minutes=11)
    query(rooms.engine, "update timer set lease_until = clock_timestamp() - interval '1 s', attempts = 1")
    for _ in range(3):
        ticker.tick(rooms)
    assert len(legs(rooms.engine)) == 2


def test_a_poison_timer_is_dead_after_five_tries_and_never_blocks_its_batch(rooms: Rooms, clock: FixedClock) -> None:
    confirm_timer(rooms, clock)
    query(
        rooms.engine,
        "insert into timer (id, kind, dedupe_key, company, subject_id, due_at)"
        " values (gen_random_uuid(), 'no-such-kind', 'poison', '1', gen_random_uuid(), now() - interval '1 day')",
    )
    clock.time += timedelta(minutes=11)
    for _ in range(6):
        ticker.tick(rooms)
        query(rooms.engine, "update timer set lease_until = null")
    states = dict(query(rooms.engine, "select kind, state from timer"))
    assert states == {"no-such-kind": "dead", "confirm": "done"}
    assert query(rooms.engine, "select kind from notice")[0].kind == "dead"


# Two of everything ----------------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], object]) -> None:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        act()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_four_dispatchers_at_once_send_each_message_once(rooms: Rooms, whatsapp: StubChannel) -> None:
    keep(rooms.engine, *[order() for _ in range(100)])
    route.drain(rooms)
    at_once(*[lambda: deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)] * 4)
    assert len({to for _, to, _ in whatsapp.sent}) == len(whatsapp.sent) == 100


def test_two_routers_at_once_write_each_message_once(rooms: Rooms) -> None:
    keep(rooms.engine, *[order() for _ in range(100)])
    at_once(*[lambda: route.drain(rooms)] * 3)
    assert len(legs(rooms.engine)) == 100


def test_two_tickers_do_what_one_does(rooms: Rooms, clock: FixedClock) -> None:
    confirm_timer(rooms, clock)
    clock.time += timedelta(minutes=11)
    at_once(*[lambda: ticker.tick(rooms)] * 4)
    assert len(legs(rooms.engine)) == 2


def test_a_process_that_wakes_up_after_its_lease_does_not_send(
    make_rooms: Callable[..., Rooms], whatsapp: StubChannel
) -> None:
    rooms = make_rooms(whatsapp, lease=timedelta(seconds=1), attempt_deadline=timedelta(seconds=2))
    whatsapp.answers = [Receipt("wamid.late", datetime.now(UTC))]
    keep(rooms.engine, order())
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    assert whatsapp.sent == []
    assert (legs(rooms.engine)[0].state, legs(rooms.engine)[0].tries) == ("queued", 0)


def test_while_clocks_disagree_no_timer_fires_and_the_operators_know(rooms: Rooms, clock: FixedClock):
    with rooms.engine.begin() as connection:
        set_timer(connection, kind="confirm", key="confirm:clock", company="1", subject_id=uuid4(), due_at=clock.now())
    clock.doubtful = True

    ticker.fire_timers(rooms)

    assert [row.state for row in query(rooms.engine, "select state from timer")] == ["due"]
    assert [row.kind for row in query(rooms.engine, "select kind from notice")] == ["clock"]
