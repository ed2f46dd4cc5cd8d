"""Employees, their leaves and their expenses."""

from datetime import date as day
from datetime import timedelta
from typing import Any

from sandbox.odoo.chatter import message_post
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import active, boolean, char, children, choice, date, many, moment, money, number, one, text
from sandbox.odoo.models import Method, Model, Values
from sandbox.odoo.raised import user_error
from sandbox.odoo.records import Env, Records, clock

SATURDAY = 5
LEAVE_OFFICER = "hr_holidays.group_hr_holidays_user"
LEAVE_STATES = {
    "confirm": "To Approve",
    "refuse": "Refused",
    "validate1": "Second Approval",
    "validate": "Approved",
    "cancel": "Cancelled",
}


def _own_employee(env: Env) -> int | bool:
    found = env.sudo()["hr.employee"].search([["user_id", "=", env.uid]], limit=1)
    return found.id or False


SEEN = ("name", "user_id", "parent_id", "company_id", "work_email", "work_phone", "active", "create_date", "write_date")
"""What colleagues see of employees. Odoo has a view of the database for it; we write it down a second time."""


def show(employees: Records) -> None:
    """Let colleagues see employees who have just been made."""
    database = employees.env.database
    for employee in employees:
        row = database.row("hr.employee", employee.id) or {}
        database.insert("hr.employee.public", {name: row[name] for name in SEEN if name in row}, employee.id)


def _show_change(employees: Records, changes: Values) -> None:
    for employee in employees:
        seen = {name: value for name, value in changes.items() if name in SEEN}
        employees.env.database.update("hr.employee.public", employee.id, seen)


def _hide(employees: Records) -> None:
    for employee in employees:
        employees.env.database.delete("hr.employee.public", employee.id)


EMPLOYEE = Model(
    "hr.employee",
    "Employee",
    {
        "name": char("Employee Name", required=True),
        "user_id": one("res.users", "User"),
        "work_email": char("Work Email"),
        "work_phone": char("Work Phone"),
        "mobile_phone": char("Work Mobile"),
        "parent_id": one("hr.employee", "Manager"),
        "leave_manager_id": one("res.users", "Time Off Approver"),
        "expense_manager_id": one("res.users", "Expense Approver"),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
        "active": active(),
    },
    order="name",
    module="hr",
    thread=True,
    posts_by_reading=True,
    made=show,
    changed=_show_change,
    removed=_hide,
)


def _leave_of(person: Records) -> Records:
    """The leave that an employee is on today."""
    today = f"{clock():%Y-%m-%d}"
    on_leave = [["employee_id", "=", person.id], ["state", "=", "validate"]]
    days = [["request_date_from", "<=", today], ["request_date_to", ">=", today]]
    return person.env.sudo()["hr.leave"].search([*on_leave, *days], limit=1)


def _leave_ends(person: Records) -> str | bool:
    """The last day of his leave; 19 tells the first working day after it."""
    leave = _leave_of(person)
    if not leave:
        return False
    last = day.fromisoformat(str(leave["request_date_to"]))
    if person.env.edition.number == 17:
        return last.isoformat()
    following = (last + timedelta(days=number) for number in (1, 2, 3))
    return next(each for each in following if each.weekday() < SATURDAY).isoformat()


PUBLIC = Model(
    "hr.employee.public",
    "Public Employee",
    {
        "name": char("Name", readonly=True),
        "user_id": one("res.users", "User", readonly=True),
        "parent_id": one("hr.employee.public", "Manager", readonly=True),
        "company_id": one("res.company", "Company", readonly=True),
        "work_email": char("Work Email", readonly=True),
        "work_phone": char("Work Phone", readonly=True),
        "is_absent": boolean("Absent Today", readonly=True, compute=lambda person: bool(_leave_of(person))),
        "leave_date_to": date("To Date", readonly=True, compute=_leave_ends),
        "active": active(),
    },
    order="name",
    module="hr",
)


def set_state(documents: Records, changes: Values) -> None:
    """Write what the rules above allow, also where the user could not write it by himself; in his name."""
    documents.sudo().write(changes)


# Leaves -------------------------------------------------------------------------------------------------------------

