"""What a fresh database holds: people, rights, and the documents of the demonstration, always with the same ids."""

import base64
import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.odoo import rights, seed_rights
from sandbox.odoo.catalogue.bridge import ALLOWED, GROUP, SECRET
from sandbox.odoo.catalogue.staff import show
from sandbox.odoo.records import Env, Records, Server, clock

ADMIN, SERVICE = 101, 2
PERMISSIONS = MappingProxyType({"r": "perm_read", "w": "perm_write", "c": "perm_create", "u": "perm_unlink"})

PEOPLE: Mapping[str, tuple[int, str, tuple[str, ...]]] = MappingProxyType(
    {
        "postroom": (
            SERVICE,
            "Postroom",
            ("base.group_user", "__postroom__.group_bridge", GROUP, "mail.group_mail_notification_type_inbox"),
        ),
        "admin": (
            ADMIN,
            "Mitchell Admin",
            (
                "base.group_system",
                "base.group_multi_company",
                "purchase.group_purchase_manager",
                "sales_team.group_sale_manager",
                "account.group_account_manager",
                "hr_holidays.group_hr_holidays_manager",
                "hr_expense.group_hr_expense_manager",
                "project.group_project_manager",
                "helpdesk.group_helpdesk_user",
            ),
        ),
        "bridge": (102, "Bridge Service", ("base.group_user",)),
        "buyer": (103, "Bea Buyer", ("purchase.group_purchase_user",)),
        "pmanager": (104, "Pat Purchase Manager", ("purchase.group_purchase_manager",)),
        "approver": (
            105,
            "Ana Approver",
            (
                "hr_holidays.group_hr_holidays_manager",
                "hr_expense.group_hr_expense_manager",
                "base.group_user",
            ),
        ),
        "employee": (106, "Eva Employee", ("base.group_user",)),
        "salesman": (107, "Sam Salesman", ("sales_team.group_sale_salesman",)),
        "accountant": (108, "Al Accountant", ("account.group_account_invoice",)),
        "portal1": (109, "Portal Uno", ("base.group_portal",)),
    }
)
"""By login: the user's id, his name, his groups. A partner's id is the user's plus 100."""
CUSTOMER, VENDOR, PORTAL_CONTACT = 301, 302, 209

EXTERNAL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mail.mt_comment": ("mail.message.subtype", "Discussions"),
        "mail.mt_note": ("mail.message.subtype", "Note"),
        "mail.mt_activities": ("mail.message.subtype", "Activities"),
        "mail.mail_activity_data_email": ("mail.activity.type", "Email"),
        "mail.mail_activity_data_call": ("mail.activity.type", "Call"),
        "mail.mail_activity_data_meeting": ("mail.activity.type", "Meeting"),
        "mail.mail_activity_data_todo": ("mail.activity.type", "To-Do"),
        "mail.mail_activity_data_upload_document": ("mail.activity.type", "Document"),
        "project.project_stage_new": ("project.task.type", "New"),
    }
)


def furnish(server: Server) -> None:
    """Fill an empty database."""
    env = server.root()
    _currencies(env)
    _models(env)
    _groups(env)
    _people(env)
    for external_id, (model, name) in EXTERNAL.items():
        named(env, external_id, model, {"name": name})
    _rights(env)
    _parameters(env)
    _modules(env)
    _documents(env)


def named(env: Env, external_id: str, model: str, values: Mapping[str, Any], record_id: int | None = None) -> Records:
    """A record with an external id."""
    made = _row(env, model, values, record_id)
    module, _, name = external_id.partition(".")
    env.database.insert("ir.model.data", {"module": module, "name": name, "model": model, "res_id": made.id})
    return made


def _row(env: Env, model: str, values: Mapping[str, Any], record_id: int | None = None) -> Records:
    """A row that no rule has looked at, with defaults."""
    row = {"create_uid": 1, "create_date": _past(), "write_uid": 1, "write_date": _past(), **values}
    known = env.fields(model)
    for name, field in known.items():
        if name not in row and field.kept and field.default is not None and not callable(field.default):
            row[name] = field.default
    return env.records(model, [env.database.insert(model, row, record_id)])


def _past() -> str:
    """An hour ago: whatever is changed now has another revision."""
    return f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"


