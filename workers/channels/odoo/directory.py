"""Whom an address in Odoo stands for."""

import re
from datetime import timedelta
from typing import Any

from workers.channels.base import ChannelError
from workers.channels.odoo.verdicts import transport_fault

MOST = 10_000
LIFETIME = timedelta(minutes=10)
"""How long a partner who was found is remembered; nobody who was not found is."""

_ADDRESS = re.compile(r"(user|partner):([1-9]\d{0,9})", re.ASCII)
_FIELD = {"user": "id", "partner": "partner_id"}


def user_domain(to: str) -> list[list[Any]]:
    """The search for the active internal users behind an address. Raises ChannelError for what is no address.

    Only they have an inbox: of a contact without a user Odoo would make a mail, and that is another channel of ours.
    """
    found = _ADDRESS.fullmatch(to)
    if found is None:
        raise ChannelError(transport_fault("bad_address"))
    return [[_FIELD[found[1]], "=", int(found[2])], ["share", "=", False]]


def partner_in(rows: object) -> int:
    """The partner that the first user is notified as. Raises ChannelError where there is no user."""
    first = rows[0] if isinstance(rows, list) and rows else None
    pair = first.get("partner_id") if isinstance(first, dict) else None
    partner = pair[0] if isinstance(pair, list) and pair else None
    if not isinstance(partner, int) or isinstance(partner, bool):
        raise ChannelError(transport_fault("no_user"))
    return partner
