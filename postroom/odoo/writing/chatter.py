"""A person's words on the record that they are about."""

from postroom.domain.enclosures import Enclosed
from postroom.domain.heard import Heard
from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing import ticket
from postroom.odoo.writing.places import find
from postroom.odoo.writing.telling import tell


def write(erp: Odoo, writing: Writing, enclosed: Enclosed) -> Ending:
    """Payload: Heard. Where the record is gone the words become a ticket, if their company has a place for those."""
    heard = Heard.from_json(writing.payload)
    place = find(erp, writing.subject)
    if place is not None:
        return Ending(DONE, result=tell(erp, place, heard, enclosed))
    if heard.project or heard.team:
        return ticket.write(erp, writing, enclosed)
    return Ending(DEAD, "record_gone", f"{writing.subject} is gone or hidden, and no place for tickets is named")
