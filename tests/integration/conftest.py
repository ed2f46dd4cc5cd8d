"""Rooms for one test, on its own database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.builders import rooms_with
from workers.wiring import Rooms


@pytest.fixture
def make_rooms(database_url: str, redis_url: str) -> Iterator[Callable[..., Rooms]]:
    """Builds rooms with these channels and limits; two of them share one database."""
    made: list[Rooms] = []

    def make(*channels: Any, **options: Any) -> Rooms:
        made.append(rooms_with(database_url, redis_url, *channels, **options))
        return made[-1]

    yield make
    for rooms in made:
        rooms.senders.shutdown()
        rooms.engine.dispose()
