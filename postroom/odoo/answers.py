"""What Odoo raises, and what follows from it: by the exception's own name, never by the answer's code.

Odoo rolls back what raises, so that an error of its own with a name is a refusal and asking again is safe; `error.code`
says nothing (200 on 17, 0 on 19). An answer without a name leaves the outcome open, and so does the name of something
that Odoo itself asked, since that may have failed after the commit.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import requests

from postroom.domain.channels import Pace
from postroom.odoo.errors import OdooError
from postroom.outside.http import json_object, retry_after
from postroom.outside.rulings import HTTP, RL, A, P, R, Ruling, S, fault_in, fault_of

EXCEPTIONS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Our user
        "odoo.exceptions.AccessDenied": Ruling(S, "Access Denied: the login and the API key do not fit, or expired"),
        "odoo.exceptions.AccessError": Ruling(P, "Our user may not do this, or the method is private"),
        "odoo.http.SessionExpiredException": Ruling(S, "Session expired: the address is no /jsonrpc of Odoo"),
        # The address of the API
        "werkzeug.exceptions.NotFound": Ruling(S, "404: no such route; Odoo 20 has no /jsonrpc any more"),
        "werkzeug.exceptions.MethodNotAllowed": Ruling(S, "405: the address is no /jsonrpc of Odoo"),
        "werkzeug.exceptions.Forbidden": Ruling(S, "403: forbidden before the call was made"),
        "odoo.http.RegistryError": Ruling(S, "The database cannot be loaded by this Odoo"),
        # The record
        "odoo.exceptions.MissingError": Ruling(P, "The record does not exist or was deleted"),
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
        # What was asked, or an Odoo that does not know what we call
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
"""Exceptions by the class that Odoo raised (17 to 19). The channel `odoo` begins with this table, too."""

_ADDON = "odoo.addons.postroom_connector.exceptions"
CALLED: Mapping[str, Ruling] = MappingProxyType(
    {
        **EXCEPTIONS,
        "werkzeug.exceptions.UnprocessableEntity": Ruling(P, "The arguments are not the method's"),
        "psycopg2.errors.UndefinedColumn": Ruling(RL, "A module waits for its upgrade", Pace.MAINTENANCE),
        "psycopg2.errors.UndefinedTable": Ruling(RL, "A module waits for its upgrade", Pace.MAINTENANCE),
        "psycopg2.errors.UniqueViolation": Ruling(P, "There is one of it already"),
        "psycopg2.errors.NotNullViolation": Ruling(P, "A value that must be there is not"),
        "psycopg2.errors.CheckViolation": Ruling(P, "A value breaks one of the database's rules"),
        "psycopg2.errors.ForeignKeyViolation": Ruling(P, "A value names a record that is not there"),
        "psycopg2.errors.StringDataRightTruncation": Ruling(P, "A value is too long"),
        "psycopg2.errors.NumericValueOutOfRange": Ruling(P, "A value is too large"),
        "psycopg2.errors.InvalidTextRepresentation": Ruling(P, "A value is not of the field's kind"),
        f"{_ADDON}.NotSigned": Ruling(S, "Our command's signature is refused: compare the secret, and the clocks"),
        f"{_ADDON}.NotAllowed": Ruling(P, "The person's user may not do this, or not from here"),
        f"{_ADDON}.RecordChanged": Ruling(P, "The record is not as it was when the person decided"),
    }
)
"""What calls of every kind meet."""

MODULES: Mapping[str, Ruling] = MappingProxyType(
    {
        "psycopg2.": Ruling(R, "The database is away or busy"),
        "odoo.": Ruling(P, "Odoo refuses it"),
        "builtins.": Ruling(P, "Odoo failed within"),
        "werkzeug.": Ruling(P, "Odoo refuses the call"),
        # A mail server, a web service: what Odoo asks them it asks after the commit as well as before it.
        "": Ruling(A, "Something that Odoo asked failed: what became of the call is open"),
    }
)
"""Exceptions that no row foresees, by the module that they come from; the first that fits."""

BUSY = frozenset(
    {
        "odoo.exceptions.LockError",
        "odoo.exceptions.ConcurrencyError",
        "psycopg2.errors.SerializationFailure",
        "psycopg2.errors.DeadlockDetected",
        "psycopg2.errors.LockNotAvailable",
    }
)
"""Two at once on the same record, and ours was undone: asked again a moment later it mostly works."""

WAY: Mapping[str, Ruling] = MappingProxyType(
    {
        **HTTP,
        "dns": Ruling(R, "The name of Odoo's server is not known: nothing left"),
        "tls": Ruling(S, "Odoo's certificate is not to be trusted: nothing left"),
        "circuit_open": Ruling(R, "Odoo did not answer several times in a row, so that it is left alone for a while"),
        "not_json": Ruling(A, "A page came where an answer was due: a proxy's?"),
        "wrong_kind": Ruling(R, "Not the kind of answer that was asked for"),
        "no_id": Ruling(A, "What was created is not named"),
        "version": Ruling(S, "Not a version that is spoken"),
        "access_denied": Ruling(S, "There is no such login, or not with this key, or it expired"),
        "no_database": Ruling(S, "There is no such database"),
        "unknown_model": Ruling(P, "This Odoo has no such model"),
        "unknown_method": Ruling(P, "The model has no such method, or it is private"),
        "unnamed_error": Ruling(P, "An error without a name"),
        "http_404": Ruling(S, "There is no such database, or no Odoo at this address"),
        "http_502": Ruling(A, "A proxy lost Odoo: what became of the call is open"),
        "http_503": Ruling(R, "Odoo takes no calls now: nothing was done", Pace.MAINTENANCE),
        "http_504": Ruling(A, "A proxy waited for Odoo in vain: what became of the call is open"),
        "http_5xx": Ruling(A, "Odoo failed without a word: what became of the call is open"),
    }
)
"""Outcomes that have no exception of Odoo's, and those whose exception says too little."""


