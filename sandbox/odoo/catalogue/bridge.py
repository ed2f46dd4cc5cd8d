"""Postroom's own add-on: signed commands that are carried out in people's names, and how messages fare."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.odoo import chatter
from sandbox.odoo.calling import Wanted, find, run
from sandbox.odoo.fields import active, char, choice, integer, moment, one, text
from sandbox.odoo.models import Method, Model
from sandbox.odoo.raised import Raised, missing, user_error
from sandbox.odoo.records import ROOT, Env, Records, clock

ADD_ON = "postroom_connector"
GROUP = f"{ADD_ON}.group_bridge"
SECRET = f"{ADD_ON}.command_secret"
TOLERANCE_SECONDS = 300
KINDS: Mapping[str, type] = MappingProxyType(
    {
        "key": str,
        "database": str,
        "uid": int,
        "model": str,
        "id": int,
        "method": str,
        "arguments": dict,
        "watch": list,
    }
)
"""What a command must hold, and of which type."""
RANKS: Mapping[str, int] = MappingProxyType(
    {
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
)
"""States of messages only move forward."""


def _refused(name: str, words: str) -> Raised:
    return Raised(f"odoo.addons.{ADD_ON}.exceptions.{name}", words)


def _not_signed(words: str) -> Raised:
    return _refused("NotSigned", words)


def _not_allowed(words: str) -> Raised:
    return _refused("NotAllowed", words)


def _refuse_strangers(env: Env) -> None:
    if not env.has_group(GROUP):
        raise _not_allowed("Only the user of Postroom may do this: add him to the group Postroom / Bridge.")


def _parameter(env: Env, name: str) -> str:
    return str(env.sudo()["ir.config_parameter"].search([["key", "=", name]])["value"] or "")


def hello(records: Records) -> dict[str, str]:
    """The add-on's version, and the database's own name."""
    _refuse_strangers(records.env)
    return {"version": f"{records.env.edition.serie}.1.0.0", "database": _parameter(records.env, "database.uuid")}


# A command ----------------------------------------------------------------------------------------------------------


def execute_as(records: Records, body: str, timestamp: int, signature: str) -> dict[str, Any]:
    """Carry out one signed command, once, in the named user's rights."""
    env = records.env
    _refuse_strangers(env)
    command = _read_signed(env, body, timestamp, signature)
    digest = hashlib.sha256(body.encode()).hexdigest()
    kept = env.sudo()["postroom.command"].search([["key", "=", command["key"]]])
    if kept and kept["digest"] != digest:
        raise _not_allowed(f"The key {command['key']} names another command already.")
    if kept:
        return {**json.loads(kept["result"]), "replayed": True}
    told = _carried(env, command)
    about = {"model": command["model"], "res_id": command["id"], "method": command["method"], "user_id": command["uid"]}
    row = {"key": command["key"], "digest": digest, "result": json.dumps(told), **about}
    env.sudo()["postroom.command"].create([row])
    return told


def _read_signed(env: Env, body: str, timestamp: int, signature: str) -> dict[str, Any]:
    """The command, once its signature, its age and its database are proven."""
    command = _parsed(body)
    signed = f"{command['key']}.{timestamp}.{body}".encode()
    young = isinstance(timestamp, int) and abs(clock().timestamp() - timestamp) <= TOLERANCE_SECONDS
    if not young or not any(_is_signed(each, signed, signature) for each in _parameter(env, SECRET).split()):
        raise _not_signed(
            "The command is not signed by the secret in Odoo's settings (Postroom), or more than five minutes ago."
        )
    if command["database"] != _parameter(env, "database.uuid"):
        raise _not_signed("The command was meant for another database.")
    return command


def _parsed(body: str) -> dict[str, Any]:
    try:
        command = json.loads(body)
    except (TypeError, ValueError):
        command = None
    if not isinstance(command, dict) or not all(isinstance(command.get(name), kind) for name, kind in KINDS.items()):
        raise _not_signed("This is no command of Postroom's.")
    return command


