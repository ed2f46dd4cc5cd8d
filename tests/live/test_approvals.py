"""Documents are approved by people in their own name, and Odoo's own rules hold."""

from datetime import UTC, date, datetime, timedelta
from random import randrange
from typing import Any

import pytest

from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from tests.live.place import Place, needs, newest
from tests.live.sheet import NotRun, Sheet

EXPENSIVE = 5000.0


@pytest.fixture
def order(erp: Odoo, place: Place, sheet: Sheet) -> int:
    """A purchase order that waits for a manager."""
    needs(erp, "purchase.order")
    buyer = place.as_role(erp, "buyer")
    vendor = newest(buyer, "res.partner", [["is_company", "=", True]])["id"]
    line = {
        "product_id": _product(buyer, "purchase_ok"),
        "name": "Live test",
        "product_qty": 1,
        "price_unit": EXPENSIVE,
    }
    made = buyer.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    sheet.add("purchase.order.create as buyer", made, seen(erp, "purchase.order", made))
    answer = buyer.act("purchase.order", [made], "button_confirm")
    sheet.add("purchase.order.button_confirm as buyer", answer, seen(erp, "purchase.order", made))
    if state(erp, "purchase.order", made) != "to approve":
        raise NotRun("this Odoo wants no second approval: Purchase > Settings > Purchase Order Approval")
    return made


def test_a_manager_moves_the_purchase_order(erp: Odoo, place: Place, sheet: Sheet, order: int) -> None:
    answer = place.as_role(erp, "manager").act("purchase.order", [order], "button_approve")
    sheet.add("purchase.order.button_approve as manager", answer, seen(erp, "purchase.order", order))
    assert state(erp, "purchase.order", order) == "purchase"


def test_who_is_no_manager_moves_nothing(erp: Odoo, place: Place, sheet: Sheet, order: int) -> None:
    answer = place.as_role(erp, "buyer").act("purchase.order", [order], "button_approve")
    sheet.add("purchase.order.button_approve as buyer", answer, seen(erp, "purchase.order", order))
    assert state(erp, "purchase.order", order) == "to approve"


def test_our_own_user_approves_nothing(erp: Odoo, sheet: Sheet, order: int) -> None:
    for method in ("button_approve", "button_cancel"):
        try:
            answer: Any = erp.act("purchase.order", [order], method)
        except OdooError as error:
            answer = error.fault.code
        sheet.add(f"purchase.order.{method} as our user", answer, seen(erp, "purchase.order", order))
        assert state(erp, "purchase.order", order) == "to approve"


def test_a_manager_rejects_the_purchase_order(erp: Odoo, place: Place, sheet: Sheet, order: int) -> None:
    answer = place.as_role(erp, "manager").act("purchase.order", [order], "button_cancel")
    sheet.add("purchase.order.button_cancel as manager", answer, seen(erp, "purchase.order", order))
    assert state(erp, "purchase.order", order) == "cancel"


@pytest.fixture(params=["manager", "both"])
def leave(request: pytest.FixtureRequest, erp: Odoo, place: Place, sheet: Sheet) -> int:
    """A day off that somebody asked for, to be approved by one or by two."""
    needs(erp, "hr.leave")
    employee = place.as_role(erp, "employee")
    kind = _unbounded(employee, request.param)
    day = _free_monday(erp)
    asked = {"holiday_status_id": kind["id"], "request_date_from": f"{day}", "request_date_to": f"{day}"}
    made = employee.create("hr.leave", {**asked, **_himself(employee), "name": "Live test"})
    if state(erp, "hr.leave", made) == "draft":
        employee.act("hr.leave", [made], "action_confirm")
    sheet.add(f"hr.leave.create as employee ({kind['display_name']})", made, seen(erp, "hr.leave", made))
    return made


def test_a_leave_is_approved(erp: Odoo, place: Place, sheet: Sheet, leave: int) -> None:
    approver = place.as_role(erp, "approver")
    answer = approver.act("hr.leave", [leave], "action_approve")
    sheet.add("hr.leave.action_approve as approver", answer, seen(erp, "hr.leave", leave))
    if state(erp, "hr.leave", leave) == "validate1":
        answer = approver.act("hr.leave", [leave], "action_validate")
        sheet.add("hr.leave.action_validate as approver", answer, seen(erp, "hr.leave", leave))
    assert state(erp, "hr.leave", leave) == "validate"


