"""The door's own rules, without a store: secrets, signatures, strict JSON, the catalogue, an outage."""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks.webhooks
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.event_types import EVENT_TYPES, told_by_us
from postroom.domain.events import event_from
from postroom.store.inbox import Unavailable
from webhooks.catalogue import open_catalogue, owner_of
from webhooks.cloudevents import Sent, header_text
from webhooks.opening import EVENTS
from webhooks.outage import Outage
from webhooks.problem import KINDS, MAX_FAULTS, Fault, Problem
from webhooks.signatures import BadSecrets, open_senders
from webhooks.strict_json import decode

GOLDEN_SECRET = "whsec_cG9zdHJvb20gZ29sZGVuIHZlY3RvciwgMzIgYnl0ZXM="
GOLDEN_BODY = '{"id":"evt-1","type":"odoo.sale.order_confirmed"}'
GOLDEN = {
    "webhook-id": "msg_golden",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,7z0gWa9hu7EyOFeOl0PmxKx8ynOT15LLlN20jLViK+w=",
}
"""By another hand: printf '%s.%s.%s' ID TIMESTAMP BODY | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY | base64."""


def _tried(act: Callable[[], Any]) -> tuple[Any, Problem | None]:
    try:
        return act(), None
    except Problem as problem:
        return None, problem


