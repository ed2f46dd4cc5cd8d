"""Whom an email address belongs to in a workspace; what was found is remembered for an hour."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED_SECONDS = 3600.0
MOST_MEMBERS = 10_000


@dataclass(slots=True)
class Directory:
    """Members by email address. Whoever was not found is asked for again: he may have joined since."""

    look_up: Callable[[str], str]
    """Asks Slack; raises what that raises."""
    now: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def member(self, email: str) -> str:
        """The member's id."""
        known = self._known.get(email)
        if known and known[1] > self.now():
            return known[0]
        found = self.look_up(email)
        with self._lock:
            while len(self._known) >= MOST_MEMBERS:
                del self._known[next(iter(self._known))]
            self._known[email] = (found, self.now() + REMEMBERED_SECONDS)
        return found
