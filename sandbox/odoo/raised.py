"""What Odoo raises: the class that it has there, its words, and the status that JSON-2 gives it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "odoo.exceptions.AccessDenied": 403,
        "odoo.exceptions.AccessError": 403,
        "odoo.exceptions.MissingError": 404,
        "odoo.exceptions.UserError": 422,
        "odoo.exceptions.RedirectWarning": 422,
        "odoo.exceptions.ValidationError": 422,
        "odoo.addons.postroom_connector.exceptions.NotAllowed": 403,
        "odoo.addons.postroom_connector.exceptions.NotSigned": 403,
        "odoo.addons.postroom_connector.exceptions.RecordChanged": 422,
        "werkzeug.exceptions.BadRequest": 400,
        "werkzeug.exceptions.Unauthorized": 401,
        "werkzeug.exceptions.NotFound": 404,
        "werkzeug.exceptions.UnprocessableEntity": 422,
    }
)
"""Everything else is a 500."""


@dataclass(eq=False)
class Raised(Exception):
    """An exception inside Odoo."""

    name: str
    words: str

    @property
    def arguments(self) -> tuple[object, ...]:
        """What it was made with: an exception of the web server has its status, too."""
        return (self.words, self.status) if self.name.startswith("werkzeug.") else (self.words,)

    @property
    def status(self) -> int:
        """What JSON-2 answers with."""
        return STATUSES.get(self.name, 500)


def user_error(words: str) -> Raised:
    """Something that the user cannot do as things stand."""
    return Raised("odoo.exceptions.UserError", words)


def invalid(words: str) -> Raised:
    """A value that breaks a rule."""
    return Raised("odoo.exceptions.ValidationError", words)


def value_error(words: str) -> Raised:
    """A call that makes no sense: an unknown field, a wrong domain."""
    return Raised("builtins.ValueError", words)


def type_error(words: str) -> Raised:
    """Arguments that do not fit the method."""
    return Raised("builtins.TypeError", words)


def attribute_error(words: str) -> Raised:
    """A method that is not there."""
    return Raised("builtins.AttributeError", words)


def access_denied() -> Raised:
    """No such user, or not his key."""
    return Raised("odoo.exceptions.AccessDenied", "Access Denied")


def access_error(words: str) -> Raised:
    """Something that this user may not do."""
    return Raised("odoo.exceptions.AccessError", words)


def missing(model: str, ids: Iterable[int], uid: int) -> Raised:
    """Records that are not there."""
    words = "Record does not exist or has been deleted."
    return Raised("odoo.exceptions.MissingError", f"{words}\n(Record: {shown(model, ids)}, User: {uid})")


def shown(model: str, ids: Iterable[int]) -> str:
    """Records as Python shows them: res.partner(3,)."""
    return f"{model}{tuple(ids)}"
