"""Collections: which of what customers were asked for is paid, so that somebody can say how long it took."""

from collections.abc import Sequence

import structlog

from postroom.odoo.errors import OdooError
from postroom.odoo.receivables import Account, paid_among
from postroom.store.dunning import note_paid, told_and_gone
from postroom.store.safety import odoo_wire
from workers.wiring import Rooms

log = structlog.get_logger()


def note_what_is_paid(rooms: Rooms, company: str, accounts: Sequence[Account]) -> int:
    """Ask Odoo about what a company is owed no more, and keep what it has as paid; how much that is.

    `accounts`: everybody who owes the company. Where Odoo cannot be asked, the next plan asks again.
    """
    owed = {line.invoice for each in accounts for line in each.ledger.lines}
    with rooms.engine.connect() as connection:
        gone = told_and_gone(connection, company, owed)
        odoo = rooms.erp.at(odoo_wire(connection, company)) if gone else None
    try:
        paid = paid_among(odoo, int(company), gone) if odoo else set()
    except OdooError as error:
        log.warning("payments_not_read", company=company, code=error.fault.code)
        return 0
    with rooms.engine.begin() as connection:
        note_paid(connection, company, paid, owed, rooms.clock.now())
    return len(paid)