LEAVE_TYPE = Model(
    "hr.leave.type",
    "Time Off Type",
    {
        "name": char("Time Off Type", required=True),
        "leave_validation_type": choice(
            "Approval",
            {
                "no_validation": "No Validation",
                "hr": "By Time Off Officer",
                "manager": "By Employee's Approver",
                "both": "By Employee's Approver and Time Off Officer",
            },
            default="hr",
        ),
        "requires_allocation": choice("Requires allocation", {"yes": "Yes", "no": "No"}, default="no"),
        "company_id": one("res.company", "Company"),
        "active": active(),
    },
    module="hr_holidays",
)


def _may_decide(leave: Records) -> bool:
    """The employee's approver and the officers; nobody his own, but for an officer."""
    env = leave.env
    officer = env.has_group(LEAVE_OFFICER)
    own = leave.sudo()["employee_id"]["user_id"].id == env.uid
    approver = leave.sudo()["employee_id"]["leave_manager_id"].id == env.uid
    return officer or (approver and not own)


def _check_decider(leaves: Records) -> None:
    for leave in leaves:
        if not _may_decide(leave):
            raise user_error(leave.env.edition.own_leave)


def _approve_17(leaves: Records) -> bool:
    """The first of two steps where both must agree, else the only one."""
    if any(leave["state"] != "confirm" for leave in leaves):
        raise user_error('Time off request must be confirmed ("To Approve") in order to approve it.')
    _check_decider(leaves)
    for leave in leaves:
        both = leave.sudo()["holiday_status_id"]["leave_validation_type"] == "both"
        set_state(leave, {"state": "validate1" if both else "validate"})
    return True


def _validate_17(leaves: Records) -> bool:
    """The second of two steps."""
    if any(leave["state"] not in ("confirm", "validate1") for leave in leaves):
        raise user_error("Time off request must be confirmed in order to approve it.")
    _check_decider(leaves)
    set_state(leaves, {"state": "validate"})
    return True


def _confirm_17(leaves: Records) -> bool:
    """Ask for approval; a leave that is made asks already."""
    del leaves
    raise user_error('Time off request must be in Draft state ("To Submit") in order to confirm it.')


def _approve_19(leaves: Records, check_state: bool = True) -> bool:
    """Both steps at once for an officer."""
    del check_state
    _check_decider(leaves)
    if any(leave["state"] not in ("confirm", "validate1") for leave in leaves):
        raise user_error(leaves.env.edition.own_leave)
    for leave in leaves:
        both = leave.sudo()["holiday_status_id"]["leave_validation_type"] == "both"
        half = both and leave["state"] == "confirm" and not leave.env.has_group(LEAVE_OFFICER)
        set_state(leave, {"state": "validate1" if half else "validate"})
    return True


def _refuse(leaves: Records) -> bool:
    """Say no, also after a yes."""
    if any(leave["state"] not in ("confirm", "validate", "validate1") for leave in leaves):
        raise user_error("Time off request must be confirmed or validated in order to refuse it.")
    _check_decider(leaves)
    set_state(leaves, {"state": "refuse"})
    return True


def _length(leave: Records) -> float:
    first, last = str(leave["request_date_from"]), str(leave["request_date_to"] or leave["request_date_from"])
    return float((day.fromisoformat(last) - day.fromisoformat(first)).days + 1)


def _leave_prepared(env: Env, values: Values) -> Values:
    values.setdefault("employee_id", _own_employee(env))
    values.setdefault("request_date_to", values.get("request_date_from"))
    kind = env.sudo().records("hr.leave.type", [values.get("holiday_status_id") or 0]).exists()
    if kind and kind["leave_validation_type"] == "no_validation":
        values.setdefault("state", "validate")
    return values


def _leave_shown(record: Records) -> str:
    kind, who = record["holiday_status_id"]["name"], record["employee_id"]["name"]
    return f"{who} on {kind}: {record['number_of_days']:.2f} days ({record['request_date_from']})"


