"""Views, menus and crons, which versions of Odoo want written differently: made at install and at upgrade."""

from odoo import api, models

from . import compat, on_record

NEWEST_FIRST = 'create="0" default_order="id desc"'
NAME = "postroom_connector"


class Setup(models.AbstractModel):
    """Called by the module's data."""

    _name = "postroom.setup"
    _description = "Set-up of Postroom's add-on"

    @api.model
    def _make(self):
        for name, values in self._crons().items():
            self._keep("ir.cron", f"cron_{name}", compat.cron_values(self.env, values))
        for model, title, *layout in LISTS:
            self._list(model, title, *layout)
        parent = self._keep("ir.ui.menu", "menu_root", self._root())
        for sequence, (name, values) in enumerate(self._actions().items()):
            action = self._keep("ir.actions.act_window", f"action_{name}", values)
            menu = {
                "name": values["name"],
                "parent_id": parent.id,
                "sequence": sequence,
                "action": f"ir.actions.act_window,{action.id}",
            }
            self._keep("ir.ui.menu", f"menu_{name}", menu)

    def _crons(self):
        return {
            "post": self._cron("Postroom: post events", "postroom.event", "_post_waiting", "minutes"),
            "overdue": self._cron(
                "Postroom: invoices that are overdue", "postroom.overdue", "_tell_of_overdue", "days"
            ),
        }

    def _cron(self, title, model, method, unit):
        return {
            "name": title,
            "model_id": self.env["ir.model"]._get_id(model),
            "state": "code",
            "code": f"model.{method}()",
            "interval_number": 1,
            "interval_type": unit,
        }

    def _root(self):
        menus = self.env["ir.ui.menu"]
        return {
            "name": "Postroom",
            "web_icon": f"{NAME},static/description/icon.png",
            compat.groups_field(menus): [(6, 0, self.env.ref(f"{NAME}.group_administrator").ids)],
            "sequence": 290,
        }

    def _actions(self):
        """What the menu opens; Odoo hides what a user may not read."""
        lists = {
            model.replace(".", "_"): {"name": title, "res_model": model, "view_mode": compat.act_window_modes()}
            for model, title, *_layout in LISTS
            if model != on_record.LINE
        }
        settings = {
            "name": "Settings",
            "res_model": "res.config.settings",
            "view_mode": "form",
            "context": repr({"module": NAME}),
        }
        return {**lists, "settings": settings}

    def _list(self, model, title, shown, attributes=NEWEST_FIRST, buttons=""):
        columns = "".join(f'<field name="{field}"/>' for field in shown)
        arch = f"<{compat.LIST} {attributes}>{buttons}{columns}</{compat.LIST}>"
        values = {"name": title, "model": model, "arch_base": arch, "type": compat.LIST}
        self._keep("ir.ui.view", f"view_{model.replace('.', '_')}", values)

    def _keep(self, model, name, values):
        """The record of this external id with these values; made where it is not there."""
        record = self.env.ref(f"{NAME}.{name}", raise_if_not_found=False)
        if record:
            record.write(values)
            return record
        record = self.env[model].create(values)
        known = {"module": NAME, "name": name, "model": model, "res_id": record.id, "noupdate": True}
        self.env["ir.model.data"].create(known)
        return record


AGAIN = '<header><button name="action_again" type="object" string="Post again"/></header>'

LISTS = (
    (
        "postroom.event",
        "Events",
        ("create_date", "type", "key", "state", "attempts", "answer"),
        NEWEST_FIRST,
        AGAIN,
    ),
    ("postroom.command", "Commands", ("create_date", "user_id", "model", "res_id", "method", "key")),
    ("postroom.message", "Messages", ("at", "message_type", "channel", "model", "res_id", "state", "reason")),
    (
        "postroom.allowed.method",
        "Allowed methods",
        ("model", "method", "fields_allowed", "active"),
        'editable="bottom"',
    ),
    (on_record.LINE, "Messages by Postroom", on_record.SHOWN, 'create="0" delete="0" edit="0"'),
)
"""Model, title, the columns of its list, its attributes and buttons."""
