"""The one way by which Postroom acts in a person's name."""

import hashlib
import json

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import MissingError, UserError

from ..exceptions import NotAllowed, NotSigned, RecordChanged
from ..signing import believed
from .facts import company_id
from .reasons import REFUSALS

BRIDGE = "postroom_connector.group_bridge"
SQL_LOCK = 'select 1 from "{}" where id = %s for update'


class Connector(models.AbstractModel):
    """What Postroom calls by RPC."""

    _name = "postroom.connector"
    _description = "Postroom"

    @api.model
    def hello(self):
        """What `postroom odoo check` asks: our version and the database's own name."""
        self._refuse_strangers()
        module = self.env["ir.module.module"].sudo().search([("name", "=", "postroom_connector")], limit=1)
        return {"version": module.installed_version, "database": self._database()}

    @api.model
    def execute_as(self, body, timestamp, signature):
        """Carry out one signed command, once, in the named user's rights; in one transaction with what makes it once.

        :param str body: JSON of the command, exactly as it was signed
        :param int timestamp: seconds since 1970 at which it was signed
        :param str signature: "v1,..." over "key.timestamp.body"; several, with spaces between, while it is rotated
        :returns: key, replayed, before, after, revision, display_name and result
        """
        self._refuse_strangers()
        command = self._read_signed(body, timestamp, signature)
        row = self._claim(command["key"], hashlib.sha256(body.encode()).hexdigest())
        if isinstance(row, dict):
            return row
        answer = self._carry_out(command)
        row.write(
            {
                "user_id": command["uid"],
                "model": command["model"],
                "res_id": command["id"],
                "method": command["method"],
                "company_id": company_id(self.env[command["model"]].sudo().browse(command["id"]).exists()),
                "result": json.dumps(answer),
            }
        )
        return answer

    # Who asks, and what ---------------------------------------------------------------------------------------------

    def _refuse_strangers(self):
        if not self.env.user.has_group(BRIDGE):
            raise NotAllowed(_("Only the user of Postroom may do this: add him to the group Postroom / Bridge."))

    def _database(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _read_signed(self, body, timestamp, signature):
        parameters = self.env["ir.config_parameter"].sudo()
        secrets = parameters.get_param("postroom_connector.command_secret")
        command = self._parsed(body)
        if not secrets or not believed(secrets, command["key"], timestamp, body, signature):
            raise NotSigned(
                _(
                    "The command is not signed by the secret in Odoo's settings (Postroom), or not in the last "
                    "five minutes."
                )
            )
        if command["database"] != self._database():
            raise NotSigned(_("The command was meant for another database."))
        return command

    def _parsed(self, body):
        """The command, or NotSigned: what is not of our making was not signed by us either."""
        wanted = {
            "key": str,
            "database": str,
            "uid": int,
            "model": str,
            "id": int,
            "method": str,
            "arguments": dict,
            "watch": list,
        }
        try:
            command = json.loads(body)
        except (TypeError, ValueError):
            command = None
        if not isinstance(command, dict) or not all(
            isinstance(command.get(name), kind) for name, kind in wanted.items()
        ):
            raise NotSigned(_("This is no command of Postroom's."))
        return command

    # Once -----------------------------------------------------------------------------------------------------------

    def _claim(self, key, digest):
        """A new row, or the answer that the same command was given before. Two at once wait for each other here."""
        commands = self.env["postroom.command"].sudo()
        self.env.cr.execute(
            "insert into postroom_command (key, digest, create_uid, create_date, write_uid, write_date)"
            " values (%s, %s, %s, now() at time zone 'utc', %s, now() at time zone 'utc')"
            " on conflict (key) do nothing returning id",
            (key, digest, self.env.uid, self.env.uid),
        )
        made = self.env.cr.fetchone()
        if made:
            return commands.browse(made[0])
        row = commands.search([("key", "=", key)], limit=1)
        if row.digest != digest:
            raise NotAllowed(_("The key %s names another command already.", key))
        return {**json.loads(row.result), "replayed": True}

    # In his name ----------------------------------------------------------------------------------------------------

    def _carry_out(self, command):
        record = self._record(command, self._person(command["uid"]))
        before = self._seen(record, command["watch"])
        result = self._called(record, command["method"], dict(command["arguments"]))
        self.env.flush_all()
        record.invalidate_recordset()
        if not record.exists():
            raise MissingError(_("The record is gone now."))
        return {
            "key": command["key"],
            "replayed": False,
            "before": before,
            "after": self._seen(record.sudo(), command["watch"]),  # what he decided may be out of his sight now
            "revision": fields.Datetime.to_string(record.sudo().write_date) or "",
            "display_name": record.sudo().display_name,
            "result": _plain(result),
        }

    def _called(self, record, method, arguments):
        """What the method returned; where a reason comes with it, it goes the way that Odoo takes reasons."""
        reason = arguments.pop("reason", None)
        if reason:
            return REFUSALS[record._name, method](record, reason)
        return getattr(record, method)(**arguments)

    def _person(self, uid):
        """Whom we may speak for: a colleague who works here, and not a machine."""
        user = self.env["res.users"].sudo().browse(uid).exists()
        if not user or not user.active or user.share or uid == SUPERUSER_ID or user.has_group(BRIDGE):
            raise NotAllowed(_("User %s is none whom Postroom may speak for: he must be active and internal.", uid))
        return user

    def _record(self, command, user):
        """The record in his hands: locked, as it is now, and not changed since he was asked."""
        model, method = command["model"], command["method"]
        if model not in self.env:
            raise UserError(_("There is no model %s here.", model))
        self._refuse_unlisted(model, method, command["arguments"])
        self.env.cr.execute(SQL_LOCK.format(self.env[model]._table), (command["id"],))
        there = self.env.cr.fetchone()  # before anything else is asked by this cursor
        record = (
            self.env[model]
            .with_user(user)
            .with_context(lang=user.lang, tz=user.tz, allowed_company_ids=user.company_ids.ids)
            .browse(command["id"])
        )
        if not there:
            raise MissingError(_("The record is gone."))
        record = record.with_company(self._company_of(record, user))
        record.invalidate_recordset()
        expected = command.get("expected_revision")
        if expected and fields.Datetime.to_string(record.sudo().write_date) != expected:
            raise RecordChanged(_("%s was changed after the question was asked.", record.sudo().display_name))
        return record

    def _refuse_unlisted(self, model, method, arguments):
        called = {name: value for name, value in arguments.items() if name != "reason"}
        if self.env[model]._abstract or not self.env["postroom.allowed.method"]._allows(model, method, called):
            raise NotAllowed(
                _(
                    "%(model)s.%(method)s is not on the list of what Postroom may do. "
                    "Add it: Postroom, Allowed methods.",
                    model=model,
                    method=method,
                )
            )
        if "reason" in arguments and (model, method) not in REFUSALS:
            raise NotAllowed(_("%(model)s.%(method)s takes no reason.", model=model, method=method))

    def _company_of(self, record, user):
        own = record.sudo().company_id if "company_id" in record._fields else self.env["res.company"]
        return own if own in user.company_ids else user.company_id

    def _seen(self, record, names):
        """The watched fields that there are, as JSON has them."""
        known = [name for name in names if name in record._fields]
        row = record.read(known)[0] if known else {}
        return {name: _plain(row[name]) for name in known}


def _plain(value):
    """What a method returned, as JSON; records by their ids, and anything odd by its words."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, models.BaseModel):
        return value.ids
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)
