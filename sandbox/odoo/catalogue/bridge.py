"""Postroom's own add-on: one method by which a signed command is carried out in somebody's name."""

import base64
import hashlib
import hmac
import json
from typing import Any

from sandbox.odoo.fields import char, text
from sandbox.odoo.models import Method, Model
from sandbox.odoo.raised import Raised
from sandbox.odoo.records import Env, Records, clock

ADD_ON = "postroom_connector"
SECRET = "postroom_connector.command_secret"  # noqa: S105  (the parameter's name)
TOLERANCE_SECONDS = 300
FIELDS = frozenset({"arguments", "database", "expected_revision", "id", "key", "method", "model", "uid", "watch"})


def _refused(name: str, words: str) -> Raised:
    return Raised(f"odoo.addons.{ADD_ON}.exceptions.{name}", words)


def execute_as(records: Records, body: str, timestamp: int, signature: str) -> dict[str, Any]:
    """Carry out a command once; the same key again is answered as the first time."""
    env = records.env
    command = _believed(env, body, timestamp, signature)
    kept = env.sudo()["postroom.command"].search([["key", "=", command["key"]]])
    if kept:
        return _again(kept, body)
    told = _carried(env, command)
    row = {"key": command["key"], "body": body, "answer": json.dumps(told)}
    env.sudo()["postroom.command"].create([row])
    return {**told, "replayed": False}


def _again(kept: Records, body: str) -> dict[str, Any]:
    if kept["body"] != body:
        raise _refused("NotAllowed", "This key was used for another command.")
    return {**json.loads(kept["answer"]), "replayed": True}


def _believed(env: Env, body: str, timestamp: int, signature: str) -> dict[str, Any]:
    """The command, once its signature, its age and its database are proven."""
    try:
        command = json.loads(body)
    except ValueError as error:
        raise _refused("NotSigned", "The command is not JSON.") from error
    if not isinstance(command, dict) or set(command) != FIELDS:
        raise _refused("NotSigned", "The command does not have the fields that it must have.")
    secrets = [_parameter(env, name) for name in (SECRET, f"{SECRET}_previous")]
    signed = f"{command['key']}.{timestamp}.{body}".encode()
    if not any(secret and _is_signed(secret, signed, signature) for secret in secrets):
        raise _refused("NotSigned", "The signature does not fit.")
    if abs(clock().timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise _refused("NotSigned", "The command is too old, or the clocks differ.")
    if command["database"] != _parameter(env, "database.uuid"):
        raise _refused("NotAllowed", "The command is for another database.")
    return command


def _parameter(env: Env, name: str) -> str:
    return str(env.sudo()["ir.config_parameter"].search([["key", "=", name]])["value"] or "")


def _is_signed(secret: str, signed: bytes, signature: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(digest.encode(), each.encode()) for each in signature.split())


def _carried(env: Env, command: dict[str, Any]) -> dict[str, Any]:
    from sandbox.odoo.calling import Wanted, run

    own = env.with_user(_person(env, command["uid"]))
    model, method, watch = command["model"], command["method"], command["watch"]
    record = own.records(own.model(model).name, [command["id"]])
    record.need()
    before = record.read(watch or ["id"])[0]
    expected = command["expected_revision"]
    if expected is not None and str(record["write_date"]) != expected:
        raise _refused("RecordChanged", f"The record was changed at {record['write_date']} UTC.")
    result = run(own, Wanted(model, method, [command["id"]], (), command["arguments"]))
    there = record.exists()
    return {
        "key": command["key"],
        "before": {name: before[name] for name in watch},
        "after": {name: value for name, value in there.read(watch)[0].items() if name in watch} if there else {},
        "revision": there["write_date"] if there else False,
        "display_name": there["display_name"] if there else "",
        "result": result,
    }


def _person(env: Env, uid: int) -> int:
    """An active internal user; nobody else's name is lent."""
    user = env.sudo().with_context(active_test=False).records("res.users", [uid]).exists()
    if not user or not user["active"] or user["share"] or uid == 1:
        raise _refused("NotAllowed", "The person has no active internal user.")
    return int(user.id)


CONNECTOR = Model(
    "postroom.connector",
    "Postroom",
    {},
    {"execute_as": Method(execute_as, on_model=True)},
    module=ADD_ON,
)
COMMAND = Model(
    "postroom.command",
    "Postroom Command",
    {
        "key": char("Key", required=True),
        "body": text("Command"),
        "answer": text("Answer"),
    },
    module=ADD_ON,
)

MODELS = (CONNECTOR, COMMAND)
