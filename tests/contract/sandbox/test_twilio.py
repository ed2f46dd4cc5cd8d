"""The stand-in for Twilio, over real HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from postroom.domain import sms_text
from sandbox.scripts import Script
from sandbox.testing import SECRET, Posted, Running, eventually
from sandbox.twilio.checks import ACCOUNT_SID, NUMBER, SERVICE_SID
from sandbox.twilio.errors import ERRORS
from sandbox.twilio.faults import ENDINGS, KINDS
from sandbox.twilio.segments import count

TO = "+34600111222"
KEY = "0198c0de-0000-7000-8000-000000000001"
ENDING = {kind: ending for ending, kind in ENDINGS.items()}


def send(
    sandbox: Running, *, user: str = ACCOUNT_SID, token: str = SECRET, account: str = ACCOUNT_SID, **form: str | None
) -> requests.Response:
    whole = {"To": TO, "From": NUMBER, "Body": "Hola", "StatusCallback": callback(sandbox), **form}
    return requests.post(
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{account}/Messages.json",
        data={name: value for name, value in whole.items() if value is not None},
        auth=(user, token),
        timeout=5,
    )


def callback(sandbox: Running) -> str:
    return f"{sandbox.door.url}/webhooks/twilio/status?attempt={KEY}"


def posted(sandbox: Running) -> list[Posted]:
    return [one for one in tuple(sandbox.door.posted) if one.path.startswith("/webhooks/twilio/")]


def form_of(one: Posted) -> dict[str, str]:
    return dict(parse_qsl(one.body.decode(), keep_blank_values=True))


def statuses(sandbox: Running) -> list[str]:
    return [form_of(one)["MessageStatus"] for one in posted(sandbox) if "/status" in one.path]


def outbox(sandbox: Running) -> list[dict[str, Any]]:
    return [m for m in sandbox.get("messages", recipient=TO)["messages"] if not m["from_person"]]


# Taking -------------------------------------------------------------------------------------------------------------


def test_a_message_is_taken_and_its_callbacks_name_our_attempt(sandbox: Running) -> None:
    answer = send(sandbox)

    assert answer.status_code == 201
    sid = answer.json()["sid"]
    eventually(lambda: statuses(sandbox) == ["sent", "delivered"], "both callbacks")
    assert {urlsplit(one.path).query for one in posted(sandbox)} == {f"attempt={KEY}"}
    assert {form_of(one)["MessageSid"] for one in posted(sandbox)} == {sid}
    assert sandbox.get("requests", key=KEY)["keys"] == {KEY: {"seen": 1, "taken": 1}}


def test_the_answer_keeps_twilios_published_contract(sandbox: Running, shared_json: Callable[[str], Any]) -> None:
    contract = shared_json("contracts/twilio/twilio_messages_strict.openapi.json")
    schema = {"$ref": "#/components/schemas/api.v2010.account.message", "components": contract["components"]}
    validator = jsonschema_rs.Draft202012Validator(_nullable(schema))
    examples = contract["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]["responses"]["201"]
    known = set(examples["content"]["application/json"]["examples"]["create"]["value"])

    for sender in ({}, {"From": None, "MessagingServiceSid": SERVICE_SID}):
        body = send(sandbox, **sender).json()
        assert [fault.message for fault in validator.iter_errors(body)] == []
        assert set(body) == known


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable`, which JSON Schema does not know."""
    if isinstance(node, list):
        return [_nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {name: _nullable(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if node.get("nullable") is True else inner


def test_a_messaging_service_has_not_chosen_its_sender_yet(sandbox: Running) -> None:
    body = send(sandbox, From=None, MessagingServiceSid=SERVICE_SID).json()

    assert (body["status"], body["num_segments"], body["from"]) == ("accepted", "0", None)
    eventually(lambda: sorted(statuses(sandbox)) == ["delivered", "sent"], "both callbacks")
    assert {form_of(one)["MessagingServiceSid"] for one in posted(sandbox)} == {SERVICE_SID}


def test_the_person_sees_the_text_and_how_many_segments_it_took(sandbox: Running) -> None:
    answer = send(sandbox, Body="€" * 81)

    assert answer.json()["num_segments"] == "2"
    [message] = outbox(sandbox)
    assert (message["text"], message["segments"], message["channel"]) == ("€" * 81, 2, "sms")


@given(st.one_of(st.text(max_size=400), st.text(st.sampled_from("a€|í😜"), max_size=400)))
def test_sender_and_carrier_count_segments_alike(text: str) -> None:
    assert count(text) == max(1, sms_text.segments(text).count)


def test_without_a_callback_nothing_is_told(sandbox: Running) -> None:
    assert send(sandbox, StatusCallback=None).status_code == 201
    send(sandbox, To="+34600111333")

    eventually(lambda: len(posted(sandbox)) == 2, "the callbacks of the other message")
    assert {form_of(one)["To"] for one in posted(sandbox)} == {"+34600111333"}


# Refusing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"token": "wrong"}, 401, 20003, id="token"),
        pytest.param({"user": "AC" + "9" * 32}, 401, 20003, id="user"),
        pytest.param({"account": "AC" + "9" * 32}, 404, 20404, id="account"),
        pytest.param({"To": None}, 400, 21604, id="no recipient"),
        pytest.param({"To": "600111222"}, 400, 21211, id="no country code"),
        pytest.param({"To": "+99912345678"}, 400, 21211, id="no such country"),
        pytest.param({"From": None}, 400, 21603, id="no sender"),
        pytest.param({"From": "+15550009999"}, 400, 21606, id="not our number"),
        pytest.param({"From": "a very long name"}, 400, 21212, id="no number at all"),
        pytest.param({"From": None, "MessagingServiceSid": "MG9"}, 400, 21701, id="not our service"),
        pytest.param({"Body": None}, 400, 21619, id="no body"),
        pytest.param({"Body": " "}, 400, 21602, id="empty body"),
        pytest.param({"Body": "a" * 1601}, 400, 21617, id="too long"),
        pytest.param({"StatusCallback": "nowhere"}, 400, 21609, id="callback"),
        pytest.param({"StatusCallback": "https://post_room.example.com/x"}, 400, 21609, id="underscore"),
        pytest.param({"StatusCallback": "https://[/x"}, 400, 21609, id="unreadable callback"),
        pytest.param({"ValidityPeriod": "40000"}, 400, 20001, id="validity"),
        pytest.param({"SmartEncoded": "False"}, 400, 20001, id="boolean"),
        pytest.param({"Bodi": "x"}, 400, 20001, id="a typing error"),
    ],
)
def test_what_twilio_would_refuse_is_refused(sandbox: Running, change: dict[str, Any], status: int, code: int) -> None:
    answer = send(sandbox, **change)

    error = answer.json()
    assert (answer.status_code, error["code"], error["status"]) == (status, code, status)
    assert error["message"].startswith(ERRORS[code][1])
    assert outbox(sandbox) == []


def test_the_witness_names_every_fault_at_once(sandbox: Running) -> None:
    send(sandbox, To="x", Body="", From=None)

    [seen] = sandbox.get("requests", key=KEY)["requests"]
    assert seen["outcome"] == "refused"
    assert [reason[:5] for reason in seen["reasons"]] == ["21211", "21603", "21602"]


# Callbacks ----------------------------------------------------------------------------------------------------------


def test_every_webhook_is_signed_as_twilios_own_validator_wants_it(sandbox: Running) -> None:
    send(sandbox, Body="¿Sí? 😊")
    sandbox.post("reply", channel="sms", recipient=TO, text="¡Sí! 😊 &=+")
    eventually(lambda: len(posted(sandbox)) == 3, "two callbacks and a reply")

    for one in posted(sandbox):
        url, form = sandbox.door.url + one.path, form_of(one)
        signature = one.headers["X-Twilio-Signature"]
        assert RequestValidator(SECRET).validate(url, form, signature)
        assert not RequestValidator(SECRET).validate(url, {**form, "From": "+1"}, signature)


@pytest.mark.parametrize("kind", [kind for kind, script in KINDS.items() if script.failure])
def test_a_carriers_refusal_comes_as_undelivered_with_its_code(sandbox: Running, kind: str) -> None:
    answer = send(sandbox, To=f"+3460011{ENDING[kind]}")

    assert answer.status_code == 201
    eventually(lambda: statuses(sandbox) == ["sent", "undelivered"], "both callbacks")
    last = form_of(posted(sandbox)[-1])
    assert last["ErrorCode"] == str(KINDS[kind].failure)
    assert last["RawDlrDoneDate"].isdecimal()


@pytest.mark.parametrize("kind", [kind for kind, script in KINDS.items() if script.error])
def test_a_refusal_on_demand_has_its_code(sandbox: Running, kind: str) -> None:
    script: Script = KINDS[kind]

    answer = send(sandbox, To=f"+3460011{ENDING[kind]}")

    assert answer.json()["code"] == script.error
    assert answer.headers.get("Retry-After") == ("7" if kind == "throttled" else None)
    assert send(sandbox, To=f"+3460011{ENDING[kind]}").ok == script.passes


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("every_status", ["accepted", "queued", "sending", "sent", "delivered"]),
        ("duplicate_receipts", ["sent", "sent", "delivered", "delivered"]),
        ("reordered_receipts", ["delivered", "sent", "queued"]),
        ("sent_only", ["sent"]),
    ],
)
def test_callbacks_come_as_they_were_asked_for(sandbox: Running, kind: str, expected: list[str]) -> None:
    sandbox.post("faults", channel="sms", kind=kind)

    send(sandbox)
    send(sandbox, To="+34600111333")

    other = ["sent", "delivered"]
    eventually(lambda: len(statuses(sandbox)) == len(expected) + len(other), "every callback")
    assert [form_of(one)["MessageStatus"] for one in posted(sandbox) if form_of(one)["To"] == TO] == expected


