"""The button on records that have messages of Postroom's, and what it opens."""

from lxml.builder import E
from odoo import _, api, fields, models

from . import compat
from .message import STATES

LINE = "postroom.message.line"
BOX = "//div[@name='button_box'][not(ancestor::field)]"
SHOWN = ("at", "message_type", "channel", "state", "reason")


class Thread(models.AbstractModel):
    """Every record with a chatter may have been written to somebody about."""

    _inherit = "mail.thread"

    postroom_messages = fields.Integer("Messages by Postroom", compute="_compute_postroom_messages")

    def _compute_postroom_messages(self):
        about = [("model", "=", self._name), ("res_id", "in", self.ids)]
        counts = dict(self.env["postroom.message"].sudo()._read_group(about, ["res_id"], ["__count"]))
        for record in self:
            record.postroom_messages = counts.get(record.id, 0)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            for box in arch.xpath(BOX)[:1]:
                box.append(self._postroom_button())
        return arch, view

    def _postroom_button(self):
        count = E.field(name="postroom_messages", widget="statinfo", string=_("Messages"))
        return E.button(
            count,
            name="action_postroom_messages",
            type="object",
            icon="fa-paper-plane-o",
            invisible="not postroom_messages",
            **{"class": "oe_stat_button"},
        )

    def action_postroom_messages(self):
        """Show what went out about this record, to whoever may see the record."""
        self.ensure_one()
        compat.refuse_unseen(self)
        messages = self.env["postroom.message"].sudo().search([("model", "=", self._name), ("res_id", "=", self.id)])
        lines = self.env[LINE].create([{name: message[name] for name in SHOWN} for message in messages])
        return {
            "type": "ir.actions.act_window",
            "name": _("Messages by Postroom"),
            "res_model": LINE,
            "views": [(False, compat.LIST)],
            "view_mode": compat.LIST,
            "domain": [("id", "in", lines.ids)],
        }


class MessageLine(models.TransientModel):
    """A message as one user was shown it: the messages themselves are for administrators."""

    _name = "postroom.message.line"
    _description = "Message sent by Postroom about a record"
    _order = "at desc, id desc"

    at = fields.Datetime(readonly=True)
    message_type = fields.Char(readonly=True)
    channel = fields.Char(readonly=True)
    state = fields.Selection(STATES, readonly=True)
    reason = fields.Char(readonly=True)
