"""While PostgreSQL is away the door says so at once, instead of letting every thread wait for it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from postroom.store.inbox import Unavailable

PAUSE = timedelta(seconds=1)


@dataclass(slots=True)
class Outage:
    """Remembers that the store was away; after each pause one request tries it, and the others do not wait."""

    pause: timedelta = PAUSE
    now: Callable[[], float] = time.monotonic
    _until: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around any use of the store. Raises Unavailable, at once where it is known to be away."""
        self._refuse_while_away()
        try:
            yield
        except Unavailable:
            self._until = self.now() + self.pause.total_seconds()
            raise
        self._until = None

    def _refuse_while_away(self) -> None:
        if self._until is None:
            return
        with self._lock:
            if self._until is not None and self.now() < self._until:
                raise Unavailable("PostgreSQL was away a moment ago")
            # This request is the one that tries; the next may after another pause, should this one hang.
            self._until = self.now() + self.pause.total_seconds()
