"""Commands that were carried out: the row that makes each once, in the transaction of its effect."""

from odoo import fields, models

from . import compat


class Command(models.Model):
    """One command of Postroom, and what came of it."""

    _name = "postroom.command"
    _description = "Command carried out for Postroom"
    _order = "id desc"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True, help="Of the command: the same key with another one is refused")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null", string="In the name of")
    model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="model", readonly=True, string="Record")
    method = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    result = fields.Text(readonly=True)

    def init(self):
        """The index is what makes two commands at once one."""
        compat.unique_index(self, "key")
