"""The models that every Odoo has: companies, people, and what Odoo says of itself."""

import re
from typing import Any

from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import (
    active,
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
from sandbox.odoo.records import Env, Records
from sandbox.odoo.rights import groups_of

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
        "all_group_ids": many(
            "res.groups",
            "Groups and implied groups",
            editions=ONLY_19,
            readonly=True,
            compute=lambda user: sorted(groups_of(user.env, user.id)),
        ),
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

MODELS = (
    PARTNER,
    USERS,
    COMPANY,
    CURRENCY,
    COUNTRY,
    LANG,
    IR_MODEL,
    EXTERNAL_ID,
    PARAMETER,
    MODULE,
    CRON,
)