def test_a_lost_answer_is_settled_by_the_callback(sandbox: Running) -> None:
    sandbox.post("faults", channel="sms", kind="dropped")

    with pytest.raises(requests.ConnectionError):
        send(sandbox)

    eventually(lambda: statuses(sandbox) == ["sent", "delivered"], "both callbacks")
    assert sandbox.get("requests", key=KEY)["requests"][0]["outcome"] == "dropped"


def test_a_callback_that_the_door_refuses_comes_again(sandbox: Running) -> None:
    sandbox.door.answers.append(503)

    send(sandbox)

    eventually(lambda: statuses(sandbox) == ["sent", "sent", "delivered"], "the second try")
    assert len({one.body for one in posted(sandbox)[:2]}) == 1


# What people write --------------------------------------------------------------------------------------------------


def test_a_reply_comes_as_a_form_to_our_number(sandbox: Running) -> None:
    send(sandbox)
    [message] = outbox(sandbox)

    reply = sandbox.post("reply", message_id=message["id"], text="¿Cuándo? 😊")

    [one] = eventually(lambda: [p for p in posted(sandbox) if "/inbound" in p.path], "the reply")
    form = form_of(one)
    assert (form["Body"], form["From"], form["To"], form["MessageSid"]) == ("¿Cuándo? 😊", TO, NUMBER, reply["id"])
    assert form["NumMedia"] == "0"
    assert "MessageStatus" not in form