def _is_signed(secret: str, signed: bytes, signature: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(digest.encode(), each.encode()) for each in str(signature).split())


# In his name --------------------------------------------------------------------------------------------------------


def _carried(env: Env, command: dict[str, Any]) -> dict[str, Any]:
    record = _record(env, command, _person(env, command["uid"]))
    watch = [name for name in command["watch"] if name in record.env.fields(record.model)]
    before = _seen(record, watch)
    result = _acted(record, command["method"], dict(command["arguments"]))
    record.need()
    return {
        "key": command["key"],
        "replayed": False,
        "before": before,
        "after": _seen(record, watch),
        "revision": record["write_date"],
        "display_name": record.sudo()["display_name"],
        "result": result,
    }


def _seen(record: Records, watch: list[str]) -> dict[str, Any]:
    return record.sudo().read(watch)[0] if watch else {}


def _person(env: Env, uid: int) -> int:
    """Whom Postroom may speak for: a colleague who works here, and not a machine."""
    user = env.sudo().records("res.users", [uid]).exists()
    if not user or not user["active"] or user["share"] or uid == ROOT or env.with_user(uid).has_group(GROUP):
        raise _not_allowed(f"User {uid} is none whom Postroom may speak for: he must be active and internal.")
    return int(user.id)


def _record(env: Env, command: dict[str, Any], uid: int) -> Records:
    """The record in his hands, as he was asked about it."""
    model, expected = command["model"], command.get("expected_revision")
    if model not in env.server.models:
        raise user_error(f"There is no model {model} here.")
    _refuse_unlisted(env, model, command["method"], command["arguments"])
    own = env.with_user(uid)
    companies = own.user["company_ids"].ids
    record = own.with_context(allowed_company_ids=companies).records(model, [command["id"]])
    if not record.exists():
        raise missing(model, [command["id"]], uid)
    if expected and record["write_date"] != expected:
        raise _refused("RecordChanged", f"{record.sudo()['display_name']} was changed after the question was asked.")
    return record


def _refuse_unlisted(env: Env, model: str, method: str, arguments: Mapping[str, Any]) -> None:
    called = {name: value for name, value in arguments.items() if name != "reason"}
    if not _allows(env, model, method, called):
        words = f"{model}.{method} is not on the list of what Postroom may do."
        raise _not_allowed(f"{words} Add it: Settings, Postroom, Allowed methods.")
    if "reason" in arguments and (model, method) not in REFUSALS:
        raise _not_allowed(f"{model}.{method} takes no reason.")


def _allows(env: Env, model: str, method: str, arguments: Mapping[str, Any]) -> bool:
    listed = env.sudo()["postroom.allowed.method"].search([["model", "=", model], ["method", "=", method]], limit=1)
    if not listed or method != "write":
        return bool(listed)
    fields = {name.strip() for name in str(listed["fields_allowed"]).split(",")}
    values = arguments.get("vals")
    return set(arguments) == {"vals"} and isinstance(values, dict) and set(values) <= fields


def _acted(record: Records, method: str, arguments: dict[str, Any]) -> Any:
    reason = arguments.pop("reason", None)
    refusal = REFUSALS.get((record.model, method)) if reason else None
    if refusal:
        return refusal(record, str(reason))
    find(record.env, record.model, method)
    return run(record.env, Wanted(record.model, method, record.ids, (), arguments))


def _by_wizard(field: str) -> Callable[[Records, str], Any]:
    def refuse(record: Records, reason: str) -> Any:
        wizards = record.env["hr.expense.refuse.wizard"]
        made = wizards.create([{"reason": reason, field: [(6, 0, record.ids)]}])
        return run(record.env, Wanted(made.model, "action_refuse", made.ids, (), {}))

    return refuse


def _by_note(method: str) -> Callable[[Records, str], Any]:
    def refuse(record: Records, reason: str) -> Any:
        result = run(record.env, Wanted(record.model, method, record.ids, (), {}))
        chatter.message_post(record, body=reason, message_type="comment", subtype_xmlid="mail.mt_note")
        return result

    return refuse


