"""Makes a call again where that is safe, within the time that one call has."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

from postroom.domain.channels import Fault, Verdict
from postroom.odoo.answers import BUSY
from postroom.odoo.calls import Call
from postroom.odoo.circuit import AWAY, Circuit
from postroom.odoo.client import Transport
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import Version

REPEATS = 2
LONGEST_PAUSE = 0.4
"""Seconds before the first repeat, at most; double before the second."""

Pause = Callable[[int], None]


def pause(tries: int) -> None:
    """Wait a moment of chance, so that two who met on one record do not meet again."""
    time.sleep(random.uniform(0.05, LONGEST_PAUSE * tries))  # noqa: S311 - no secret


class Steady:
    """A transport around a transport.

    Repeated is what Odoo undid because another was at the same record; and of calls that may be made twice, those whose
    answer was lost. Neither begins after the time of one answer is over.
    """

    def __init__(self, transport: Transport, circuit: Circuit, *, seconds: float, pause: Pause = pause) -> None:
        self._transport = transport
        self._circuit = circuit
        self._seconds = seconds
        self._pause = pause

    @property
    def version(self) -> Version:
        """Of the server."""
        return self._transport.version

    @property
    def uid(self) -> int:
        """In whose name."""
        with self._circuit.passing():
            return self._transport.uid

    def send(self, call: Call) -> object:
        """What the method returns."""
        until = time.monotonic() + self._seconds
        for tries in range(1, REPEATS + 1):
            try:
                return self._once(call)
            except OdooError as error:
                if not _again(error.fault, call) or time.monotonic() > until:
                    raise
            self._pause(tries)
        return self._once(call)

    def as_person(self, login: str, api_key: str) -> "Steady":
        """The same server and database in another's name; left alone by one it is left alone by all."""
        other = self._transport.as_person(login, api_key)
        return Steady(other, self._circuit, seconds=self._seconds, pause=self._pause)

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._transport.close()

    def _once(self, call: Call) -> object:
        try:
            with self._circuit.passing():
                return self._transport.send(call)
        except OdooError as error:
            if not call.repeatable or error.fault.verdict is not Verdict.UNKNOWN:
                raise
            # Nothing is open of a read.
            raise OdooError(replace(error.fault, verdict=Verdict.TRANSIENT)) from error


def _again(fault: Fault, call: Call) -> bool:
    if fault.code in BUSY:
        return True
    return call.repeatable and fault.verdict is Verdict.TRANSIENT and fault.code in AWAY | {"not_json", "http_5xx"}
