"""Who writes what into Odoo."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from postroom.domain.writings import Ending, Kind, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing import activity, attachment, blacklist, chatter, status, ticket
from workers.tasks.enclosed import enclosed
from workers.tasks.execute import execute, tell_if_undone
from workers.wiring import Rooms

Writer = Callable[[Rooms, Odoo, Writing], Ending]

WRITERS: Mapping[Kind, Writer] = MappingProxyType(
    {
        Kind.CHATTER: lambda rooms, erp, writing: chatter.write(erp, writing, enclosed(rooms, writing)),
        Kind.TICKET: lambda rooms, erp, writing: ticket.write(erp, writing, enclosed(rooms, writing)),
        Kind.ACTIVITY: lambda _rooms, erp, writing: activity.write(erp, writing),
        Kind.ATTACHMENT: lambda _rooms, erp, writing: attachment.write(erp, writing),
        Kind.BLACKLIST: lambda _rooms, erp, writing: blacklist.write(erp, writing),
        Kind.DECISION: execute,
        Kind.STATUS: lambda _rooms, erp, writing: status.write(erp, writing),
    }
)
"""What writes each kind. A writer looks whether it is there already, acts, reads again; it raises OdooError."""

Afterword = Callable[[Rooms, Writing, Ending], None]
"""What is said of a writing that has ended, whoever ended it; saying it twice is harmless."""

AFTERWORDS: Mapping[Kind, Afterword] = MappingProxyType({Kind.DECISION: tell_if_undone})