LEAVE = Model(
    "hr.leave",
    "Time Off",
    {
        "name": char("Description"),
        "private_name": char("Time Off Description", related="name", groups=LEAVE_OFFICER),
        "employee_id": one("hr.employee", "Employee", required=True),
        "user_id": one("res.users", "User", related="employee_id.user_id", readonly=True),
        "holiday_status_id": one("hr.leave.type", "Time Off Type", required=True),
        "state": choice("Status", LEAVE_STATES, default="confirm", tracked=True, copied=False),
        "request_date_from": date("Request Start Date", required=True),
        "request_date_to": date("Request End Date"),
        "number_of_days": number("Duration (Days)", compute=_length),
        "company_id": one("res.company", "Company", related="employee_id.company_id", readonly=True),
    },
    {
        "action_approve": (Method(_approve_17, editions=ONLY_17), Method(_approve_19, editions=ONLY_19)),
        "action_validate": Method(_validate_17, editions=ONLY_17),
        "action_confirm": Method(_confirm_17, editions=ONLY_17),
        "action_refuse": Method(_refuse),
    },
    order="request_date_from desc",
    module="hr_holidays",
    shown=_leave_shown,
    thread=True,
    prepare=_leave_prepared,
    posts_by_reading=True,
)

# Expenses -----------------------------------------------------------------------------------------------------------

EXPENSE_OFFICER = "hr_expense.group_hr_expense_team_approver"
EXPENSE_ADMIN = "hr_expense.group_hr_expense_manager"
STATES_17 = {
    "draft": "To Report",
    "reported": "To Submit",
    "submitted": "Submitted",
    "approved": "Approved",
    "done": "Done",
    "refused": "Refused",
}
STATES_19 = {
    "draft": "Draft",
    "submitted": "Submitted",
    "approved": "Approved",
    "posted": "Posted",
    "in_payment": "In Payment",
    "paid": "Paid",
    "refused": "Refused",
}
SHEET_STATES = {
    "draft": "To Submit",
    "submit": "Submitted",
    "approve": "Approved",
    "post": "Posted",
    "done": "Done",
    "cancel": "Refused",
}
OF_A_SHEET = {"draft": "reported", "submit": "submitted", "approve": "approved", "post": "approved", "done": "done"}


def _approver_of(employee: Records) -> int | bool:
    return employee["expense_manager_id"].id or employee["parent_id"]["user_id"].id or False


def _check_approver(documents: Records) -> None:
    env = documents.env
    for each in documents.sudo():
        employee = each["employee_id"]
        own = employee["user_id"].id == env.uid
        named = _approver_of(employee) == env.uid
        admin = env.has_group(EXPENSE_ADMIN)
        if not (admin or (not own and (named or env.has_group(EXPENSE_OFFICER)))):
            raise user_error(f"You cannot approve:\n {each['name']}: {env.edition.own_expense}")


def _state_17(expense: Records) -> str:
    sheet = expense["sheet_id"]
    return OF_A_SHEET.get(sheet["state"], "refused") if sheet else "draft"


def _submit_17(expenses: Records) -> dict[str, Any]:
    """Put expenses on a report; the report is submitted by itself."""
    first = next(iter(expenses))
    row = {"name": first["name"], "employee_id": first["employee_id"].id}
    sheet = expenses.env["hr.expense.sheet"].create([{**row, "expense_line_ids": [(6, 0, expenses.ids)]}])
    return {
        "name": "New Expense Reports",
        "type": "ir.actions.act_window",
        "res_model": "hr.expense.sheet",
        "context": {},
        "views": [[False, "form"]],
        "domain": [["id", "in", sheet.ids]],
        "res_id": sheet.id,
    }


def _submit_19(expenses: Records) -> None:
    """Ask for approval; an approver approves his own at once."""
    for each in expenses:
        set_state(each, {"state": "submitted"})


def _approve_expenses(expenses: Records) -> None:
    """Say yes; to one that is approved already, without effect."""
    _check_approver(expenses)
    for each in expenses:
        if each["state"] == "submitted":
            set_state(each, {"state": "approved", "approval_date": each.env.now})


def _expense_prepared(env: Env, values: Values) -> Values:
    values.setdefault("employee_id", _own_employee(env))
    values.setdefault("total_amount", values.get("total_amount_currency") or 0.0)
    values.setdefault("total_amount_currency", values["total_amount"])
    return values