def test_stop_blocks_the_number_until_start(sandbox: Running) -> None:
    send(sandbox)

    sandbox.post("reply", channel="sms", recipient=TO, text="Stop ")
    refused = send(sandbox)
    elsewhere = send(sandbox, To="+34600111333")
    sandbox.post("reply", channel="sms", recipient=TO, text="start")
    taken = send(sandbox)

    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    assert (elsewhere.status_code, taken.status_code) == (201, 201)
    told = [message["text"] for message in outbox(sandbox)]
    assert any("successfully been unsubscribed" in text for text in told)
    assert any("re-subscribed" in text for text in told)


@pytest.mark.parametrize("text", ["please stop by", "yes", "stopp"])
def test_other_words_block_nobody(sandbox: Running, text: str) -> None:
    sandbox.post("reply", channel="sms", recipient=TO, text=text)

    assert send(sandbox).status_code == 201


def test_what_the_door_does_not_take_is_lost_as_at_twilio(sandbox: Running) -> None:
    sandbox.door.answers.append(503)

    reply = sandbox.post("reply", channel="sms", recipient=TO, text="Hola")

    row = eventually(
        lambda: [
            m
            for m in sandbox.get("messages", recipient=TO)["messages"]
            if m["id"] == reply["id"] and m["told"] == "failed"
        ],
        "the loss to be seen",
    )
    assert len(row) == 1
    assert len(posted(sandbox)) == 1


def test_no_ending_means_anything_on_whatsapp() -> None:
    from sandbox.meta.faults import ENDINGS as METAS

    assert not ENDINGS.keys() & METAS.keys()


def test_a_reset_forgets_who_said_stop(sandbox: Running) -> None:
    sandbox.post("reply", channel="sms", recipient=TO, text="STOP")
    assert send(sandbox).json()["code"] == 21610

    sandbox.post("reset")

    assert send(sandbox).status_code == 201
    assert json.dumps(sandbox.get("faults")["endings"]["sms"])


def test_the_documentation_has_every_number_that_always_fails() -> None:
    words = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text()

    rows = [f"| `{ending}` | `{kind}` | {KINDS[kind].title}" for ending, kind in ENDINGS.items()]

    assert [row for row in rows if row not in words] == []
