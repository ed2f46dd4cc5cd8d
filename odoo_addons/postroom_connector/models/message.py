"""What became of the messages that Postroom sent about a record."""

from odoo import _, api, fields, models

from ..exceptions import NotAllowed
from . import compat
from .connector import BRIDGE
from .facts import company_id

RANKS = {
    "queued": 0,
    "unknown": 1,
    "sent": 2,
    "failed": 3,
    "expired": 3,
    "cancelled": 3,
    "suppressed": 3,
    "delivered": 4,
    "read": 5,
}
"""States only move forward, as Postroom's own do."""

STATES = [
    ("queued", "Queued"),
    ("unknown", "Unknown"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
    ("suppressed", "Suppressed"),
    ("delivered", "Delivered"),
    ("read", "Read"),
]
"""Written out: Odoo translates what it finds in the source."""


class Message(models.Model):
    """One message of Postroom's about a record, by one channel."""

    _name = "postroom.message"
    _description = "Message sent by Postroom"
    _order = "id desc"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True, help="Postroom's id of the message")
    model = fields.Char(readonly=True, index=True)
    res_id = fields.Many2oneReference(model_field="model", readonly=True, index=True, string="Record")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    message_type = fields.Char(readonly=True)
    channel = fields.Char(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    reason = fields.Char(readonly=True)
    at = fields.Datetime(readonly=True)

    def init(self):
        """One row for each message."""
        compat.unique_index(self, "key")

    @api.model
    def set_status(self, key, model, res_id, message_type, channel, state, at, reason=""):
        """Note a state, for Postroom's user; what is older than what stands here changes nothing. Returns the state."""
        if not self.env.user.has_group(BRIDGE):
            raise NotAllowed(_("Only the user of Postroom may do this: add him to the group Postroom / Bridge."))
        messages = self.sudo()
        row = messages.search([("key", "=", key)], limit=1)
        values = {"state": state, "reason": reason or False, "at": at}
        if not row:
            about = {"key": key, "model": model, "res_id": res_id, "message_type": message_type, "channel": channel}
            record = messages.env[model].browse(res_id).exists() if model in self.env else None
            row = messages.create({**about, **values, "company_id": company_id(record)})
        elif RANKS.get(state, 0) > RANKS.get(row.state, 0):
            row.write(values)
        return row.state
