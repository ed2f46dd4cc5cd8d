"""The sandbox's Odoos against what real servers of 17 and 19 answered to the same calls."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.testing import Running
from tests.contract.sandbox.odoo_replay import Place, make

RECORDED = Path(__file__).resolve().parents[2] / "fixtures" / "odoo"
FILES = sorted(RECORDED.glob("1[79]/*.json"))


def _place(sandbox: Running, version: str) -> Place:
    told = sandbox.get("odoo")[version]
    users = told["users"]
    first, second = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (300, 310))
    return Place(
        told["url"],
        told["database"],
        users,
        {
            "database": told["database"],
            "stamp": "1700000000",
            "digits": "111222",
            "digits2": "111333",
            "day_a": first,
            "day_b": second,
            "customer": 301,
            "vendor": 302,
            "goods": 1,
            "employee_id": 2,
            "expense_product": 2,
            "leave_both": 1,
            "leave_manager": 2,
            "their_leave": 1,
            "sale_order": 17,
            "invoice": 88,
            "company": 1,
            "user_group": 1,
            "pmanager_partner": users["pmanager"]["partner_id"],
            "buyer_key": users["buyer"]["key"],
            **{login: user["uid"] for login, user in users.items()},
        },
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_call_is_answered_as_the_real_server_answered_it(sandbox: Running, file: Path) -> None:
    recorded = json.loads(file.read_text())
    place = _place(sandbox, file.parent.name)
    differing = [told for step in recorded["steps"] if (told := _difference(place, step))]
    assert not differing, f"{len(differing)} of {len(recorded['steps'])} differ:\n" + "\n".join(differing)


def _difference(place: Place, step: dict[str, Any]) -> str:
    wanted = step["answer"]
    asked = {name: value for name, value in step.items() if name != "answer"}
    got = make(place, asked)
    if got == wanted:
        return ""
    return f"{json.dumps(asked)}\n  real: {json.dumps(wanted)}\n  here: {json.dumps(got)}"


def test_every_recording_names_its_server() -> None:
    assert len(FILES) >= 26
    for file in FILES:
        assert json.loads(file.read_text())["server"] == f"Odoo {file.parent.name}.0 Community"
