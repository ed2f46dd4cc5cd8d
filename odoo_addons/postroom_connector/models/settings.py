"""What an administrator sets."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import signing
from . import compat


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
                fault = signing.fault_of(secret)
                if fault:
                    yield _("The %(label)s %(fault)s.", label=label, fault=fault)
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


class Setup(models.AbstractModel):
    """Views, menus and crons that are written differently in different versions; made at install and at upgrade."""

    _name = "postroom.setup"
    _description = "Set-up of Postroom's add-on"

    @api.model
    def _make(self):
        for name, values in self._crons().items():
            self._keep("ir.cron", f"cron_{name}", compat.cron_values(self.env, values))
        parent = self._keep(
            "ir.ui.menu",
            "menu_root",
            {
                "name": "Postroom",
                "parent_id": self.env.ref("base.menu_administration").id,
                "sequence": 90,
            },
        )
        for sequence, page in enumerate(SHOWN):
            self._page(parent, sequence, *page)

    def _crons(self):
        events, overdue = (self.env["ir.model"]._get_id(name) for name in ("postroom.event", "postroom.overdue"))
        return {
            "post": {
                "name": "Postroom: post events",
                "model_id": events,
                "state": "code",
                "code": "model._post_waiting()",
                "interval_number": 1,
                "interval_type": "minutes",
            },
            "overdue": {
                "name": "Postroom: invoices that are overdue",
                "model_id": overdue,
                "state": "code",
                "code": "model._tell_of_overdue()",
                "interval_number": 1,
                "interval_type": "days",
            },
        }

    def _page(self, parent, sequence, model, title, shown, buttons="", attributes='create="0" default_order="id desc"'):
        name = model.replace(".", "_")
        columns = "".join(f'<field name="{field}"/>' for field in shown)
        arch = f"<{compat.LIST} {attributes}>{buttons}{columns}</{compat.LIST}>"
        self._keep(
            "ir.ui.view", f"view_{name}", {"name": title, "model": model, "arch_base": arch, "type": compat.LIST}
        )
        action = self._keep(
            "ir.actions.act_window",
            f"action_{name}",
            {
                "name": title,
                "res_model": model,
                "view_mode": compat.act_window_modes(),
            },
        )
        self._keep(
            "ir.ui.menu",
            f"menu_{name}",
            {
                "name": title,
                "parent_id": parent.id,
                "sequence": sequence,
                "action": f"ir.actions.act_window,{action.id}",
            },
        )

    def _keep(self, model, name, values):
        """The record of this external id with these values; made where it is not there."""
        record = self.env.ref(f"postroom_connector.{name}", raise_if_not_found=False)
        if record:
            record.write(values)
            return record
        record = self.env[model].create(values)
        self.env["ir.model.data"].create(
            {
                "module": "postroom_connector",
                "name": name,
                "model": model,
                "res_id": record.id,
                "noupdate": True,
            }
        )
        return record


SHOWN = (
    (
        "postroom.event",
        "Events",
        ("create_date", "type", "key", "state", "attempts", "answer"),
        '<header><button name="action_again" type="object" string="Post again"/></header>',
    ),
    ("postroom.command", "Commands", ("create_date", "user_id", "model", "res_id", "method", "key")),
    ("postroom.message", "Messages", ("at", "message_type", "channel", "model", "res_id", "state", "reason")),
    (
        "postroom.allowed.method",
        "Allowed methods",
        ("model", "method", "fields_allowed", "active"),
        "",
        'editable="bottom"',
    ),
)
"""Model, title, the columns of its list, its buttons and attributes."""
