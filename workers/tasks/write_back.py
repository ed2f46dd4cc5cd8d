"""The way into Odoo: claim what waits to be written, write each once, record how it ended."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from postroom.domain.writings import Ending, Kind, Writing
from postroom.odoo.client import Odoo
from postroom.store.outbox import claim_writings, end_writing
from workers.app import app
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

BATCH = 20

Writer = Callable[[Rooms, Odoo, Writing], Ending]

WRITERS: Mapping[Kind, Writer] = MappingProxyType({})
"""What writes each kind. A writer looks whether it is there already, acts, reads again; it raises OdooError."""


@app.task(name="write_back")
def write_back() -> str:
    """Drain what waits to be written into Odoo; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Write what is due until nothing is."""
    rooms.hints.clear("write_back")
    summary = Summary("nothing waited")
    with rooms.engine.begin() as connection:
        waiting = claim_writings(connection, rooms.sealer, limit=BATCH, lease=rooms.limits.lease)
    for each in waiting:
        erp = rooms.erp.at(each.writing.wire)
        if erp is not None:
            ending = WRITERS[Kind(each.writing.kind)](rooms, erp, each.writing)
            with rooms.engine.begin() as connection:
                end_writing(connection, rooms.sealer, each.id, ending)
    return summary