EXPENSE = Model(
    "hr.expense",
    "Expense",
    {
        "name": char("Description", required=True),
        "employee_id": one("hr.employee", "Employee", required=True),
        "product_id": one("product.product", "Category"),
        "date": date("Expense Date", default=lambda env: env.today),
        "total_amount": money("Total"),
        "total_amount_currency": money("Total In Currency"),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
        "payment_mode": choice(
            "Paid By", {"own_account": "Employee (to reimburse)", "company_account": "Company"}, default="own_account"
        ),
        "description": text("Internal Notes"),
        "sheet_id": one("hr.expense.sheet", "Expense Report", editions=ONLY_17, copied=False),
        "state": (
            choice("Status", STATES_17, compute=_state_17, editions=ONLY_17),
            choice("Status", STATES_19, default="draft", tracked=True, editions=ONLY_19, copied=False),
        ),
        "manager_id": one("res.users", "Manager", compute=lambda r: _approver_of(r["employee_id"]), editions=ONLY_19),
        "approval_date": moment("Approval Date", editions=ONLY_19, copied=False),
    },
    {
        "action_submit_expenses": Method(_submit_17, editions=ONLY_17),
        "action_submit": Method(_submit_19, editions=ONLY_19),
        "action_approve": Method(_approve_expenses, editions=ONLY_19),
    },
    order="date desc, id desc",
    module="hr_expense",
    thread=True,
    prepare=_expense_prepared,
)


def _submit_sheet(sheets: Records) -> None:
    """Ask for approval."""
    set_state(sheets, {"state": "submit"})


def _approve_sheets(sheets: Records) -> None:
    """Say yes; to one that is approved already, without effect."""
    _check_approver(sheets)
    for each in sheets:
        if each["state"] == "submit":
            set_state(each, {"state": "approve", "approval_state": "approve", "approval_date": each.env.now})


SHEET = Model(
    "hr.expense.sheet",
    "Expense Report",
    {
        "name": char("Expense Report Summary", required=True),
        "employee_id": one("hr.employee", "Employee", required=True),
        "user_id": one("res.users", "Manager", compute=lambda record: _approver_of(record["employee_id"])),
        "expense_line_ids": children("hr.expense", "sheet_id", "Expense Lines"),
        "total_amount": money("Total", compute=lambda r: sum(r["expense_line_ids"].mapped("total_amount"))),
        "state": choice("Status", SHEET_STATES, default="draft", tracked=True, copied=False),
        "approval_state": choice(
            "Approval State", {"submit": "Submitted", "approve": "Approved", "cancel": "Refused"}, copied=False
        ),
        "approval_date": moment("Approval Date", copied=False),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
    },
    {
        "action_submit_sheet": Method(_submit_sheet),
        "action_approve_expense_sheets": Method(_approve_sheets),
    },
    order="id desc",
    module="hr_expense",
    thread=True,
    editions=ONLY_17,
)


def _refuse_expenses(wizards: Records) -> dict[str, Any]:
    """Say no, with a reason."""
    env = wizards.env
    documents = wizards["sheet_ids"] if env.edition.number == 17 else wizards["expense_ids"]
    _check_approver(documents)
    refused = {"state": "cancel", "approval_state": "cancel"} if env.edition.number == 17 else {"state": "refused"}
    for each in documents:
        set_state(each, refused)
        message_post(each, body=f"Your expense {each['name']} has been refused\nReason: {wizards['reason']}")
    return {"type": "ir.actions.act_window_close"}


def _sheets_of(env: Env) -> list[Any]:
    chosen = env.context.get("active_ids") if env.context.get("active_model") == "hr.expense.sheet" else []
    return [(6, 0, list(chosen or []))]


REFUSE = Model(
    "hr.expense.refuse.wizard",
    "Expense Refuse Reason Wizard",
    {
        "reason": char("Reason", required=True),
        "sheet_ids": many("hr.expense.sheet", "Reports", default=_sheets_of, editions=ONLY_17),
        "expense_ids": many("hr.expense", "Expenses", editions=ONLY_19),
    },
    {"action_refuse": Method(_refuse_expenses)},
    module="hr_expense",
)

MODELS = (EMPLOYEE, PUBLIC, LEAVE_TYPE, LEAVE, EXPENSE, SHEET, REFUSE)
