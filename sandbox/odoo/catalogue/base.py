"""The models that every Odoo has: companies, people, rights, attachments, parameters."""

import base64
import hashlib
import re
import secrets
from mimetypes import guess_type
from typing import Any
from uuid import UUID

from sandbox.odoo import chatter, rights
from sandbox.odoo.domains import compiled
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import (
    active,
    binary,
    boolean,
    char,
    children,
    choice,
    html,
    integer,
    many,
    moment,
    money,
    one,
    text,
)
from sandbox.odoo.models import Method, Model, Values
from sandbox.odoo.raised import Raised, access_error, invalid
from sandbox.odoo.records import Env, Records
from sandbox.odoo.rights import groups_of, implied
from sandbox.odoo.rules import evaluated

OCTETS = "application/octet-stream"
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NOT_DIGITS = re.compile(r"[\s().-]")


def normal_address(written: object) -> str | bool:
    """A mailbox alone, in lower case."""
    found = MAILBOX.findall(str(written or ""))
    return found[0].lower() if len(found) == 1 else False


def normal_number(written: object) -> str | bool:
    """A number in E.164 where it is one already but for its spaces."""
    bare = NOT_DIGITS.sub("", str(written or ""))
    return bare if re.fullmatch(r"\+[1-9]\d{7,14}", bare) else False


# Partners and users -------------------------------------------------------------------------------------------------


def _partner_shown(record: Records) -> str:
    name, parent = record["name"] or "", record["parent_id"]
    return f"{parent['name']}, {name}" if parent and not record["is_company"] else str(name)


def _sanitized(record: Records) -> str | bool:
    mobile = record["mobile"] if "mobile" in record.env.fields(record.model) else False
    return normal_number(mobile) or normal_number(record["phone"])


def _commercial(record: Records) -> int:
    while record["parent_id"] and not record["is_company"]:
        record = record["parent_id"]
    return record.id


PARTNER = Model(
    "res.partner",
    "Contact",
    {
        "name": char("Name"),
        "email": char("Email"),
        "email_normalized": char("Normalized Email", compute=lambda record: normal_address(record["email"])),
        "phone": char("Phone"),
        "mobile": char("Mobile", editions=ONLY_17),
        "phone_sanitized": char("Sanitized Number", compute=_sanitized),
        "lang": char("Language", default=lambda env: env.user["lang"] or "en_US"),
        "tz": char("Timezone"),
        "ref": char("Reference"),
        "vat": char("Tax ID"),
        "street": char("Street"),
        "zip": char("Zip"),
        "city": char("City"),
        "country_id": one("res.country", "Country"),
        "comment": html("Notes"),
        "type": choice(
            "Address Type",
            {"contact": "Contact", "invoice": "Invoice", "delivery": "Delivery", "other": "Other"},
            default="contact",
        ),
        "is_company": boolean("Is a Company"),
        "parent_id": one("res.partner", "Related Company"),
        "child_ids": children("res.partner", "parent_id", "Contact"),
        "commercial_partner_id": one("res.partner", "Commercial Entity", compute=_commercial),
        "user_id": one("res.users", "Salesperson"),
        "user_ids": children("res.users", "partner_id", "Users"),
        "company_id": one("res.company", "Company"),
        "customer_rank": integer("Customer Rank"),
        "supplier_rank": integer("Supplier Rank"),
        "partner_share": boolean("Share Partner", compute=lambda r: all(r["user_ids"].mapped("share"))),
        "active": active(),
    },
    order="name, id",
    shown=_partner_shown,
    thread=True,
    not_null={"name": "Contacts require a name"},
    marks_copies=True,
)


def _user_prepared(env: Env, values: Values) -> Values:
    """A user is a contact with a login; without groups he is an employee."""
    groups = env.edition.users_groups
    if not values.get("partner_id"):
        row = {"name": values.get("name") or values.get("login"), "email": values.get("email") or False}
        values["partner_id"] = env.sudo()["res.partner"].create([row]).id
    values.setdefault(groups, [(4, env.ref("base.group_user").id)])
    values.setdefault("company_id", env.company.id)
    values.setdefault("company_ids", [(6, 0, [values["company_id"]])])
    return values


def _is_share(record: Records) -> bool:
    return record.env.ref("base.group_user").id not in groups_of(record.env, record.id)


def _has_group(records: Records, group_ext_id: str) -> bool:
    return records.env.has_group(group_ext_id)


def _user_has_group(records: Records, group_ext_id: str) -> bool:
    wanted = records.env.ref(group_ext_id).id
    return wanted in groups_of(records.env, records.id)


