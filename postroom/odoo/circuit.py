"""Leaves a server alone that did not answer several times in a row."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from postroom.domain.channels import Fault
from postroom.odoo.answers import lost
from postroom.odoo.errors import OdooError

TRIPS_AFTER = 5
"""Calls in a row that found nobody."""
COOL = timedelta(seconds=15)
"""Until one call may look whether it is back."""
AWAY = frozenset({"connect", "dns", "tls", "dropped", "read_timeout", "http_502", "http_503", "http_504"})
"""What a server says nothing about that is down; whatever Odoo answers itself shows that it is up."""


class Circuit:
    """One for a server in a process, whoever asks it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._shut_until = 0.0
        self._looking = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Around one call. Raises OdooError `circuit_open` at once while the server is left alone."""
        probe = self._enter()
        try:
            yield
        except OdooError as error:
            self._count(error.fault)
            raise
        else:
            self._count(None)
        finally:
            if probe:
                self._looking = False

    def _enter(self) -> bool:
        """Whether this call looks for all the others."""
        with self._lock:
            if self._failures < TRIPS_AFTER:
                return False
            left = self._shut_until - self._clock()
            if left > 0 or self._looking:
                raise lost("circuit_open", wait=timedelta(seconds=max(left, 1.0)))
            self._looking = True
            return True

    def _count(self, fault: Fault | None) -> None:
        with self._lock:
            if fault is None or fault.code not in AWAY:
                self._failures = 0
                return
            self._failures += 1
            self._shut_until = self._clock() + COOL.total_seconds()
