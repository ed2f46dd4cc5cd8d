"""Our schemas refuse whatever Meta's contract refuses."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from sandbox.meta.checks import check, check_message
from sandbox.meta.errors import ERRORS, Refused
from sandbox.meta.templates import LANGUAGES
from tests.contract.sandbox.bodies import BODIES, Body, broken

Shared = Callable[[str], Any]


def is_taken(body: Body) -> bool:
    try:
        check_message(body)
    except Refused:
        return False
    return True


@pytest.fixture(scope="module")
def contract(shared_json: Shared) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(shared_json("contracts/whatsapp/send_message.schema.json"))


@pytest.mark.parametrize("name", BODIES)
def test_every_shape_is_taken_by_us_and_by_the_contract(contract: jsonschema_rs.Validator, name: str) -> None:
    check_message(BODIES[name])
    assert contract.is_valid(BODIES[name])


@pytest.mark.parametrize("name", BODIES)
def test_whatever_the_contract_refuses_we_refuse(contract: jsonschema_rs.Validator, name: str) -> None:
    variants = dict(broken(BODIES[name]))
    refused = {what: body for what, body in variants.items() if not contract.is_valid(body)}

    assert len(refused) > 20
    assert [what for what, body in refused.items() if is_taken(body)] == []


@pytest.mark.parametrize("name", BODIES)
def test_we_take_only_what_the_contract_takes(contract: jsonschema_rs.Validator, name: str) -> None:
    taken = {what: body for what, body in broken(BODIES[name]) if is_taken(body)}
    assert [what for what, body in taken.items() if not contract.is_valid(body)] == []


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        ("text of 4097", {"type": "text", "text": {"body": "x" * 4097}}),
        ("four buttons", {"type": "interactive", "interactive": {"type": "button", "body": {"text": "x"}, "action": {
            "buttons": [{"type": "reply", "reply": {"id": str(n), "title": str(n)}} for n in range(4)]}}}),
        ("button title of 21", {"type": "interactive", "interactive": {"type": "button", "body": {"text": "x"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]}}}),
        ("opaque data of 513", {"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}),
        ("two bodies", {"type": "template", "template": {"name": "a", "language": {"code": "en"}, "components": [
            {"type": "body", "parameters": []}, {"type": "BODY", "parameters": []}]}}),
        ("a number with spaces", {"to": "+34 600 111 222", "type": "text", "text": {"body": "x"}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_limits_are_metas(contract: jsonschema_rs.Validator, limit: str, body: Body) -> None:
    whole = {"messaging_product": "whatsapp", "to": "34600111222", **body}
    assert not contract.is_valid(whole), limit
    assert not is_taken(whole), limit


def test_a_refusal_names_every_fault_with_its_place() -> None:
    body = {"messaging_product": "whatsapp", "to": "600", "type": "text", "text": {"body": ""}, "surprise": 1}
    with pytest.raises(Refused) as refused:
        check_message(body)
    assert [reason.partition(":")[0] for reason in sorted(refused.value.reasons)] == ["/", "/text/body", "/to"]


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (131008, {"messaging_product": "whatsapp", "to": "34600111222", "type": "text"}),
        (131009, {"messaging_product": "whatsapp", "to": "34600111222", "type": "text", "text": {"body": ""}}),
        (100, {"messaging_product": "whatsapp", "to": "34600111222", "text": {"body": "x"}, "surprise": 1}),
        (131051, {"messaging_product": "whatsapp", "to": "34600111222", "type": "fax"}),
    ],
    ids=["missing", "wrong", "unexpected", "unspoken type"],
)
def test_the_code_says_what_kind_of_fault(code: int, body: Body) -> None:
    with pytest.raises(Refused) as refused:
        check_message(body)
    assert refused.value.code == code


def test_a_template_that_we_take_is_one_that_the_contract_takes(shared_json: Shared) -> None:
    openapi = shared_json("contracts/whatsapp/whatsapp_mock.openapi.json")
    contract = jsonschema_rs.validator_for(openapi["components"]["schemas"]["CreateTemplate"])
    template = {
        "name": "payment_reminder",
        "language": "pt_BR",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Olá!"}, {"type": "FOOTER", "text": "Acme"}],
    }
    check("create_template", template)
    assert contract.is_valid(template)
    for what, body in broken(template):
        try:
            check("create_template", body)
        except Refused:
            continue
        assert contract.is_valid(body), what


def test_languages_are_those_of_meta(shared_json: Shared) -> None:
    known = set(shared_json("contracts/whatsapp/template_languages.json").values()) - {"UNKNOWN"}
    assert known == LANGUAGES


def test_codes_are_those_of_meta(shared_json: Shared) -> None:
    known = {int(code) for code in shared_json("contracts/whatsapp/error_codes.json") if code.isdecimal()}
    invented = {139999}  # on purpose: a code that no table has
    unlisted = {1, 100}  # Graph's own, older than the list
    assert set(ERRORS) - known == invented | unlisted