def _context_get(records: Records) -> dict[str, Any]:
    user = records.env.user
    return {"lang": user["lang"], "tz": user["tz"], "uid": user.id}


USERS = Model(
    "res.users",
    "User",
    {
        "login": char("Login", required=True),
        "password": char("Password", compute=lambda _record: ""),
        "partner_id": one("res.partner", "Related Partner", required=True),
        "name": char("Name", related="partner_id.name"),
        "email": char("Email", related="partner_id.email"),
        "phone": char("Phone", related="partner_id.phone"),
        "mobile": char("Mobile", related="partner_id.mobile", editions=ONLY_17),
        "lang": char("Language", related="partner_id.lang"),
        "tz": char("Timezone", related="partner_id.tz"),
        "groups_id": many("res.groups", "Groups", editions=ONLY_17),
        "group_ids": many("res.groups", "Groups", editions=ONLY_19),
        "company_id": one("res.company", "Company", required=True),
        "company_ids": many("res.company", "Companies"),
        "share": boolean("Share User", compute=_is_share),
        "notification_type": choice(
            "Notification", {"email": "Handle by Emails", "inbox": "Handle in Odoo"}, default="email"
        ),
        "signature": html("Email Signature"),
        "active": active(),
    },
    {
        "has_group": (
            Method(_has_group, on_model=True, acts=False, editions=ONLY_17),
            Method(_user_has_group, acts=False, editions=ONLY_19),
        ),
        "context_get": Method(_context_get, on_model=True, acts=False),
    },
    order="name, login",
    shown=lambda record: str(record["name"]),
    prepare=_user_prepared,
)
COMPANY = Model(
    "res.company",
    "Companies",
    {
        "name": char("Company Name", required=True),
        "partner_id": one("res.partner", "Partner"),
        "email": char("Email", related="partner_id.email"),
        "currency_id": one("res.currency", "Currency"),
        "country_id": one("res.country", "Country", related="partner_id.country_id"),
        "parent_id": one("res.company", "Parent Company"),
        "po_double_validation": choice(
            "Levels of Approvals",
            {"one_step": "Confirm purchase orders in one step", "two_step": "Get 2 levels of approvals"},
            default="one_step",
        ),
        "po_double_validation_amount": money("Double validation amount", default=5000.0),
        "active": active(),
    },
    order="name, id",
)

CURRENCY = Model(
    "res.currency", "Currency", {"name": char("Currency", required=True), "symbol": char("Symbol"), "active": active()}
)
COUNTRY = Model("res.country", "Country", {"name": char("Country Name", required=True), "code": char("Country Code")})
LANG = Model(
    "res.lang",
    "Languages",
    {
        "name": char("Name", required=True),
        "code": char("Locale Code", required=True),
        "iso_code": char("ISO code"),
        "active": boolean("Active"),
    },
)

# Rights -------------------------------------------------------------------------------------------------------------


def _full_name(record: Records) -> str:
    place = record["category_id"] if "category_id" in record.env.fields(record.model) else record["privilege_id"]
    return f"{place['name']}/{record['name']}" if place else str(record["name"])


GROUPS = Model(
    "res.groups",
    "Access Groups",
    {
        "name": char("Name", required=True),
        "full_name": char("Group Name", compute=_full_name),
        "comment": text("Comment"),
        "category_id": one("ir.module.category", "Application", editions=ONLY_17),
        "privilege_id": one("res.groups.privilege", "Privilege", editions=ONLY_19),
        "implied_ids": many("res.groups", "Inherits"),
        "users": many("res.users", "Users", inverse="groups_id", editions=ONLY_17),
        "user_ids": many("res.users", "Users", inverse="group_ids", editions=ONLY_19),
        "model_access": children("ir.model.access", "group_id", "Access Controls"),
        "rule_groups": many("ir.rule", "Rules", inverse="groups"),
        "all_implied_ids": many(
            "res.groups", "Implied", compute=lambda r: sorted(implied(r.env, [r.id])), editions=ONLY_19
        ),
        "share": boolean("Share Group"),
    },
    shown=_full_name,
)
CATEGORY = Model("ir.module.category", "Application", {"name": char("Name", required=True)}, editions=ONLY_17)
PRIVILEGE = Model("res.groups.privilege", "Privileges", {"name": char("Name", required=True)}, editions=ONLY_19)
PERMISSIONS = {
    "perm_read": boolean("Read"),
    "perm_write": boolean("Write"),
    "perm_create": boolean("Create"),
    "perm_unlink": boolean("Delete"),
}
ACCESS = Model(
    "ir.model.access",
    "Model Access",
    {
        "name": char("Name", required=True),
        "model_id": one("ir.model", "Model", required=True),
        "group_id": one("res.groups", "Group"),
        "active": active(),
        **PERMISSIONS,
    },
)


