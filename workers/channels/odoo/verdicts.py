"""What Odoo's exceptions mean for a message. Codes: `error.data.name`, the class that Odoo raised (17 to 19).

Odoo rolls back whatever raises, so that an error with a name is a refusal and asking again is safe; `error.code` says
nothing (200 on 17, 0 on 19). Only an answer without a name leaves the outcome open.
"""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Pace
from postroom.outside.rulings import HTTP, F, P, R, Ruling, S, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Our user
        "odoo.exceptions.AccessDenied": Ruling(S, "Access Denied: the login and the API key do not fit, or expired"),
        "odoo.exceptions.AccessError": Ruling(S, "Our user may not do this, or the method is private"),
        "odoo.http.SessionExpiredException": Ruling(S, "Session expired: the address is no /jsonrpc of Odoo"),
        # The address of the API
        "werkzeug.exceptions.NotFound": Ruling(S, "404: no such route; Odoo 20 has no /jsonrpc any more"),
        "werkzeug.exceptions.MethodNotAllowed": Ruling(S, "405: the address is no /jsonrpc of Odoo"),
        "werkzeug.exceptions.Forbidden": Ruling(S, "403: forbidden before the call was made"),
        "odoo.http.RegistryError": Ruling(S, "The database cannot be loaded by this Odoo"),
        # This recipient
        "odoo.exceptions.MissingError": Ruling(F, "The record does not exist or was deleted", unreachable=True),
        # The database is busy
        "odoo.exceptions.LockError": Ruling(R, "A record is locked"),
        "odoo.exceptions.ConcurrencyError": Ruling(R, "Concurrent changes, five times in a row"),
        "psycopg2.errors.SerializationFailure": Ruling(R, "Concurrent changes, five times in a row"),
        "psycopg2.errors.DeadlockDetected": Ruling(R, "A deadlock, five times in a row"),
        "psycopg2.errors.LockNotAvailable": Ruling(R, "A record is locked"),
        "psycopg2.errors.InFailedSqlTransaction": Ruling(R, "The transaction was already lost"),
        "psycopg2.errors.QueryCanceled": Ruling(R, "The query took too long"),
        "psycopg2.errors.AdminShutdown": Ruling(R, "PostgreSQL is being stopped", Pace.MAINTENANCE),
        "psycopg2.errors.ReadOnlySqlTransaction": Ruling(R, "PostgreSQL takes no writes now", Pace.MAINTENANCE),
        "psycopg2.errors.DiskFull": Ruling(R, "PostgreSQL has no space left", Pace.MAINTENANCE),
        "psycopg2.OperationalError": Ruling(R, "Odoo cannot reach its PostgreSQL", Pace.MAINTENANCE),
        "psycopg2.InterfaceError": Ruling(R, "Odoo lost its connection to PostgreSQL"),
        "psycopg2.pool.PoolError": Ruling(R, "The connection pool is full", Pace.THROTTLED),
        "odoo.sql_db.PoolError": Ruling(R, "The connection pool is full", Pace.THROTTLED),
        # The server is busy
        "werkzeug.exceptions.TooManyRequests": Ruling(R, "429: too many requests", Pace.THROTTLED),
        "werkzeug.exceptions.ServiceUnavailable": Ruling(R, "503: service unavailable", Pace.MAINTENANCE),
        "builtins.MemoryError": Ruling(R, "The worker reached its memory limit"),
        # The message, or an Odoo that does not know what we call
        "odoo.exceptions.UserError": Ruling(P, "Odoo refuses the message"),
        "odoo.exceptions.ValidationError": Ruling(P, "A value breaks one of Odoo's rules"),
        "odoo.exceptions.RedirectWarning": Ruling(P, "Odoo wants something set up first"),
        "werkzeug.exceptions.BadRequest": Ruling(P, "400: the request cannot be read"),
        "werkzeug.exceptions.RequestEntityTooLarge": Ruling(P, "413: the message is too large"),
        "builtins.ValueError": Ruling(P, "A value that the method does not take"),
        "builtins.TypeError": Ruling(P, "An argument that the method does not take"),
        "builtins.KeyError": Ruling(P, "A name that this Odoo does not know"),
        "builtins.AttributeError": Ruling(P, "A method that this Odoo does not have: is the module 'mail' installed?"),
        "builtins.NameError": Ruling(P, "A service method that this Odoo does not have"),
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