def test_a_leave_is_refused(erp: Odoo, place: Place, sheet: Sheet, leave: int) -> None:
    answer = place.as_role(erp, "approver").act("hr.leave", [leave], "action_refuse")
    sheet.add("hr.leave.action_refuse as approver", answer, seen(erp, "hr.leave", leave))
    assert state(erp, "hr.leave", leave) == "refuse"


def test_nobody_approves_his_own_leave(erp: Odoo, place: Place, sheet: Sheet, leave: int) -> None:
    with pytest.raises(OdooError) as refused:
        place.as_role(erp, "employee").act("hr.leave", [leave], "action_approve")
    sheet.add("hr.leave.action_approve as employee", refused.value.fault.code, seen(erp, "hr.leave", leave))
    assert state(erp, "hr.leave", leave) == "confirm"


def test_an_expense_is_approved(erp: Odoo, place: Place, sheet: Sheet) -> None:
    needs(erp, "hr.expense")
    employee, approver = place.as_role(erp, "employee"), place.as_role(erp, "approver")
    model, asked = _expense(employee, sheet)
    method = "action_approve_expense_sheets" if model == "hr.expense.sheet" else "action_approve"
    answer = approver.act(model, [asked], method)
    sheet.add(f"{model}.{method} as approver", answer, seen(erp, model, asked))
    assert state(erp, model, asked) in {"approve", "approved"}


def _expense(employee: Odoo, sheet: Sheet) -> tuple[str, int]:
    """An expense that was submitted: a report of it where there are reports."""
    values = {"name": "Live test", **_himself(employee), "product_id": _product(employee, "can_be_expensed")}
    # Of two expenses of one amount on one day 19 asks whether the second is a duplicate, and does not approve it.
    amount = 100 + randrange(900_000) / 100
    made = employee.create("hr.expense", {**values, "total_amount_currency": amount})
    sheet.add("hr.expense.create as employee", made, seen(employee, "hr.expense", made))
    if not employee.has_model("hr.expense.sheet"):
        answer = employee.act("hr.expense", [made], "action_submit")
        sheet.add("hr.expense.action_submit as employee", answer, seen(employee, "hr.expense", made))
        return "hr.expense", made
    employee.act("hr.expense", [made], "action_submit_expenses")
    (row,) = employee.read("hr.expense", [made], ["sheet_id"])
    report = row["sheet_id"][0]
    answer = employee.act("hr.expense.sheet", [report], "action_submit_sheet")
    sheet.add("hr.expense.sheet.action_submit_sheet as employee", answer, seen(employee, "hr.expense.sheet", report))
    return "hr.expense.sheet", report


def _unbounded(employee: Odoo, validation: str) -> dict[str, Any]:
    """A kind of leave that needs no allocation: "no" on 17 and 18, False on 19."""
    wanted = [["leave_validation_type", "=", validation]]
    kinds = employee.search_read("hr.leave.type", wanted, ["display_name", "requires_allocation"])
    free = [kind for kind in kinds if kind["requires_allocation"] in ("no", False)]
    if not free:
        raise NotRun(f"no kind of leave that is approved by {validation} and needs no allocation")
    return free[-1]


def _himself(employee: Odoo) -> dict[str, int]:
    """The employee that a user is, where Odoo does not find that out by itself."""
    if "employee_id" not in employee.fields("res.users"):
        return {}
    (row,) = employee.read("res.users", [employee.uid], ["employee_id"])
    return {"employee_id": row["employee_id"][0]} if row["employee_id"] else {}


def _product(erp: Odoo, field: str) -> int:
    domain = [[field, "=", True]] if field in erp.fields("product.product") else []
    number: int = newest(erp, "product.product", domain)["id"]
    return number


def _free_monday(erp: Odoo) -> date:
    """A working day after all that anybody has asked for."""
    last = erp.search_read("hr.leave", [], ["request_date_to"], limit=1, order="request_date_to desc")
    after = (
        date.fromisoformat(last[0]["request_date_to"])
        if last and last[0]["request_date_to"]
        else datetime.now(UTC).date()
    )
    return after + timedelta(days=7 - after.weekday())


def state(erp: Odoo, model: str, number: int) -> str:
    """As our own user reads it."""
    (row,) = erp.read(model, [number], ["state"])
    return str(row["state"])


def seen(erp: Odoo, model: str, number: int) -> str:
    """The record, read again."""
    (row,) = erp.read(model, [number], ["display_name", "state", "write_date"])
    return f"{model}:{number} {row['state']}, written {row['write_date']}: {row['display_name']}"
