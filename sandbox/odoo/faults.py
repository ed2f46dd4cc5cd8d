"""What can go wrong in Odoo, and the users that always bring it about."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.scripts import Cut, Script, numbered

UNKNOWN_USER = "missing_user"

KINDS: Mapping[str, Script] = MappingProxyType(
    {
        UNKNOWN_USER: Script(
            "the user was deleted",
            error="odoo.exceptions.MissingError",
            text="Record does not exist or has been deleted.",
        ),
        "access_denied": Script("the API key is refused", error="odoo.exceptions.AccessDenied", text="Access Denied"),
        "access_error": Script(
            "our user may not do this",
            error="odoo.exceptions.AccessError",
            text="You are not allowed to create 'Message' (mail.message) records.",
        ),
        "validation": Script(
            "a value breaks a rule",
            error="odoo.exceptions.ValidationError",
            text="The operation cannot be completed: another model requires the record being deleted.",
        ),
        "serialization": Script(
            "concurrent changes",
            error="psycopg2.errors.SerializationFailure",
            text="could not serialize access due to concurrent update",
            passes=True,
        ),
        "database_down": Script(
            "Odoo cannot reach its PostgreSQL",
            error="psycopg2.OperationalError",
            text='connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused',
            passes=True,
        ),
        "unheard_of": Script(
            "an exception that nobody knows", error="odoo.addons.sandbox.exceptions.Strange", text="Something strange"
        ),
        "server_error": Script("500 from a proxy, no JSON in it", error=500, passes=True),
        "html": Script("200 with a page instead of JSON", error=200, passes=True),
        "slow": Script("taken, but the answer is slow", seconds=3),
        "hang": Script("not taken; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not taken; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("taken; the connection drops before the answer", cut=Cut.AFTER),
        "gateway": Script("502 from a proxy, no JSON in it", error=502, passes=True),
        "commit_then_fault": Script(
            "done, and answered with an error",
            error="smtplib.SMTPServerDisconnected",  # what follows a commit: Odoo's own mail, say
            text="Connection unexpectedly closed",
            committed=True,
        ),
    }
)

ENDINGS = numbered(9901, KINDS)
"""The last four digits of a user's id that bring a fault about: user:9901, user:9902, … in the order of the table."""
