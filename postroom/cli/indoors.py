"""A command inside the house: with everything that a task has, Odoo included."""

from collections.abc import Iterator
from contextlib import contextmanager

from postroom.cli.desk import Desk, open_desk
from workers.wiring import Rooms, rooms_from


@contextmanager
def open_rooms() -> Iterator[tuple[Desk, Rooms]]:
    """The desk, and the rooms behind it; both are closed again."""
    with open_desk() as desk:
        rooms = rooms_from(desk.settings, process="postroom-cli")
        try:
            yield desk, rooms
        finally:
            rooms.senders.shutdown()
            rooms.engine.dispose()
