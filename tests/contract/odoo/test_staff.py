"""Managers, leave and roles, as both versions tell them to whoever is no more than an employee."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from postroom.domain.people import User
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.users import users_of
from sandbox.odoo.seed import key_of
from sandbox.testing import SECRET, Running, running_sandbox

MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(params=["odoo17", "odoo19"])
def url(request: pytest.FixtureRequest, sandbox: Running) -> str:
    sandbox.post("odoo_reset")
    return f"{sandbox.url}/{request.param}"


def as_user(url: str, login: str, key: str) -> Odoo:
    return connect(Access(url, "sandbox", login, key, answer_timeout=3.0))


def staff(url: str) -> dict[str, User]:
    return {user.login: user for users in users_of(as_user(url, "postroom", SECRET)) for user in users}


def test_a_user_has_the_manager_of_his_employee_and_the_roles_that_his_groups_imply(url: str):
    found = staff(url)
    assert found["employee"].manager_id == found["approver"].user_id
    assert found["approver"].manager_id is None
    assert found["pmanager"].roles == (
        "base.group_user",
        "purchase.group_purchase_manager",
        "purchase.group_purchase_user",
    )


def test_a_user_is_away_until_the_day_that_he_is_back(url: str):
    admin = as_user(url, "admin", key_of(SECRET, "admin"))
    today = datetime.now(UTC).date()
    last = today + timedelta(days=(4 - today.weekday()) % 7)  # a Friday
    days = {"request_date_from": str(today), "request_date_to": str(last)}
    admin.write("hr.leave", [2], {**days, "state": "validate"})

    eva = staff(url)["employee"]
    back = last + timedelta(days=1 if url.endswith("17") else 3)  # 19 knows of the weekend
    assert eva.away
    assert eva.away_until == datetime(back.year, back.month, back.day, tzinfo=MADRID)
    assert not staff(url)["approver"].away


def test_what_our_user_may_not_read_is_left_out_and_everybody_is_known_still(url: str):
    before = staff(url)
    admin = as_user(url, "admin", key_of(SECRET, "admin"))
    shut = admin.search("ir.model.access", [["model_id.model", "in", ["hr.employee.public", "res.groups"]]])
    admin.write("ir.model.access", shut, {"active": False})

    after = staff(url)
    assert after.keys() == before.keys()
    assert {(user.manager_id, user.roles) for user in after.values()} == {(None, ())}
