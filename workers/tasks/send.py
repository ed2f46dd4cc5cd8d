"""What one drain has on the wire: every attempt at once, each answer recorded as it comes."""

from collections.abc import Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Self

import structlog

from postroom import failpoints
from postroom.domain.channels import ChannelName, Fault, Receipt, Rendered
from postroom.domain.delivery import REPEATABLE, left_open
from postroom.domain.safety import CircuitState
from postroom.store.attempts import Begun
from workers.channels.base import Channel, ChannelError
from workers.documents import Documents
from workers.metrics import SEND_SECONDS
from workers.tasks.record import NOT_STARTED, Result, record_results
from workers.tasks.summary import Summary
from workers.tasks.window import Window
from workers.wiring import Rooms

RECORD_EVERY = 0.1
"""Seconds: answers are recorded in small batches, so that a hung request never delays its neighbours' records."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Flight:
    begun: Begun
    window: Window
    deadline: float
    """On the monotonic clock."""


class Air:
    """The attempts that a drain has on the wire; each is recorded once, at its end or at its deadline.

    A request that hangs takes one place of a window until then, and nobody waits for it: the drain goes on claiming as
    long as there is room. Leaving the `with` block waits for what is left.
    """

    def __init__(self, rooms: Rooms, channel: ChannelName, summary: Summary) -> None:
        self._rooms = rooms
        self._channel = channel
        self._summary = summary
        self._flights: dict[Future[Result], _Flight] = {}
        self._fresh: set[Future[Result]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._flights:
            self.gather()

    @property
    def empty(self) -> bool:
        """Whether nothing is on the wire."""
        return not self._flights

    @property
    def room(self) -> int:
        """How many more may leave; a sender that recovers gets one window at a time, as its ramp is a share of one."""
        if any(flight.window.circuit.state is not CircuitState.CLOSED for flight in self._flights.values()):
            return 0
        return max(0, self._rooms.limits.window - len(self._flights))

    def launch(self, window: Window) -> None:
        """Send every attempt of a window concurrently."""
        limits, now = self._rooms.limits, monotonic()
        # A process that was stopped and woke up after its lease must not send: the leg may be somebody else's by now.
        send_by = now + (limits.lease - limits.attempt_deadline).total_seconds()
        deadline = now + limits.attempt_deadline.total_seconds()
        for begun in window.begun:
            future = self._rooms.senders.submit(_send, self._rooms.documents, window, begun, send_by)
            self._flights[future] = _Flight(begun, window, deadline)
            self._fresh.add(future)

    def gather(self) -> None:
        """Wait a moment for those that left last, then record whatever has come, and give up on what is overdue."""
        wait(self._fresh or set(self._flights), timeout=RECORD_EVERY)
        self._fresh = set()
        now = monotonic()
        ended = [future for future in self._flights if future.done()]
        late = [future for future, flight in self._flights.items() if flight.deadline < now and not future.done()]
        self._record([(self._flights.pop(future), future.result()) for future in ended])
        self._give_up([(future, self._flights.pop(future)) for future in late])

    def _give_up(self, late: Iterable[tuple[Future[Result], _Flight]]) -> None:
        """Past the deadline: what has not started never will; what has is open, and its late answer is recorded."""
        overdue = left_open(self._channel, "deadline", "no answer within the attempt's total deadline")
        on_the_wire = [(future, flight) for future, flight in late if not future.cancel()]
        never_left = [flight for future, flight in late if future.cancelled()]
        self._record([(flight, NOT_STARTED) for flight in never_left])
        self._record([(flight, overdue) for _, flight in on_the_wire])
        for future, flight in on_the_wire:
            future.add_done_callback(partial(self._record_late, flight))

    def _record_late(self, flight: _Flight, ended: Future[Result]) -> None:
        result = ended.result()
        # Where an open outcome is tried again, that try is under way by now: only a success is still news.
        if isinstance(result, Receipt) or self._channel not in REPEATABLE:
            record_results(self._rooms, self._channel, flight.window, [(flight.begun, result)], Summary())

    def _record(self, results: Iterable[tuple[_Flight, Result]]) -> None:
        by_window: dict[int, tuple[Window, list[tuple[Begun, Result]]]] = {}
        for flight, result in results:
            by_window.setdefault(id(flight.window), (flight.window, []))[1].append((flight.begun, result))
        for window, of_window in by_window.values():
            record_results(self._rooms, self._channel, window, of_window, self._summary)


def _send(documents: Documents, window: Window, begun: Begun, send_by: float) -> Result:
    if monotonic() > send_by:
        return NOT_STARTED
    sender = window.sender
    try:
        whole = documents.enclosed(Rendered.from_json(begun.leg.content), window.wire)
        if monotonic() > send_by:
            return NOT_STARTED
        with SEND_SECONDS.labels(channel=sender.name.value).time():
            receipt = sender.send(whole, begun.leg.address, begun.attempt_id)
    except ChannelError as error:
        return error.fault
    except Exception as error:
        log.error("channel_broke_its_contract", channel=sender.name, error=repr(type(error)), exc_info=True)
        return _bug(sender, error)
    failpoints.reach("deliver.accepted")
    return receipt


def _bug(sender: Channel, error: Exception) -> Fault:
    return left_open(sender.name, "bug", f"the adapter raised {type(error).__name__}")
