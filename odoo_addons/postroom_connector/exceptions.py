"""What Postroom is told when a command is not carried out. The names travel with the answer."""

from odoo.exceptions import AccessError, UserError


class NotSigned(AccessError):
    """The signature, its age or its database is not right: nothing was looked at."""


class NotAllowed(AccessError):
    """The method is not on the list, or the user is none who may be spoken for."""


class RecordChanged(UserError):
    """The record is not as it was when the person was asked."""