def _rule_prepared(env: Env, values: Values) -> Values:
    model = env.sudo().records("ir.model", [values.get("model_id") or 0]).exists()
    try:
        if model and model["model"] in env.server.models:
            compiled(env.sudo(), model["model"], evaluated(env, values.get("domain_force") or "[]"))
    except Raised as exception:
        raise invalid(f"Invalid domain: {exception.words}") from exception
    return values


RULE = Model(
    "ir.rule",
    "Record Rule",
    {
        "name": char("Name"),
        "model_id": one("ir.model", "Model", required=True),
        "groups": many("res.groups", "Groups"),
        "domain_force": text("Domain"),
        "active": active(),
        "global": boolean("Global", compute=lambda record: not record["groups"]),
        **{name: boolean(field.string, default=True) for name, field in PERMISSIONS.items()},
    },
    prepare=_rule_prepared,
)

# Odoo about itself --------------------------------------------------------------------------------------------------

IR_MODEL = Model(
    "ir.model",
    "Models",
    {
        "name": char("Model Description", required=True),
        "model": char("Model", required=True),
        "transient": boolean("Transient Model"),
        "state": choice("Type", {"manual": "Custom Object", "base": "Base Object"}, default="base"),
    },
    order="model",
)


def _complete_name(record: Records) -> str:
    return f"{record['module']}.{record['name']}"


EXTERNAL_ID = Model(
    "ir.model.data",
    "Model Data",
    {
        "name": char("External Identifier", required=True),
        "module": char("Module", default=""),
        "model": char("Model Name", required=True),
        "res_id": integer("Record ID"),
        "complete_name": char("Complete ID", compute=_complete_name),
        "noupdate": boolean("Non Updatable"),
    },
    order="module, model, name",
    shown=_complete_name,
)


def _get_param(records: Records, key: str, default: Any = False) -> Any:
    found = records.search([["key", "=", key]], limit=1)
    return found["value"] if found else default


def _set_param(records: Records, key: str, value: Any) -> Any:
    found = records.search([["key", "=", key]], limit=1)
    before = found["value"] if found else False
    if value is False or value is None:
        found.unlink()
    elif found:
        found.write({"value": str(value)})
    else:
        records.create([{"key": key, "value": str(value)}])
    return before


PARAMETER = Model(
    "ir.config_parameter",
    "System Parameter",
    {"key": char("Key", required=True), "value": text("Value", required=True)},
    {
        "get_param": Method(_get_param, on_model=True, acts=False),
        "set_param": Method(_set_param, on_model=True),
    },
    order="key",
    shown=lambda record: str(record["key"]),
)
MODULE = Model(
    "ir.module.module",
    "Module",
    {
        "name": char("Technical Name", required=True),
        "shortdesc": char("Module Name"),
        "state": choice(
            "Status", {"uninstalled": "Not Installed", "installed": "Installed", "to upgrade": "To be upgraded"}
        ),
        "latest_version": char("Installed Version"),
        "installed_version": char("Latest Version", related="latest_version", readonly=True),
        "author": char("Author"),
    },
    order="name",
)
CRON = Model(
    "ir.cron",
    "Scheduled Actions",
    {
        "name": char("Name", required=True),
        "cron_name": char("Name", related="name"),
        "interval_number": integer("Interval Number", default=1),
        "interval_type": choice(
            "Interval Unit",
            {"minutes": "Minutes", "hours": "Hours", "days": "Days", "weeks": "Weeks", "months": "Months"},
            default="months",
        ),
        "nextcall": moment("Next Execution Date", default=lambda env: env.now),
        "lastcall": moment("Last Execution Date"),
        "user_id": one("res.users", "Scheduler User"),
        "numbercall": integer("Number of Calls", editions=ONLY_17, default=-1),
        "active": active(),
    },
    order="name",
)

# Attachments --------------------------------------------------------------------------------------------------------


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

MODELS = (
    PARTNER,
    USERS,
    COMPANY,
    CURRENCY,
    COUNTRY,
    LANG,
    GROUPS,
    CATEGORY,
    PRIVILEGE,
    ACCESS,
    RULE,
    IR_MODEL,
    EXTERNAL_ID,
    PARAMETER,
    MODULE,
    CRON,
    ATTACHMENT,
)
