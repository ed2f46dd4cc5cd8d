"""What was found out once and holds for a while: bounded, with an expiry, shared by a worker's threads."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

Name = TypeVar("Name")
Value = TypeVar("Value")


class Memory(Generic[Name, Value]):
    """Values by name. The oldest makes room; nothing here is worth keeping through a restart."""

    def __init__(self, most: int, lifetime: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = lifetime.total_seconds()
        self._clock = clock
        self._kept: dict[Name, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def get(self, name: Name) -> Value | None:
        """What is kept under a name, while it holds."""
        with self._lock:
            kept = self._kept.get(name)
            return kept[1] if kept and self._clock() < kept[0] else None

    def put(self, name: Name, value: Value) -> Value:
        """Keep it from now on; returns it."""
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = (self._clock() + self._seconds, value)
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return value

    def forget(self, name: Name) -> None:
        """It turned out not to hold."""
        with self._lock:
            self._kept.pop(name, None)
