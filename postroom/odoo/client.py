"""The client: records in, records out, whatever protocol carries the calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from postroom.odoo.calls import Call

BATCH = 200
"""Records that one call reads or writes."""

Row = Mapping[str, Any]
Domain = Sequence[Any]


class Transport(Protocol):
    """Carries one call. Raises OdooError and nothing else."""

    def send(self, call: Call) -> Any: ...

    def close(self) -> None: ...


class Odoo:
    """One user of one database. Every method raises OdooError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def call(self, call: Call) -> Any:
        """What the method returns."""
        return self._transport.send(call)
