"""Decisions by the add-on: one signed command, carried out in the person's own name, once."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from postroom.domain.commands import Command, signed
from postroom.odoo.calls import Call
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from tests.live.place import Place, needs, newest
from tests.live.sheet import NotRun, Sheet

SECRET = "ODOO_COMMAND_SECRET"
CONNECTOR = "postroom.connector"


@pytest.fixture
def secret(erp: Odoo) -> str:
    if not erp.has_addon():
        raise NotRun("the add-on postroom_connector is not installed")
    if not os.environ.get(SECRET):
        raise NotRun(f"{SECRET} is not set")
    return os.environ[SECRET].split()[0]


@pytest.fixture
def order(erp: Odoo, place: Place) -> int:
    """A purchase order that waits for a manager."""
    needs(erp, "purchase.order")
    buyer = place.as_role(erp, "buyer")
    vendor = newest(buyer, "res.partner", [["is_company", "=", True]])["id"]
    domain = [["purchase_ok", "=", True]] if "purchase_ok" in buyer.fields("product.product") else []
    product = newest(buyer, "product.product", domain)["id"]
    line = {"product_id": product, "name": "Live test", "product_qty": 1, "price_unit": 5000.0}
    made = buyer.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    buyer.act("purchase.order", [made], "button_confirm")
    if _state(erp, made) != "to approve":
        raise NotRun("this Odoo wants no second approval: Purchase > Settings > Purchase Order Approval")
    return made


@pytest.fixture
def database(erp: Odoo, place: Place) -> str:
    return place.as_role(erp, "admin").database_uuid()


def approval(database: str, uid: int, order: int, **changes: Any) -> Command:
    told = {"key": str(uuid4()), "method": "button_approve", "watch": ("state",), **changes}
    return Command(database=database, uid=uid, model="purchase.order", id=order, **told)


def execute(erp: Odoo, command: Command, secret: str, at: datetime | None = None) -> dict[str, Any]:
    arguments = signed(command, secret, at or datetime.now(UTC))
    answer: dict[str, Any] = erp.call(Call(CONNECTOR, "execute_as", None, arguments, repeatable=True))
    return answer


def _state(erp: Odoo, order: int) -> str:
    return str(erp.read("purchase.order", [order], ["state"])[0]["state"])


def _seen(erp: Odoo, order: int) -> str:
    (row,) = erp.read("purchase.order", [order], ["display_name", "state", "write_uid", "write_date"])
    written = f"written {row['write_date']} by {row['write_uid'][1]}"
    return f"purchase.order:{order} {row['state']}, {written}: {row['display_name']}"


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("before", "after", "replayed")}


def test_a_managers_command_moves_the_order_once(
    erp: Odoo, place: Place, sheet: Sheet, order: int, secret: str, database: str
) -> None:
    command = approval(database, place.as_role(erp, "manager").uid, order)
    first = execute(erp, command, secret)
    sheet.add("execute_as(button_approve) for manager", _told(first), _seen(erp, order))
    again = execute(erp, command, secret)
    sheet.add("the same command again", _told(again), _seen(erp, order))
    assert (first["after"]["state"], _state(erp, order)) == ("purchase", "purchase")
    assert (first["replayed"], again["replayed"], again["after"]) == (False, True, first["after"])


def test_the_command_of_one_who_is_no_manager_moves_nothing(
    erp: Odoo, place: Place, sheet: Sheet, order: int, secret: str, database: str
) -> None:
    answer = execute(erp, approval(database, place.as_role(erp, "buyer").uid, order), secret)
    sheet.add("execute_as(button_approve) for buyer", _told(answer), _seen(erp, order))
    assert answer["before"]["state"] == answer["after"]["state"] == "to approve"


def test_a_command_about_another_revision_is_refused(
    erp: Odoo, place: Place, sheet: Sheet, order: int, secret: str, database: str
) -> None:
    command = approval(database, place.as_role(erp, "manager").uid, order, expected_revision="2020-01-01 00:00:00")
    assert _refused(erp, sheet, order, command, secret).endswith(".RecordChanged")


def test_a_command_that_is_old_is_refused(
    erp: Odoo, place: Place, sheet: Sheet, order: int, secret: str, database: str
) -> None:
    command = approval(database, place.as_role(erp, "manager").uid, order)
    code = _refused(erp, sheet, order, command, secret, datetime.now(UTC) - timedelta(minutes=10))
    assert code.endswith(".NotSigned")


def test_a_command_that_somebody_else_signed_is_refused(
    erp: Odoo, place: Place, sheet: Sheet, order: int, secret: str, database: str
) -> None:
    command = approval(database, place.as_role(erp, "manager").uid, order)
    forged = "whsec_" + "A" * 44
    assert secret != forged
    assert _refused(erp, sheet, order, command, forged).endswith(".NotSigned")


def test_a_command_for_our_own_user_is_refused(erp: Odoo, sheet: Sheet, order: int, secret: str, database: str) -> None:
    assert _refused(erp, sheet, order, approval(database, erp.uid, order), secret).endswith(".NotAllowed")


def _refused(erp: Odoo, sheet: Sheet, order: int, command: Command, secret: str, at: datetime | None = None) -> str:
    with pytest.raises(OdooError) as refused:
        execute(erp, command, secret, at)
    fault = refused.value.fault
    sheet.add("execute_as(button_approve)", f"{fault.code}: {fault.detail}", _seen(erp, order))
    assert _state(erp, order) == "to approve"
    return fault.code
