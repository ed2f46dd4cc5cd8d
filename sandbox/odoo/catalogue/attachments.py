"""Attachments: bytes that belong to a document, and are as open as it is."""

import base64
import hashlib
import secrets
from mimetypes import guess_type
from uuid import UUID

from sandbox.odoo import chatter, rights
from sandbox.odoo.fields import binary, boolean, char, choice, integer, one, text
from sandbox.odoo.models import Method, Model, Values
from sandbox.odoo.raised import access_error
from sandbox.odoo.records import Env, Records

OCTETS = "application/octet-stream"


def content(record: Records) -> bytes:
    """The bytes of an attachment."""
    return base64.b64decode(record["datas"] or "")


def _home(record: Records) -> str | bool:
    if not (record["res_model"] and record["res_id"]):
        return False
    return str(record.env.records(record["res_model"], [record["res_id"]]).exists()["display_name"])


def _generate_access_token(records: Records) -> list[str]:
    for each in records:
        if not each["access_token"]:
            each.write({"access_token": str(UUID(bytes=secrets.token_bytes(16), version=4))})
    return records.mapped("access_token")


def _attachment_prepared(env: Env, values: Values) -> Values:
    raw = values.pop("raw", None)
    if raw and not values.get("datas"):
        values["datas"] = base64.b64encode(str(raw).encode()).decode()
    values["mimetype"] = values.get("mimetype") or guess_type(str(values.get("name")))[0] or OCTETS
    _check_attaching(env, values.get("res_model"), values.get("res_id"))
    return values


def _check_attaching(env: Env, model: str | None, record_id: int | None) -> None:
    """Only whoever may change a document may attach to it."""
    if env.su or not (model and record_id and model in env.server.models):
        return
    document = env.records(model, [record_id])
    if env.edition.attach_refused and not rights.reaches(document.exists(), "write"):
        raise access_error(env.edition.attach_refused)
    rights.check_model(env, model, "write")
    rights.check_records(document, "write")


def _attachment_guard(record: Records, operation: str) -> bool:
    """As the document that it belongs to; a loose one is its maker's."""
    row = record.sudo()
    if operation == "create" or (operation == "read" and row["public"]):
        return True
    if not row["res_id"]:
        return bool(row["create_uid"].id == record.env.uid)
    needed = "read" if operation == "read" else "write"
    return rights.reaches_document(record.env, row["res_model"], row["res_id"], needed)


ATTACHMENT = Model(
    "ir.attachment",
    "Attachment",
    {
        "name": char("Name", required=True),
        "description": text("Description"),
        "datas": binary("File Content (base64)"),
        "raw": binary("File Content (raw)", compute=lambda record: record["datas"]),
        "mimetype": char("Mime Type"),
        "checksum": char(
            "Checksum/SHA1", compute=lambda r: hashlib.sha1(content(r), usedforsecurity=False).hexdigest()
        ),
        "file_size": integer("File Size", compute=lambda record: len(content(record))),
        "res_model": char("Resource Model"),
        "res_id": integer("Resource ID"),
        "res_field": char("Resource Field"),
        "res_name": char("Resource Name", compute=_home),
        "type": choice("Type", {"url": "URL", "binary": "File"}, default="binary"),
        "url": char("Url"),
        "public": boolean("Is public document"),
        "access_token": char("Access Token"),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
    },
    {
        "generate_access_token": Method(_generate_access_token),
        "register_as_main_attachment": Method(chatter.register_as_main_attachment),
    },
    order="id desc",
    prepare=_attachment_prepared,
    guard=_attachment_guard,
)

MODELS = (ATTACHMENT,)
