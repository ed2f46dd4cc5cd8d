"""What an administrator sets."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import signing


class Settings(models.TransientModel):
    """The settings, and the button that tries them."""

    _inherit = "res.config.settings"

    postroom_active = fields.Boolean("Tell Postroom", config_parameter="postroom_connector.active")
    postroom_url = fields.Char("Postroom's address", config_parameter="postroom_connector.url")
    postroom_reminders = fields.Boolean("Remind of overdue invoices", config_parameter="postroom_connector.reminders")
    postroom_source = fields.Char("Source", config_parameter="postroom_connector.source", default="odoo")
    postroom_event_secret = fields.Char("Secret of events", config_parameter="postroom_connector.event_secret")
    postroom_command_secret = fields.Char("Secret of commands", config_parameter="postroom_connector.command_secret")

    @api.constrains("postroom_url", "postroom_source", "postroom_event_secret", "postroom_command_secret")
    def _check_postroom(self):
        for settings in self:
            faults = list(settings._postroom_faults())
            if faults:
                raise ValidationError("\n".join(faults))

    def _postroom_faults(self):
        url = (self.postroom_url or "").strip()
        if url and not url.startswith(("https://", "http://")):
            yield _("Postroom's address is none: write it as in https://post.example.com")
        if (
            self.postroom_source
            and not self.postroom_source.replace("/", "").replace("-", "").replace("_", "").isalnum()
        ):
            yield _("The source is a word, as in odoo or odoo/production: EVENT_SECRETS of Postroom begins with it.")
        for label, secrets in (
            (_("secret of events"), self.postroom_event_secret),
            (_("secret of commands"), self.postroom_command_secret),
        ):
            for secret in (secrets or "").split():
                if signing.fault_of(secret):
                    yield _("The %s is none: it is whsec_ with the base64 of 24 bytes or more behind it.", label)
        if self.postroom_active and not (url and self.postroom_event_secret):
            yield _("To tell Postroom anything, give its address and the secret of events.")

    def postroom_new_secrets(self):
        """Make the secrets that are not there yet."""
        self.ensure_one()
        parameters = self.env["ir.config_parameter"].sudo()
        for name in ("event_secret", "command_secret"):
            if not parameters.get_param(f"postroom_connector.{name}"):
                parameters.set_param(f"postroom_connector.{name}", signing.new_secret())
        return {"type": "ir.actions.client", "tag": "reload"}

    def postroom_try(self):
        """Save, post a signed test event, and say what came back."""
        self.ensure_one()
        self.set_values()
        if not self.postroom_url:
            raise UserError(_("Give Postroom's address first."))
        good, words = self.env["postroom.event"].sudo()._try()
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url") or ""
        if good and not base.startswith("https://"):
            good, words = (
                False,
                words
                + " "
                + _(
                    "But Odoo calls itself %s, and people are only sent to https: set the parameter web.base.url, or "
                    "no approval can be asked.",
                    base,
                ),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": "Postroom",
                "message": words,
                "type": "success" if good else "danger",
                "sticky": not good,
            },
        }
