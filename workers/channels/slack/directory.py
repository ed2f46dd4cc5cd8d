"""Whom an email address belongs to in a workspace; what was found is remembered for an hour."""

import time
from collections.abc import Callable
from datetime import timedelta

from workers.channels.memory import Memory

REMEMBERED_SECONDS = 3600.0
MOST_MEMBERS = 10_000


class Directory:
    """Members by email address. Whoever was not found is asked for again: he may have joined since."""

    def __init__(self, look_up: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        """`look_up` asks Slack; what it raises is raised."""
        self._look_up = look_up
        self._members = Memory[str, str](MOST_MEMBERS, timedelta(seconds=REMEMBERED_SECONDS), clock)

    def member(self, email: str) -> str:
        """The member's id."""
        return self._members.get(email) or self._members.put(email, self._look_up(email))
