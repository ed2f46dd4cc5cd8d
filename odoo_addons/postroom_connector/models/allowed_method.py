"""What Postroom may do in somebody's name, method by method."""

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from . import compat


class AllowedMethod(models.Model):
    """One method of one model; of `write` only some fields."""

    _name = "postroom.allowed.method"
    _description = "Method that Postroom may call in a person's name"
    _order = "model, method"
    _rec_name = "method"

    model = fields.Char(required=True, help="As in purchase.order; it need not be installed")
    method = fields.Char(required=True)
    fields_allowed = fields.Char(help="For write: the fields that may be set, separated by commas")
    active = fields.Boolean(default=True)

    def init(self):
        """One row for each method."""
        compat.unique_index(self, "model", "method")

    @api.constrains("method", "fields_allowed")
    def _check_method(self):
        for row in self:
            if row.method.startswith("_") or row.method in ("create", "unlink", "sudo", "with_user", "browse"):
                raise ValidationError(_("%s is not a method for others to call.", row.method))
            if row.method == "write" and not (row.fields_allowed or "").strip():
                raise ValidationError(_("Name the fields of %s that may be written.", row.model))

    @api.model
    def _allows(self, model, method, arguments):
        """Whether a call is on the list."""
        row = self.sudo().search([("model", "=", model), ("method", "=", method)], limit=1)
        if not row:
            return False
        if method != "write":
            return True
        listed = {name.strip() for name in row.fields_allowed.split(",")}
        values = arguments.get("vals")
        return set(arguments) == {"vals"} and isinstance(values, dict) and set(values) <= listed
