"""What Odoo raises, and what follows from it: by the exception's own name, never by the answer's code."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from postroom.domain.channels import Fault, Pace, Verdict
from postroom.odoo.errors import OdooError

MOST_WORDS = 500
BUSY = timedelta(seconds=1)

RAISED: Mapping[str, tuple[Verdict, str]] = MappingProxyType(
    {
        "odoo.exceptions.AccessDenied": (Verdict.SENDER_STOPPED, "Our user or his API key is refused"),
        "odoo.http.SessionExpiredException": (Verdict.SENDER_STOPPED, "Our user or his API key is refused"),
        "werkzeug.exceptions.Unauthorized": (Verdict.SENDER_STOPPED, "Our user or his API key is refused"),
        "odoo.exceptions.AccessError": (Verdict.PERMANENT, "Our user may not do this"),
        "odoo.exceptions.MissingError": (Verdict.PERMANENT, "The record is gone"),
        "odoo.exceptions.UserError": (Verdict.PERMANENT, "Odoo refuses it"),
        "odoo.exceptions.ValidationError": (Verdict.PERMANENT, "A value breaks a rule of Odoo's"),
        "odoo.exceptions.RedirectWarning": (Verdict.PERMANENT, "Odoo wants something set up first"),
        "odoo.exceptions.LockError": (Verdict.TRANSIENT, "Somebody else holds the record"),
        "odoo.exceptions.ConcurrencyError": (Verdict.TRANSIENT, "Somebody else changed the record meanwhile"),
        "odoo.exceptions.CacheMiss": (Verdict.PERMANENT, "Odoo failed within"),
        "werkzeug.exceptions.NotFound": (Verdict.PERMANENT, "There is no such model or method"),
        "werkzeug.exceptions.Forbidden": (Verdict.PERMANENT, "The method is private"),
        "werkzeug.exceptions.UnprocessableEntity": (Verdict.PERMANENT, "The arguments are not the method's"),
        "werkzeug.exceptions.BadRequest": (Verdict.PERMANENT, "Odoo cannot read the call"),
        "werkzeug.exceptions.TooManyRequests": (Verdict.TRANSIENT, "Too many calls"),
        "werkzeug.exceptions.ServiceUnavailable": (Verdict.TRANSIENT, "Odoo does not take calls now"),
    }
)
"""Exceptions by name. Whatever it is, Odoo has rolled back what the call did."""

ROLLED_BACK = ("psycopg2.", "odoo.sql_db.")
"""Modules whose exceptions say that the database was away or busy: to be tried again."""


def raised(data: Mapping[str, Any]) -> OdooError:
    """From an error's name and message. Its `debug` is a traceback with other people's values in it: never kept."""
    name = str(data.get("name") or "unnamed_error")[:120]
    words = str(data.get("message") or "").strip()[:MOST_WORDS]
    verdict, meaning = RAISED.get(name, (_by_module(name), "Odoo failed within"))
    return OdooError(Fault(verdict, name, words or meaning))


def _by_module(name: str) -> Verdict:
    return Verdict.TRANSIENT if name.startswith(ROLLED_BACK) else Verdict.PERMANENT


TRANSPORT: Mapping[str, tuple[Verdict, str, Pace]] = MappingProxyType(
    {
        "connect": (Verdict.TRANSIENT, "Odoo cannot be reached", Pace.STANDARD),
        "tls": (Verdict.SENDER_STOPPED, "Odoo's certificate is not to be trusted", Pace.STANDARD),
        "read_timeout": (Verdict.UNKNOWN, "Odoo did not answer in time", Pace.STANDARD),
        "dropped": (Verdict.UNKNOWN, "The connection broke before the answer", Pace.STANDARD),
        "not_json": (Verdict.UNKNOWN, "A page came where an answer was due: a proxy's?", Pace.STANDARD),
        "http_3xx": (Verdict.SENDER_STOPPED, "Odoo is elsewhere (a redirect is never followed)", Pace.STANDARD),
        "http_4xx": (Verdict.PERMANENT, "The call is refused, without a word of Odoo's", Pace.STANDARD),
        "http_401": (Verdict.SENDER_STOPPED, "Our user or his API key is refused", Pace.STANDARD),
        "http_403": (Verdict.SENDER_STOPPED, "A proxy lets nobody through", Pace.STANDARD),
        "http_404": (Verdict.SENDER_STOPPED, "There is no such database, or no Odoo at this address", Pace.STANDARD),
        "http_429": (Verdict.TRANSIENT, "Too many calls", Pace.THROTTLED),
        "http_502": (Verdict.TRANSIENT, "Odoo is down behind its proxy", Pace.STANDARD),
        "http_503": (Verdict.TRANSIENT, "Odoo does not take calls now", Pace.STANDARD),
        "http_5xx": (Verdict.UNKNOWN, "Odoo failed; what became of the call is open", Pace.STANDARD),
        "not_authenticated": (Verdict.SENDER_STOPPED, "There is no such login, or not with this key", Pace.STANDARD),
    }
)
"""What comes without a word of Odoo's."""


def lost(code: str, detail: str = "", retry_after: timedelta | None = None) -> OdooError:
    """A fault of the way to Odoo and back."""
    verdict, words, pace = TRANSPORT[code]
    return OdooError(Fault(verdict, code, f"{words}: {detail}" if detail else words, pace, retry_after))


def status_code(status: int) -> str:
    """The row of a status that carries no word of Odoo's."""
    exact = f"http_{status}"
    return exact if exact in TRANSPORT else f"http_{status // 100}xx"
