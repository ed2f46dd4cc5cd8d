"""What Odoo's exceptions mean for a message: as for every call, but for the two that name our user or the recipient."""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.odoo.answers import EXCEPTIONS
from postroom.outside.rulings import HTTP, F, Ruling, S, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        **EXCEPTIONS,
        # A notification asks for nothing that our user must not do for one and may do for another.
        "odoo.exceptions.AccessError": Ruling(S, "Our user may not do this, or the method is private"),
        # The one record that it names is its recipient.
        "odoo.exceptions.MissingError": Ruling(F, "The record does not exist or was deleted", unreachable=True),
    }
)

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {
        **HTTP,
        "not_authenticated": Ruling(S, "Odoo knows no user with this login and API key"),
        "no_user": Ruling(F, "No active internal user has this address, so nobody would see it", unreachable=True),
        "bad_address": Ruling(F, "Not an address in Odoo, as in user:7 or partner:42"),
    }
)
"""Outcomes that have no exception of Odoo's."""

transport_fault = partial(fault_in, TRANSPORT)

ACCESS_DENIED = "odoo.exceptions.AccessDenied"

# Two exceptions say more in their words than in their name; without a language in the context the words are English.
_NO_DATABASE = re.compile(r'database "[^"]*" does not exist')
_NO_SENDER = re.compile(r"configure the sender's email address", re.I)
WRONG_DATABASE = Ruling(S, "PostgreSQL has no database of this name")
NO_SENDER_ADDRESS = Ruling(S, "Our user in Odoo has no email address")

PARTICULAR: Mapping[str, tuple[re.Pattern[str], Ruling]] = MappingProxyType(
    {
        "psycopg2.OperationalError": (_NO_DATABASE, WRONG_DATABASE),
        "odoo.exceptions.UserError": (_NO_SENDER, NO_SENDER_ADDRESS),
    }
)


def ruling_of(code: str, words: str) -> Ruling | None:
    """The ruling for an exception; None where no row foresees it."""
    pattern, particular = PARTICULAR.get(code, (None, None))
    if pattern is not None and particular is not None and pattern.search(words):
        return particular
    return VERDICTS.get(code)
