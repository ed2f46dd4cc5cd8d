"""Decisions in Odoo, by the add-on and by people's own keys, against the sandbox's 17 and 19."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from postroom.domain.approvals import WAYS, Answer, Result
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.deciding import AddOn, Decision, Hand, Himself, decide, look
from postroom.odoo.errors import OdooError
from sandbox.odoo.seed import command_secret, uid
from sandbox.odoo.users import key_of
from sandbox.testing import SECRET, Running, running_sandbox

APPROVE, REJECT = Answer.APPROVE, Answer.REJECT
_keys = count(1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(params=["17", "19"])
def odoo(request: pytest.FixtureRequest, sandbox: Running) -> Odoo:
    """Our own user, in an Odoo with the records that it had at first."""
    sandbox.post("odoo_reset")
    return connect(Access(f"{sandbox.url}/odoo{request.param}", "sandbox", "postroom", SECRET))


@pytest.fixture(params=["add-on", "own key"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def hand(odoo: Odoo, way: str, login: str) -> Hand:
    if way == "own key":
        return Himself(odoo.as_person(login, key_of(SECRET, login)))
    return AddOn(odoo, command_secret(SECRET), odoo.database_uuid(), datetime.now(UTC))


def by(odoo: Odoo, way: str, login: str, answer: Answer, model: str, record_id: int, **more: Any) -> Any:
    decision = Decision(f"decision:{next(_keys)}", answer, model, record_id, uid(login), **more)
    return decide(odoo, hand(odoo, way, login), decision)


def state(odoo: Odoo, model: str, record_id: int) -> str:
    (row,) = odoo.read(model, [record_id], ["state"])
    return str(row["state"])


def test_a_manager_moves_the_purchase_order(odoo: Odoo, way: str) -> None:
    settled = by(odoo, way, "pmanager", APPROVE, "purchase.order", 42)
    assert settled.result is Result.APPROVED
    assert settled.state == state(odoo, "purchase.order", 42) == "purchase"


def test_a_manager_rejects_the_purchase_order(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "pmanager", REJECT, "purchase.order", 42).result is Result.REJECTED
    assert state(odoo, "purchase.order", 42) == "cancel"


def test_why_he_rejects_stands_on_the_order_once(odoo: Odoo, way: str) -> None:
    by(odoo, way, "pmanager", REJECT, "purchase.order", 42, reason="Too dear")
    assert reasons(odoo) == ["Pat Purchase Manager"]


def test_a_reason_that_odoo_did_not_take_at_first_is_brought_again(odoo: Odoo, sandbox: Running) -> None:
    decision = Decision("decision:again", REJECT, "purchase.order", 42, uid("pmanager"), reason="Too dear")
    himself = hand(odoo, "own key", "pmanager")
    sandbox.post("faults", channel="odoo", kind="lost", recipient="purchase.order.message_post")

    with pytest.raises(OdooError):
        decide(odoo, himself, decision)
    assert (state(odoo, "purchase.order", 42), reasons(odoo)) == ("cancel", [])

    for _ in range(2):  # and once it stands there, a further try adds nothing
        assert decide(odoo, himself, decision).result is Result.REJECTED
        assert reasons(odoo) == ["Pat Purchase Manager"]


def test_a_rejection_counts_although_he_may_write_nothing_beside_it(odoo: Odoo, sandbox: Running) -> None:
    sandbox.post("faults", channel="odoo", kind="access_error", recipient="purchase.order.message_post")
    settled = by(odoo, "own key", "pmanager", REJECT, "purchase.order", 42, reason="Too dear")
    assert (settled.result, reasons(odoo)) == (Result.REJECTED, [])


def reasons(odoo: Odoo) -> list[str]:
    """Who wrote beside the order that it is too dear."""
    found = odoo.search_read("mail.message", [["res_id", "=", 42], ["body", "ilike", "Too dear"]], ["author_id"])
    return [str(row["author_id"][1]) for row in found]


def test_who_is_no_manager_moves_nothing_and_hears_it(odoo: Odoo, way: str) -> None:
    settled = by(odoo, way, "salesman", APPROVE, "purchase.order", 42)
    assert settled.result in {Result.NOT_MOVED, Result.REFUSED}
    assert state(odoo, "purchase.order", 42) == "to approve"


def test_nobody_approves_his_own_order(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "buyer", APPROVE, "purchase.order", 42).result is Result.OWN_REQUEST
    assert state(odoo, "purchase.order", 42) == "to approve"


def test_what_was_decided_in_odoo_meanwhile_is_said(odoo: Odoo, way: str) -> None:
    by(odoo, way, "pmanager", APPROVE, "purchase.order", 42)
    assert by(odoo, way, "admin", REJECT, "purchase.order", 42).result is Result.ALREADY_APPROVED
    assert state(odoo, "purchase.order", 42) == "purchase"


def test_a_document_that_changed_since_is_not_decided(odoo: Odoo, way: str) -> None:
    settled = by(odoo, way, "pmanager", APPROVE, "purchase.order", 42, expected_revision="2020-01-01 00:00:00")
    assert settled.result is Result.CHANGED
    assert state(odoo, "purchase.order", 42) == "to approve"


def test_a_document_that_is_as_it_was_is_decided(odoo: Odoo, way: str) -> None:
    seen = look(odoo, WAYS["purchase.order"][int(odoo.version)], "purchase.order", 42)
    assert seen is not None
    settled = by(odoo, way, "pmanager", APPROVE, "purchase.order", 42, expected_revision=seen.revision)
    assert settled.result is Result.APPROVED


def test_a_document_that_is_gone_is_said_to_be_gone(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "pmanager", APPROVE, "purchase.order", 999_999).result is Result.GONE


def test_a_leave_is_approved(odoo: Odoo, way: str) -> None:
    for number in (1, 2):
        assert by(odoo, way, "approver", APPROVE, "hr.leave", number).result is Result.APPROVED
        assert state(odoo, "hr.leave", number) == "validate"


def test_a_leave_is_refused(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "approver", REJECT, "hr.leave", 1).result is Result.REJECTED
    assert state(odoo, "hr.leave", 1) == "refuse"


def test_nobody_approves_his_own_leave(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "employee", APPROVE, "hr.leave", 1).result is Result.OWN_REQUEST


def test_an_expense_is_approved(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "approver", APPROVE, "hr.expense", 1).result is Result.APPROVED


def test_an_expense_is_refused_with_a_reason(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "approver", REJECT, "hr.expense", 1, reason="Too dear").result is Result.REJECTED


def test_a_command_that_is_sent_twice_acts_once(odoo: Odoo) -> None:
    decision = Decision("decision:twice", APPROVE, "purchase.order", 43, uid("pmanager"))
    add_on = hand(odoo, "add-on", "pmanager")
    way = WAYS["purchase.order"][int(odoo.version)]
    step = way.approve["to approve"]
    assert add_on.act(way, decision, step, "to approve") == ("to approve", "purchase")
    assert add_on.act(way, decision, step, "to approve") == ("to approve", "purchase")


def test_without_add_on_and_key_nobody_acts_in_his_name(odoo: Odoo) -> None:
    decision = Decision("decision:none", APPROVE, "purchase.order", 42, uid("pmanager"))
    assert decide(odoo, None, decision).result is Result.IN_ODOO_ONLY
    assert state(odoo, "purchase.order", 42) == "to approve"


def test_a_model_that_nobody_described_is_decided_in_odoo(odoo: Odoo, way: str) -> None:
    assert by(odoo, way, "admin", APPROVE, "res.partner", 1).result is Result.IN_ODOO_ONLY