class _Then(datetime):
    """The package reads the clock itself; this is the clock when the golden vector was signed."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.fromtimestamp(int(GOLDEN["webhook-timestamp"]) + 60, tz=tz or UTC)


def test_the_golden_vector_of_standard_webhooks_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", _Then)
    senders = open_senders(f"odoo={GOLDEN_SECRET}")

    assert senders.signer(GOLDEN, GOLDEN_BODY) == "odoo"
    with pytest.raises(Problem, match="not-signed"):
        senders.signer(GOLDEN, GOLDEN_BODY + " ")
    with pytest.raises(Problem, match="not-signed"):
        senders.signer({**GOLDEN, "webhook-id": "msg_other"}, GOLDEN_BODY)


def test_a_signature_among_several_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", _Then)
    several = {**GOLDEN, "webhook-signature": f"v1a,AAAA v1,{'A' * 43}= {GOLDEN['webhook-signature']}"}

    assert open_senders(f"odoo={GOLDEN_SECRET}").signer(several, GOLDEN_BODY) == "odoo"


@given(st.dictionaries(st.sampled_from(sorted(GOLDEN)), st.text(max_size=60)), st.text(max_size=40))
def test_no_garbage_gets_past_a_signature_or_breaks_it(garbage: dict[str, str], body: str) -> None:
    with pytest.raises(Problem, match="not-signed"):
        open_senders(f"odoo={GOLDEN_SECRET}").signer({**GOLDEN, **garbage}, body)


def test_every_fault_of_the_secrets_is_told_at_once_and_no_secret_with_it() -> None:
    with pytest.raises(BadSecrets) as refused:
        open_senders(f"odoo={GOLDEN_SECRET};ai={GOLDEN_SECRET};x=whsec_c2hvcnQ=;odoo=plain;=;y=a b c")

    words = str(refused.value)
    assert "'odoo' and 'ai' share a secret" in words
    assert "'x' has a secret that is not whsec_" in words
    assert "'odoo' is named twice" in words
    assert "entry 5 has no name" in words
    assert "'y' has 3 secrets" in words
    assert "os.urandom(32)" in words
    assert GOLDEN_SECRET not in words


def test_a_door_without_any_secret_is_a_fault() -> None:
    with pytest.raises(BadSecrets, match="no source has a secret"):
        open_senders(" ; ")


# JSON ---------------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("aé😀/~ "),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab/~é", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_well_formed_json_is_read_as_it_was_written(value: Any, ascii_only: bool) -> None:
    assert decode(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    value, problem = _tried(lambda: decode(text))

    assert problem is None or problem.name == "malformed"
    json.dumps(value, ensure_ascii=False).encode()


def test_a_number_is_the_same_number_however_it_is_spelt() -> None:
    value = decode("[1, 1.0, 1e0, 1.5, -0.0, 1E2]")

    assert value == [1, 1, 1, 1.5, 0, 100]
    assert [type(number) for number in value] == [int, int, int, float, int, int]
    assert not any(math.isinf(number) for number in value)


# CloudEvents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("/odoo/acme-prod", "odoo"),
        ("/odoo", "odoo"),
        ("odoo/acme", "odoo"),
        ("https://erp.example.com/odoo/x?y#z", "odoo"),
        ("//host/odoo", "odoo"),
        ("/%6Fdoo/x", "odoo"),
        ("/odoo2/x", "odoo2"),
        ("https://odoo.example.com", ""),
        ("urn:odoo:x", "odoo:x"),
        ("http://[", None),
    ],
)
def test_a_source_belongs_to_the_first_segment_of_its_path(source: str, owner: str | None) -> None:
    assert owner_of(source) == owner


@pytest.mark.parametrize(
    ("header", "value"),
    [("plain", "plain"), ("Euro%20%E2%82%AC", "Euro €"), ('"a \\"b\\" c"', 'a "b" c'), ('"', '"'), ("", "")],
)
def test_an_attribute_comes_out_of_its_header(header: str, value: str) -> None:
    assert header_text(header) == value


@pytest.mark.parametrize("header", ["100%", "%zz", "%ff", "é"])
def test_a_header_that_encodes_nothing_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"holds|UTF-8"):
        header_text(header)


# The catalogue ------------------------------------------------------------------------------------------------------

CATALOGUE = open_catalogue(EVENTS)
FROM_OUTSIDE = sorted(name for name in EVENT_TYPES if not told_by_us(name))


def event(name: str, data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "source": "/odoo/x", "type": name, "data": data}


def test_whatever_comes_from_outside_has_a_schema_and_what_only_we_tell_has_no_way_in() -> None:
    assert sorted(CATALOGUE.schemas) == FROM_OUTSIDE


@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_schema_and_reader_agree_on_the_samples_of_both(name: str) -> None:
    for data in (EVENT_TYPES[name].sample, *CATALOGUE.schemas[name]["examples"]):
        (kept,) = CATALOGUE.understood([Sent("", event(name, data))], "odoo")
        assert event_from(json.loads(kept.payload)).key == "1"


@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_whatever_one_member_of_an_event_becomes_it_is_taken_or_refused_with_its_place(name: str) -> None:
    odd: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 5000, "\u200b", "0", "é", [], {}, [{}], {"x": 1}]
    for path in _paths(CATALOGUE.schemas[name]["examples"][0], "/data"):
        for value in odd:
            whole = event(name, json.loads(json.dumps(CATALOGUE.schemas[name]["examples"][0])))
            _put(whole, path, value)
            kept, problem = _tried(lambda whole=whole: CATALOGUE.understood([Sent("", whole)], "odoo"))
            if problem:
                assert problem.faults
                assert all(fault.pointer.startswith(path) for fault in problem.faults), (path, value)
            else:
                event_from(json.loads(kept[0].payload))


def _paths(value: Any, at: str) -> list[str]:
    if isinstance(value, dict):
        return [at, *(path for name, item in value.items() for path in _paths(item, f"{at}/{name}"))]
    return [at]


def _put(whole: Any, pointer: str, value: Any) -> None:
    *steps, last = pointer.strip("/").split("/")
    for step in steps:
        whole = whole[step]
    whole[last] = value


def test_what_the_types_share_is_word_for_word_the_same() -> None:
    shared: dict[str, Any] = {}
    for schema in CATALOGUE.schemas.values():
        for name, part in schema["$defs"].items():
            assert shared.setdefault(name, part) == part, name


def test_a_schema_is_named_for_its_type_and_whole_by_itself() -> None:
    for name, schema in CATALOGUE.schemas.items():
        assert schema["$id"] == f"urn:postroom:event:{name}"
        used = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
        assert used == set(schema["$defs"]), name
        assert "x-types" not in schema


def test_the_types_of_a_family_differ_in_their_names_alone() -> None:
    alerts = [schema for name, schema in CATALOGUE.schemas.items() if name.startswith("alert.")]

    assert len({schema["title"] for schema in alerts}) == len(alerts) == 5
    assert len({json.dumps([schema["properties"], schema["$defs"]]) for schema in alerts}) == 1


@pytest.mark.parametrize("contact", ["invoice", "delivery"])
def test_a_customers_contact_is_read_as_strictly_as_the_customer(contact: str) -> None:
    data = {**EVENT_TYPES["odoo.invoice.posted"].sample, "contacts": {contact: {"partner_id": 43, "name": "Accounts"}}}

    _, problem = _tried(lambda: CATALOGUE.understood([Sent("", event("odoo.invoice.posted", data))], "odoo"))

    assert problem
    assert {fault.pointer for fault in problem.faults} == {f"/data/contacts/{contact}"}


@pytest.mark.parametrize("address", ["phone", "email", "slack", "teams", "user_id"])
def test_one_address_of_any_kind_is_enough(address: str) -> None:
    values = {"phone": "+34600111222", "email": "a@example.com", "slack": "U00LAURA01", "teams": "a@example.com"}
    recipient = {"partner_id": 7, "name": "Laura Gil", address: values.get(address, 6)}
    data = {**EVENT_TYPES["odoo.digest.daily"].sample, "recipient": recipient}

    assert CATALOGUE.understood([Sent("", event("odoo.digest.daily", data))], "odoo")


# Refusals -----------------------------------------------------------------------------------------------------------


def test_a_refusal_lists_a_hundred_faults_at_most() -> None:
    faults = [Fault(f"/{number}", "is wrong") for number in range(250)]

    assert len(Problem("invalid-event", "x", faults).as_json("urn:x")["errors"]) == MAX_FAULTS


def test_every_kind_of_refusal_says_what_it_means_and_what_to_do() -> None:
    for kind in KINDS.values():
        assert 400 <= kind.status < 600
        assert kind.meaning.endswith(".")
        assert kind.remedy.endswith(".")
        assert kind.status != 503 or "Retry-After" in kind.headers


# An outage ----------------------------------------------------------------------------------------------------------


def test_while_the_store_is_away_one_request_in_each_pause_tries_it() -> None:
    time = 0.0
    outage = Outage(now=lambda: time)
    tried = []

    def ask(*, away: bool) -> bool:
        try:
            with outage.watched():
                tried.append(time)
                if away:
                    raise Unavailable("away")
        except Unavailable:
            return False
        return True

    assert not ask(away=True)
    assert not ask(away=False)
    time = 1.5
    assert not ask(away=True)
    assert not ask(away=True)
    time = 3.0
    assert ask(away=False)
    assert ask(away=False)
    assert tried == [0.0, 1.5, 3.0, 3.0]