class _Plainer(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    code: str


# These exceptions say more in their words than in their name; the words are English, whatever the user's language.
_PLAINER = (
    _Plainer("odoo.exceptions.AccessDenied", re.compile(""), "access_denied"),
    _Plainer("werkzeug.exceptions.Unauthorized", re.compile(""), "access_denied"),
    _Plainer("odoo.exceptions.UserError", re.compile(r"Object \S+ doesn't exist"), "unknown_model"),
    _Plainer("werkzeug.exceptions.NotFound", re.compile(r"the model '"), "unknown_model"),
    _Plainer("werkzeug.exceptions.NotFound", re.compile(r"The method '"), "unknown_method"),
    _Plainer("builtins.AttributeError", re.compile(r"The method '"), "unknown_method"),
    _Plainer("odoo.exceptions.AccessError", re.compile(r"Private methods "), "unknown_method"),
    _Plainer("psycopg2.OperationalError", re.compile(r'(?s).*database "[^"]*" does not exist'), "no_database"),
)
_NAME = re.compile(r"[\w.]{1,120}", re.ASCII)


# Faults ---------------------------------------------------------------------------------------------------------------


def raised(told: Mapping[str, Any]) -> OdooError:
    """From an error's name and message. Its `debug` is a traceback with other people's values in it: never kept."""
    words = str(told.get("message") or "").strip()
    code = _code(told.get("name"), words)
    ruling = WAY.get(code) or CALLED.get(code) or _by_module(code)
    return OdooError(fault_of(ruling, code, words or ruling.words))


def _code(name: Any, words: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "unnamed_error"
    return next((row.code for row in _PLAINER if row.name == name and row.pattern.match(words)), name)


def _by_module(name: str) -> Ruling:
    return next(ruling for module, ruling in MODULES.items() if name.startswith(module))


def lost(code: str, detail: str = "", wait: timedelta | None = None) -> OdooError:
    """A fault of the way to Odoo and back."""
    return OdooError(fault_in(WAY, code, detail, retry_after=wait))


# Answers --------------------------------------------------------------------------------------------------------------


def refused(answer: requests.Response) -> OdooError:
    """What an answer means whose status is no success: in Odoo's own words where it has some, else by its status."""
    told = json_object(answer)
    if told and told.get("name"):
        return raised(told)
    return lost(_status_code(answer.status_code), _place(answer), retry_after(answer.headers))


def _status_code(status: int) -> str:
    exact, family = f"http_{status}", f"http_{status // 100}xx"
    return next((code for code in (exact, family) if code in WAY), "http_5xx")


def _place(answer: requests.Response) -> str:
    """Where a redirect wanted to lead: mostly to https, or to another name."""
    where = answer.headers.get("Location", "") if answer.is_redirect else ""
    return f"HTTP {answer.status_code} to {where.partition('?')[0]}" if where else f"HTTP {answer.status_code}"
