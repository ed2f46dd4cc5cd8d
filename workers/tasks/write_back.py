"""The way into Odoo: claim what waits to be written, write each once, record how it ended."""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from time import monotonic
from types import TracebackType
from typing import Self

from postroom.domain.safety import Wire
from postroom.store.outbox import hold_on
from workers.app import app
from workers.tasks.carry import Carried, carry, claim
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

LOOK_EVERY = 1.0
"""Seconds: while slow ones are under way, what else has come may begin."""


@app.task(name="write_back")
def write_back() -> str:
    """Drain what waits to be written into Odoo; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Write what is due until nothing is; one that is slow keeps none but those of its own record waiting."""
    rooms.hints.clear("write_back")
    summary = Summary("nothing waited")
    with _UnderWay(rooms, summary) as under_way:
        while under_way.begin() or not under_way.empty:
            under_way.look()
    return summary


class _UnderWay:
    """The writings that this drain has in Odoo's hands, each on a thread of its own and with a pen of the process."""

    def __init__(self, rooms: Rooms, summary: Summary) -> None:
        self._rooms = rooms
        self._summary = summary
        self._flights: dict[Future[str], Carried] = {}
        self._renewed = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._flights:
            self.look()

    @property
    def empty(self) -> bool:
        """Whether nothing is under way."""
        return not self._flights

    def begin(self) -> int:
        """Claim and begin as many as there are pens for. Returns how many."""
        return sum(self._begin(wire) for wire in (Wire.LIVE, Wire.SANDBOX))

    def _begin(self, wire: Wire) -> int:
        pens = self._take_pens()
        begun: list[Carried] = []
        try:
            begun = claim(self._rooms, wire, pens, under_way=len(self._flights))
            for each in begun:
                self._flights[self._rooms.senders.submit(self._carry, each)] = each
        finally:
            self._give_back(pens - len(begun))
        return len(begun)

    def _carry(self, each: Carried) -> str:
        try:
            return carry(self._rooms, each)
        finally:
            self._rooms.pens.release()

    def _take_pens(self) -> int:
        taken = 0
        while self._rooms.pens.acquire(blocking=False):
            taken += 1
        return taken

    def _give_back(self, pens: int) -> None:
        for _ in range(pens):
            self._rooms.pens.release()

    def look(self) -> None:
        """Wait a moment, gather what has ended, and keep hold of the others."""
        ended, _ = wait(self._flights, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
        for future in ended:
            del self._flights[future]
            self._summary.add(future.result())
        lease = self._rooms.limits.lease
        if self._flights and monotonic() - self._renewed > lease.total_seconds() / 3:
            self._renewed = monotonic()
            with self._rooms.engine.begin() as connection:
                for each in self._flights.values():
                    hold_on(connection, each.waiting, lease)