def day(offset: int) -> str:
    """A day before or after today."""
    return f"{clock() + timedelta(days=offset):%Y-%m-%d}"


# Who and what there is ----------------------------------------------------------------------------------------------


def _currencies(env: Env) -> None:
    for name, symbol in (("EUR", "€"), ("USD", "$"), ("GBP", "£")):
        named(env, f"base.{name}", "res.currency", {"name": name, "symbol": symbol})
    for code, name in (("ES", "Spain"), ("FR", "France"), ("DE", "Germany"), ("GB", "United Kingdom")):
        named(env, f"base.{code.lower()}", "res.country", {"name": name, "code": code})
    for code, name in (("en_US", "English (US)"), ("es_ES", "Spanish"), ("fr_FR", "French"), ("de_DE", "German")):
        row = {"name": name, "code": code, "iso_code": code[:2], "active": True}
        named(env, f"base.lang_{code}", "res.lang", row)


def _models(env: Env, modules: AbstractSet[str] | None = None) -> None:
    for name in sorted(env.server.models):
        model = env.server.models[name]
        if modules is not None and model.module not in modules:
            continue
        external_id = f"{model.module}.model_{name.replace('.', '_')}"
        named(env, external_id, "ir.model", {"model": name, "name": model.title, "state": "base"})


def _groups(env: Env) -> None:
    place, model = (
        ("category_id", "ir.module.category") if env.edition.number == 17 else ("privilege_id", "res.groups.privilege")
    )
    places: dict[str, int] = {"": 0}
    for external_id, (application, name, implied) in seed_rights.GROUPS.items():
        if application not in places:
            places[application] = _row(env, model, {"name": application}).id
        row = {"name": name, place: places[application] or False, "implied_ids": [env.ref(each).id for each in implied]}
        named(env, external_id, "res.groups", row)


def _people(env: Env) -> None:
    company = _row(env, "res.partner", {"name": "Acme Iberia SL", "is_company": True, "lang": "es_ES"}, 1)
    row = {"name": "Acme Iberia SL", "partner_id": company.id, "currency_id": env.ref("base.EUR").id}
    two_step = {"po_double_validation": "two_step", "po_double_validation_amount": 100.0}
    named(env, "base.main_company", "res.company", {**row, **two_step}, 1)
    _row(env, "res.partner", {"name": "OdooBot", "active": False}, 90)
    robot = {"login": "__system__", "partner_id": 90, "active": False, "company_id": 1, "company_ids": [1]}
    named(env, "base.user_root", "res.users", robot, 1)
    for login, (uid, name, groups) in PEOPLE.items():
        address = {"name": name, "email": f"{login}@example.com", "lang": "en_US", "tz": "Europe/Madrid"}
        partner = _row(env, "res.partner", address, uid + 100)
        user = {"login": login, "partner_id": partner.id, "company_id": 1, "company_ids": [1]}
        held = [env.ref(each).id for each in groups]
        own = {env.edition.users_groups: sorted(rights.implied(env, held)) if env.edition.number == 17 else held}
        _row(env, "res.users", {**user, **own}, uid)


COLLEAGUE = (
    "base.group_user",
    "purchase.group_purchase_manager",
    "hr_holidays.group_hr_holidays_manager",
    "hr_expense.group_hr_expense_manager",
)
"""Whoever is introduced to the sandbox as a user is somebody who is asked for approvals, and may give them."""


def colleague(env: Env, user_id: int, name: str, address: str) -> None:
    """A user of this number, or the one there is under this name and address."""
    facts = {"name": name or address, "email": address}
    there = env.records("res.users", [user_id]).exists()
    if there:
        there["partner_id"].write(facts)
        return
    partner = env["res.partner"].create([facts]).id
    row = {"login": address, "partner_id": partner, "company_id": 1, "company_ids": [1]}
    _row(env, "res.users", {**row, env.edition.users_groups: [env.ref(each).id for each in COLLEAGUE]}, user_id)