REFUSALS: Mapping[tuple[str, str], Callable[[Records, str], Any]] = MappingProxyType(
    {
        ("hr.expense", "action_refuse"): _by_wizard("expense_ids"),
        ("hr.expense.sheet", "action_refuse"): _by_wizard("sheet_ids"),
        ("hr.leave", "action_refuse"): _by_note("action_refuse"),
        ("purchase.order", "button_cancel"): _by_note("button_cancel"),
        ("sale.order", "action_cancel"): _by_note("action_cancel"),
    }
)
"""What is done instead where a reason comes with it."""

ALLOWED: tuple[tuple[str, str, str], ...] = (
    ("purchase.order", "button_approve", ""),
    ("purchase.order", "button_cancel", ""),
    ("sale.order", "action_confirm", ""),
    ("sale.order", "action_cancel", ""),
    ("hr.leave", "action_approve", ""),
    ("hr.leave", "action_validate", ""),
    ("hr.leave", "action_refuse", ""),
    ("hr.expense", "action_approve", ""),
    ("hr.expense", "action_refuse", ""),
    ("hr.expense.sheet", "action_approve_expense_sheets", ""),
    ("hr.expense.sheet", "action_refuse", ""),
    ("project.task", "write", "state"),
)
"""The list as it is installed: model, method, and of `write` the fields."""

# How messages fare --------------------------------------------------------------------------------------------------


def set_status(
    records: Records,
    key: str,
    model: str,
    res_id: int,
    message_type: str,
    channel: str,
    state: str,
    at: str,
    reason: str = "",
) -> str:
    """Note a state; what is older than what stands here changes nothing. The state that stands now."""
    _refuse_strangers(records.env)
    there = records.sudo().search([["key", "=", key]], limit=1)
    values = {"state": state, "reason": reason or False, "at": at}
    if not there:
        about = {"key": key, "model": model, "res_id": res_id, "message_type": message_type, "channel": channel}
        there = records.sudo().create([{**about, **values}])
    elif RANKS.get(state, 0) > RANKS.get(there["state"], 0):
        there.write(values)
    return str(there["state"])


CONNECTOR = Model(
    "postroom.connector",
    "Postroom",
    {},
    {"execute_as": Method(execute_as, on_model=True), "hello": Method(hello, on_model=True, acts=False)},
    module=ADD_ON,
)
COMMAND = Model(
    "postroom.command",
    "Command carried out for Postroom",
    {
        "key": char("Key", required=True),
        "digest": char("Digest", required=True),
        "user_id": one("res.users", "In the name of"),
        "model": char("Model"),
        "res_id": integer("Record"),
        "method": char("Method"),
        "result": text("Result"),
    },
    order="id desc",
    module=ADD_ON,
    shown=lambda record: str(record["key"]),
)
ALLOWED_METHOD = Model(
    "postroom.allowed.method",
    "Method that Postroom may call in a person's name",
    {
        "model": char("Model", required=True),
        "method": char("Method", required=True),
        "fields_allowed": char("Fields Allowed"),
        "active": active(),
    },
    order="model, method",
    module=ADD_ON,
    shown=lambda record: str(record["method"]),
)
MESSAGE = Model(
    "postroom.message",
    "Message sent by Postroom",
    {
        "key": char("Key", required=True),
        "model": char("Model"),
        "res_id": integer("Record"),
        "message_type": char("Message Type"),
        "channel": char("Channel"),
        "state": choice("State", {name: name.capitalize() for name in RANKS}, required=True),
        "reason": char("Reason"),
        "at": moment("At"),
    },
    {"set_status": Method(set_status, on_model=True)},
    order="id desc",
    module=ADD_ON,
    shown=lambda record: str(record["key"]),
)

MODELS = (CONNECTOR, COMMAND, ALLOWED_METHOD, MESSAGE)
