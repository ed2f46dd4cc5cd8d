"""A drain and a request that hangs, on the real database: nobody else waits for it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelName, Receipt
from postroom.domain.messages import Urgency
from postroom.domain.safety import Circuit, CircuitState
from postroom.store.safety import put_circuit
from tests.builders import StubChannel, keep, legs, order, query
from workers.tasks import deliver, route
from workers.wiring import Rooms

WHATSAPP = ChannelName.WHATSAPP
HANGING = "+34600999999"


class HangingChannel(StubChannel):
    """Answers everybody at once but one, who is answered when the test says so."""

    def __init__(self) -> None:
        super().__init__(WHATSAPP, self._answer)
        self.let_go = Event()
        self.hangs = Event()

    def _answer(self, to: str, key: UUID) -> Receipt:
        if to == HANGING:
            self.hangs.set()
            assert self.let_go.wait(30)
        return Receipt(f"wamid.{key.hex}", datetime.now(UTC))

    def reached(self) -> set[str]:
        return {to for _, to, _ in self.sent}


@pytest.fixture
def whatsapp() -> Iterator[HangingChannel]:
    channel = HangingChannel()
    yield channel
    channel.let_go.set()


def draining(rooms: Rooms) -> Thread:
    thread = Thread(target=deliver.drain, args=(rooms, WHATSAPP, Urgency.NORMAL))
    thread.start()
    return thread


def eventually(look: Callable[[], object], seconds: float = 5) -> None:
    deadline = monotonic() + seconds
    while not look():
        assert monotonic() < deadline, "not within time"
        Event().wait(0.02)


def states(rooms: Rooms) -> list[str]:
    return [leg.state for leg in legs(rooms.engine)]


def test_what_comes_due_while_one_request_hangs_leaves_by_the_same_drain(
    make_rooms: Callable[..., Rooms], whatsapp: HangingChannel
) -> None:
    rooms = make_rooms(whatsapp)
    keep(rooms.engine, order(phone=HANGING))
    route.drain(rooms)
    drain = draining(rooms)
    assert whatsapp.hangs.wait(5)
    keep(rooms.engine, *[order() for _ in range(5)])
    route.drain(rooms)
    eventually(lambda: states(rooms).count("sent") == 5)
    assert drain.is_alive()
    assert states(rooms)[0] == "sending"
    whatsapp.let_go.set()
    drain.join(5)
    assert states(rooms) == ["sent"] * 6


def test_a_window_full_of_hanging_requests_is_as_much_as_one_drain_has_on_the_wire(
    make_rooms: Callable[..., Rooms], whatsapp: HangingChannel
) -> None:
    rooms = make_rooms(whatsapp, window=2)
    keep(rooms.engine, *[order(phone=HANGING) for _ in range(3)])
    route.drain(rooms)
    drain = draining(rooms)
    eventually(lambda: len(whatsapp.sent) == 2)
    Event().wait(0.5)
    assert (len(whatsapp.sent), states(rooms)) == (2, ["sending", "sending", "queued"])
    whatsapp.let_go.set()
    drain.join(5)
    assert states(rooms) == ["sent"] * 3


def test_each_attempt_has_a_deadline_of_its_own_and_a_late_answer_is_recorded(
    make_rooms: Callable[..., Rooms], whatsapp: HangingChannel
) -> None:
    rooms = make_rooms(whatsapp, attempt_deadline=timedelta(seconds=0.5))
    keep(rooms.engine, order(phone=HANGING), order())
    route.drain(rooms)
    deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    assert sorted(states(rooms)) == ["sent", "unknown"]
    whatsapp.let_go.set()
    eventually(lambda: states(rooms) == ["sent", "sent"])
    assert [row.outcome for row in query(rooms.engine, "select outcome from attempt")] == ["accepted", "accepted"]


def test_a_sender_that_recovers_has_one_window_on_the_wire_at_a_time(
    make_rooms: Callable[..., Rooms], whatsapp: HangingChannel
) -> None:
    rooms = make_rooms(whatsapp)
    with rooms.engine.begin() as connection:
        put_circuit(connection, WHATSAPP, "stub", Circuit(CircuitState.RECOVERING, 0, datetime.now(UTC)))
    keep(rooms.engine, *[order(phone=HANGING) for _ in range(40)])
    route.drain(rooms)
    drain = draining(rooms)
    assert whatsapp.hangs.wait(5)
    Event().wait(0.5)
    first = len(whatsapp.sent)
    whatsapp.let_go.set()
    drain.join(20)
    assert first <= 4
    assert states(rooms) == ["sent"] * 40


def test_a_death_between_two_claims_leaves_nothing_unrecorded_that_was_answered(
    make_rooms: Callable[..., Rooms], whatsapp: HangingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = make_rooms(whatsapp)
    keep(rooms.engine, *[order() for _ in range(3)])
    route.drain(rooms)
    claim, calls = deliver.claim_due, []

    def claim_once(*args: object, **options: object) -> object:
        calls.append(1)
        if len(calls) > 1:
            raise ConnectionError("PostgreSQL is away for one claim")
        return claim(*args, **options)

    monkeypatch.setattr(deliver, "claim_due", claim_once)
    with pytest.raises(ConnectionError):
        deliver.drain(rooms, WHATSAPP, Urgency.NORMAL)
    assert states(rooms) == ["sent"] * 3