def mark_installed(env: Env, module: str, *, on: bool) -> None:
    """Say that a module is there or not, and give it what it begins with when it comes for the first time."""
    row = env["ir.module.module"].search([["name", "=", module]])
    row.write({"state": "installed" if on else "uninstalled"})
    if on and not env.ref(f"{module}.model_{module}_ticket") and module == "helpdesk":
        _models(env, {"helpdesk"})
        _rights(env, {each for each in env.server.models if each.startswith("helpdesk.")})
        named(env, "helpdesk.stage_new", "helpdesk.stage", {"name": "New", "sequence": 0})
        named(env, "helpdesk.stage_solved", "helpdesk.stage", {"name": "Solved", "sequence": 10, "fold": True})
        named(env, "helpdesk.helpdesk_team1", "helpdesk.team", {"name": "Customer Care"})


def _rights(env: Env, only: AbstractSet[str] | None = None) -> None:
    ids = {row["model"]: row["id"] for row in env["ir.model"].search([]).read(["model"])}
    ids = {model: record_id for model, record_id in ids.items() if only is None or model in only}
    for model, granted in seed_rights.ACCESS.items():
        for group, letters in granted.items() if model in ids else ():
            permissions = {field: letter in letters for letter, field in PERMISSIONS.items()}
            row = {"model_id": ids[model], "group_id": env.ref(group).id if group else False, **permissions}
            _row(env, "ir.model.access", {"name": f"{model} {group}".strip(), **row})
    for model in seed_rights.OF_A_COMPANY if only is None else ():
        row = {"name": f"{model}: multi-company", "model_id": ids[model], "domain_force": seed_rights.COMPANY_RULE}
        _row(env, "ir.rule", row)
    for model, group, domain, letters in seed_rights.RULES:
        if model in ids:
            permissions = {field: letter in letters for letter, field in PERMISSIONS.items()}
            row = {"model_id": ids[model], "groups": [env.ref(group).id], "domain_force": domain, **permissions}
            _row(env, "ir.rule", {"name": f"{model}: {group}", **row})


def _parameters(env: Env) -> None:
    server = env.server
    for key, value in {
        "database.uuid": database_uuid(server.edition.number),
        "web.base.url": server.base_url,
        SECRET: command_secret(server.secret),
    }.items():
        _row(env, "ir.config_parameter", {"key": key, "value": value})
    for model, method, fields in ALLOWED:
        _row(env, "postroom.allowed.method", {"model": model, "method": method, "fields_allowed": fields or False})


def database_uuid(version: int) -> str:
    """What tells this database from others; the same in every sandbox."""
    return str(uuid5(NAMESPACE_URL, f"https://postroom.invalid/sandbox/odoo{version}"))


def command_secret(secret: str) -> str:
    """What commands for this sandbox are signed with: made from its one secret, and long enough."""
    return "whsec_" + base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def key_of(secret: str, login: str) -> str:
    """A user's API key: the sandbox's secret for our own user, else the secret with the login behind it."""
    return secret if login == "postroom" else f"{secret}:{login}"


def _modules(env: Env) -> None:
    for name in sorted({*env.server.modules, "helpdesk"}):
        state = "installed" if name in env.server.modules else "uninstalled"
        version = f"{env.edition.serie}.1.0.0"
        named(env, f"base.module_{name}", "ir.module.module", {"name": name, "state": state, "latest_version": version})


# Documents ----------------------------------------------------------------------------------------------------------


def _documents(env: Env) -> None:
    customer = {"name": "Cliente Demo SL", "is_company": True, "email": "cliente@example.com", "lang": "es_ES"}
    _row(
        env,
        "res.partner",
        {**customer, "phone": "+34600111222", "customer_rank": 1, "user_id": uid("salesman")},
        CUSTOMER,
    )
    env.database.update("res.partner", PORTAL_CONTACT, {"parent_id": CUSTOMER})
    vendor = {"name": "Proveedor Demo SARL", "is_company": True, "lang": "fr_FR", "supplier_rank": 1}
    _row(env, "res.partner", {**vendor, "email": "proveedor@example.com"}, VENDOR)
    _row(env, "product.product", {"name": "Cable 3 m", "list_price": 20.0}, 1)
    _row(env, "product.product", {"name": "Bridge Expense", "can_be_expensed": True}, 2)
    _staff(env)
    _orders(env)
    _invoices(env)
    _row(env, "project.project", {"name": "Postroom tickets", "user_id": ADMIN}, 1)
    _row(env, "crm.lead", {"name": "Cables for the new office", "partner_id": CUSTOMER, "user_id": uid("salesman")}, 1)


def uid(login: str) -> int:
    """The id of somebody in the table above."""
    return PEOPLE[login][0]


def _staff(env: Env) -> None:
    approver = {"name": "Ana Approver", "user_id": uid("approver"), "company_id": 1}
    _row(env, "hr.employee", approver, 1)
    managers = {"leave_manager_id": uid("approver"), "expense_manager_id": uid("approver"), "parent_id": 1}
    own = {"name": "Eva Employee", "user_id": uid("employee"), "company_id": 1}
    _row(env, "hr.employee", {**own, **managers}, 2)
    show(env.records("hr.employee", [1, 2]))
    for number, name, kind in ((1, "Leave by Both", "both"), (2, "Leave by Manager", "manager")):
        _row(env, "hr.leave.type", {"name": name, "leave_validation_type": kind, "requires_allocation": "no"}, number)
    for number in (1, 2):
        days = {"request_date_from": day(20 * number), "request_date_to": day(20 * number + 4)}
        row = {"name": "Holidays", "employee_id": 2, "holiday_status_id": number, **days}
        _row(env, "hr.leave", {**row, "create_uid": uid("employee")}, number)
    amounts = {"total_amount": 42.0, "total_amount_currency": 42.0, "currency_id": 1, "date": day(-2)}
    row = {"name": "Taxi to the customer", "employee_id": 2, "product_id": 2, "company_id": 1, **amounts}
    if env.edition.number == 17:
        sheet = {"name": row["name"], "employee_id": 2, "currency_id": 1, "company_id": 1, "state": "submit"}
        _row(env, "hr.expense.sheet", sheet, 1)
        _row(env, "hr.expense", {**row, "sheet_id": 1}, 1)
    else:
        _row(env, "hr.expense", {**row, "state": "submitted"}, 1)


def _orders(env: Env) -> None:
    common = {"currency_id": 1, "company_id": 1, "date_order": _past()}
    buying = {**common, "partner_id": VENDOR, "user_id": uid("buyer"), "create_uid": uid("buyer")}
    for number, state, price in ((42, "to approve", 250.0), (43, "to approve", 4900.0), (44, "draft", 60.0)):
        _row(env, "purchase.order", {**buying, "name": f"P{number:05d}", "state": state}, number)
        _lines(env, "purchase.order.line", number, "product_qty", price)
    env.database.draw_from("purchase.order", 44)
    selling = {**common, "partner_id": CUSTOMER, "user_id": uid("salesman"), "create_uid": uid("salesman")}
    for number, state in ((17, "sale"), (23, "sent"), (24, "draft")):
        row = {**selling, "name": f"S{number:05d}", "state": state, "validity_date": day(30)}
        _row(env, "sale.order", row, number)
        _lines(env, "sale.order.line", number, "product_uom_qty", 155.0)
    env.database.draw_from("sale.order", 24)


def _lines(env: Env, model: str, order: int, quantity: str, price: float) -> None:
    row = {"order_id": order, "name": "Cable 3 m", "product_id": 1, quantity: 2.0, "price_unit": price}
    _row(env, model, row)


def _invoices(env: Env) -> None:
    year = day(-10)[:4]
    facts = {"move_type": "out_invoice", "partner_id": CUSTOMER, "invoice_user_id": uid("salesman"), "currency_id": 1}
    for number, due, mark, state in (
        (88, -10, {}, "posted"),
        (89, -40, {"amount_paid": 121.0}, "posted"),
        (90, 20, {}, "draft"),
        (91, 30, {}, "posted"),
    ):
        name = f"INV/{year}/{number:05d}" if state == "posted" else env.edition.draft_name
        dates = {"invoice_date": day(due - 30) if state == "posted" else False, "invoice_date_due": day(due)}
        row = {**facts, **dates, **mark, "name": name, "state": state, "company_id": 1}
        _row(env, "account.move", row, number)
        price = 121.0 if number != 88 else 1250.0
        _row(env, "account.move.line", {"move_id": number, "name": "Cable 3 m", "quantity": 1.0, "price_unit": price})
    env.database.draw_from(f"INV/{year}/", 91)
    fed = {"payment_ref": "Daily statement", "date": day(0), "amount": 0.0, "is_reconciled": True, "company_id": 1}
    _row(env, "account.bank.statement.line", {**fed, "currency_id": 1}, 1)
