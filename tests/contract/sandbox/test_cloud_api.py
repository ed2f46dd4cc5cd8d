"""The Cloud API stand-in, over real HTTP."""

import itertools
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.faults import WHATSAPP, WHATSAPP_ENDINGS
from sandbox.testing import NUMBER_ID, SECRET, Running, eventually, running_sandbox

NUMBERS = itertools.count(1)
BODY = "Hello {{name}}, invoice {{number}} is due. You can pay it online at any time."


def hello(to: str = "+34600111222", **more: Any) -> dict[str, Any]:
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template, **more}


def register(sandbox: Running, body: str = BODY, **more: Any) -> requests.Response:
    names = [name for name in ("name", "number") if f"{{{{{name}}}}}" in body]
    example = {"body_text_named_params": [{"param_name": name, "example": "x"} for name in names]}
    definition = {
        "name": f"reminder_{next(NUMBERS)}",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": body, "example": example}],
        **more,
    }
    return requests.post(
        f"{sandbox.url}/v23.0/200000000000001/message_templates",
        json=definition,
        headers={"Authorization": f"Bearer {SECRET}"},
        timeout=5,
    )


def filled(name: str, *parameters: dict[str, str], buttons: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    components = [{"type": "body", "parameters": [{"type": "text", **p} for p in parameters]}, *buttons]
    template = {"name": name, "language": {"code": "en"}, "components": components}
    return {"messaging_product": "whatsapp", "to": "+34600111222", "type": "template", "template": template}


def error_of(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_message_is_taken_then_receipts_follow_with_our_key(sandbox: Running) -> None:
    answer = sandbox.send(hello(biz_opaque_callback_data="key-1"))

    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    eventually(lambda: sandbox.door.statuses(wamid) == ["sent", "delivered"], "both receipts")
    receipts = sandbox.door.values("statuses")
    assert [r["biz_opaque_callback_data"] for r in receipts] == ["key-1", "key-1"]
    assert receipts[0]["pricing"] == {
        "billable": True,
        "pricing_model": "PMP",
        "type": "regular",
        "category": "utility",
    }


def test_the_witness_counts_every_request_of_a_key(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="lost")
    with pytest.raises(requests.ConnectionError):
        sandbox.send(hello(biz_opaque_callback_data="key-2"))
    sandbox.send(hello(biz_opaque_callback_data="key-2"))
    sandbox.send(hello(biz_opaque_callback_data="other"))

    told = sandbox.get("requests", key="key-2")
    assert told["count"] == 2
    assert told["keys"] == {"key-2": {"seen": 2, "taken": 1}}
    assert [(r["outcome"], r["fault"]) for r in told["requests"]] == [("faulted", "lost"), ("accepted", "")]


def test_a_request_in_flight_is_already_witnessed(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="hang", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        sandbox.send(hello(biz_opaque_callback_data="key-3"), timeout=0.3)
    assert sandbox.get("requests", key="key-3")["count"] == 1
    assert sandbox.get("messages")["count"] == 0


@pytest.mark.parametrize("token", ["", "wrong", "sandbox-test-secre", "é"])
def test_a_wrong_token_is_refused(sandbox: Running, token: str) -> None:
    answer = requests.post(
        f"{sandbox.url}/v23.0/{NUMBER_ID}/messages",
        json=hello(),
        headers={"Authorization": f"Bearer {token}".encode()},
        timeout=5,
    )
    assert error_of(answer) == (401, 190)


def test_another_phone_number_does_not_exist(sandbox: Running) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = requests.post(f"{sandbox.url}/v23.0/999/messages", json=hello(), headers=headers, timeout=5)
    error = answer.json()["error"]
    assert (error["code"], error["error_subcode"]) == (100, 33)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(sandbox: Running, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = requests.post(f"{sandbox.url}/v23.0/{NUMBER_ID}/messages", data=raw, headers=headers, timeout=5)
    assert error_of(answer) == (400, 100)


def test_free_text_needs_an_open_window(sandbox: Running) -> None:
    text = {"messaging_product": "whatsapp", "to": "+34600111222", "type": "text", "text": {"body": "Hi"}}
    assert error_of(sandbox.send(text)) == (400, 131047)
    sandbox.post("reply", recipient="+34600111222", text="Hello?")
    assert sandbox.send(text).status_code == 200
    eventually(lambda: sandbox.door.values("statuses"), "a receipt")
    assert sandbox.door.values("statuses")[0]["pricing"]["billable"] is False


@pytest.mark.parametrize(
    ("dialled", "wa_id"),
    [("+34600111222", "34600111222"), ("+5531987654321", "553187654321"), ("+5511987654321", "5511987654321"),
     ("+525512345678", "5215512345678"), ("+541123456789", "5491123456789"), ("+5491123456789", "5491123456789")],
)  # fmt: skip
def test_the_account_is_told_as_whatsapp_spells_it(sandbox: Running, dialled: str, wa_id: str) -> None:
    assert sandbox.send(hello(dialled)).json()["contacts"] == [{"input": dialled, "wa_id": wa_id}]


# --- templates


def test_a_registered_template_is_filled_as_the_person_reads_it(sandbox: Running) -> None:
    buttons = {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Pay", "url": "https://erp.example.com/{{1}}", "example": ["x"]},
            {"type": "QUICK_REPLY", "text": "Paid"},
        ],
    }
    sample = [{"param_name": name, "example": "x"} for name in ("name", "number")]
    body = {"type": "BODY", "text": BODY, "example": {"body_text_named_params": sample}}
    assert register(sandbox, name="pay", components=[body, buttons]).ok

    name, number = {"parameter_name": "name", "text": "Marta"}, {"parameter_name": "number", "text": "INV/1"}
    link = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "my/1"}]}
    assert sandbox.send(filled("pay", number, name, buttons=(link,))).ok

    [message] = sandbox.get("messages")["messages"]
    assert message["text"] == "Hello Marta, invoice INV/1 is due. You can pay it online at any time."
    assert [(b["title"], b["url"], b["payload"]) for b in message["buttons"]] == [
        ("Pay", "https://erp.example.com/my/1", None),
        ("Paid", None, "Paid"),
    ]
    assert error_of(sandbox.send(filled("pay", number, name))) == (400, 131008)


def test_values_must_fit_the_template(sandbox: Running) -> None:
    assert register(sandbox, name="fits").ok
    one, two = {"parameter_name": "name", "text": "M"}, {"parameter_name": "numero", "text": "1"}
    assert error_of(sandbox.send(filled("fits", one))) == (400, 132000)
    assert error_of(sandbox.send(filled("fits", one, two))) == (400, 132012)
    two["parameter_name"], one["text"] = "number", "x" * 1024
    assert error_of(sandbox.send(filled("fits", one, two))) == (400, 132005)
    assert error_of(sandbox.send(filled("unknown", one))) == (404, 132001)
    other_language = hello(template={"name": "hello_world", "language": {"code": "pt_BR"}})
    assert error_of(sandbox.send(other_language)) == (404, 132001)


@pytest.mark.parametrize(
    ("body", "subcode"),
    [
        ("{{name}}, invoice {{number}} is due and can be paid online at any time.", 2388299),
        ("Hello dear customer, your invoice is due, please pay it, {{name}}", 2388299),
        ("Hello dear customer, your invoice is due, please pay it, {{name}}.", None),
        ("Hi {{name}} {{number}} ok.", 2388293),
    ],
    ids=["begins with a variable", "ends with a variable", "ends with a full stop", "too few words"],
)
def test_meta_rejects_a_body_that_breaks_its_rules(sandbox: Running, body: str, subcode: int | None) -> None:
    answer = register(sandbox, body)
    assert answer.json().get("error", {}).get("error_subcode") == subcode
    assert answer.ok is (subcode is None)


def test_a_variable_without_a_sample_value_is_rejected(sandbox: Running) -> None:
    answer = register(sandbox, components=[{"type": "BODY", "text": BODY}])
    assert answer.json()["error"]["error_subcode"] == 2388043
    assert "name, number" in answer.json()["error"]["error_user_msg"]


def test_templates_are_listed_changed_and_deleted(sandbox: Running) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    url = f"{sandbox.url}/v23.0/200000000000001/message_templates"
    created = register(sandbox, name="to_change").json()
    listed = requests.get(url, params={"name": "to_change"}, headers=headers, timeout=5).json()["data"]
    assert [(row["id"], row["status"], row["language"]) for row in listed] == [(created["id"], "APPROVED", "en")]

    components = [{"type": "BODY", "text": "Nothing is due."}]
    edit = f"{sandbox.url}/v23.0/{created['id']}"
    assert requests.post(edit, json={"components": components}, headers=headers, timeout=5).json() == {"success": True}
    assert sandbox.send(filled("to_change")).ok

    assert requests.delete(url, params={"name": "to_change"}, headers=headers, timeout=5).ok
    assert error_of(sandbox.send(filled("to_change"))) == (404, 132001)


# --- what the person does


def test_marking_as_read_and_typing_is_seen_by_the_person(sandbox: Running) -> None:
    reply = sandbox.post("reply", recipient="+34600111222", text="Hello?")
    read = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": reply["id"],
        "typing_indicator": {"type": "text"},
    }
    assert sandbox.send(read).json() == {"success": True}
    assert "typing…" in requests.get(sandbox.url, timeout=5).text
    assert sandbox.get("messages")["messages"][0]["told"] == "read"
    assert sandbox.get("requests")["count"] == 0


def test_a_reaction_is_put_on_its_message(sandbox: Running) -> None:
    reply = sandbox.post("reply", recipient="+34600111222", text="Hello?")
    reaction = {"message_id": reply["id"], "emoji": "👍"}
    body = {"messaging_product": "whatsapp", "to": "34600111222", "type": "reaction", "reaction": reaction}
    assert sandbox.send(body).ok
    assert sandbox.get("messages")["messages"][0]["reaction"] == "👍"


# --- faults


@pytest.mark.parametrize(
    ("kind", "receipts"),
    [
        ("not_on_whatsapp", ["failed"]),
        ("duplicate_receipts", ["sent", "sent", "delivered", "delivered"]),
        ("reordered_receipts", ["read", "delivered", "sent"]),
        ("sent_only", ["sent"]),
        ("failed_then_delivered", ["failed", "delivered"]),
        ("no_receipts", []),
    ],
)
def test_receipts_come_as_the_fault_says(sandbox: Running, kind: str, receipts: list[str]) -> None:
    sandbox.post("faults", channel="whatsapp", kind=kind)
    wamid = sandbox.send(hello()).json()["messages"][0]["id"]
    eventually(lambda: sandbox.door.statuses(wamid) == receipts, f"{receipts}")
    time.sleep(0.15)
    assert sandbox.door.statuses(wamid) == receipts


@pytest.mark.parametrize("code", [131026, 131047, 131049, 131050])
def test_a_failed_receipt_carries_the_code(sandbox: Running, code: int) -> None:
    kind = next(kind for kind, script in WHATSAPP.items() if script.failure == code)
    sandbox.post("faults", channel="whatsapp", kind=kind)
    sandbox.send(hello())
    [receipt] = eventually(lambda: sandbox.door.values("statuses"), "the receipt")
    assert (receipt["status"], receipt["errors"][0]["code"]) == ("failed", code)


def test_throttling_asks_for_the_wait_that_was_chosen(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="throttled", seconds=3)
    answer = sandbox.send(hello())
    assert error_of(answer) == (429, 130429)
    assert answer.headers["Retry-After"] == "3"
    assert sandbox.send(hello()).ok


def test_receipts_can_overtake_the_answer(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="early_receipts")
    wamid = sandbox.send(hello()).json()["messages"][0]["id"]
    answered = time.monotonic()
    assert sandbox.door.statuses(wamid) == ["sent", "delivered"]
    assert all(posted.at < answered for posted in sandbox.door.posted)


def test_a_dropped_message_is_delivered_although_nobody_was_told(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="dropped")
    with pytest.raises(requests.ConnectionError):
        sandbox.send(hello(biz_opaque_callback_data="key-9"))
    eventually(lambda: sandbox.door.statuses() == ["sent", "delivered"], "the receipts")
    assert sandbox.door.values("statuses")[0]["biz_opaque_callback_data"] == "key-9"
    assert sandbox.get("requests", key="key-9")["requests"][0]["outcome"] == "dropped"


def test_a_fault_strikes_its_person_as_often_as_asked_and_no_other(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="unavailable", recipient="+34 600 000 001", times=2)
    codes = [sandbox.send(hello(f"+3460000000{n}")).status_code for n in (1, 2, 1, 1)]
    assert codes == [503, 200, 503, 200]


def test_a_faulty_request_does_not_use_up_a_fault(sandbox: Running) -> None:
    sandbox.post("faults", channel="whatsapp", kind="unavailable")
    assert error_of(sandbox.send({**hello(), "surprise": 1})) == (400, 100)
    assert sandbox.send(hello()).status_code == 503


def test_a_magic_number_that_passes_passes_every_second_time(sandbox: Running) -> None:
    ending = next(ending for ending, kind in WHATSAPP_ENDINGS.items() if kind == "throttled")
    assert [sandbox.send(hello(f"+3460000{ending}")).status_code for _ in range(4)] == [429, 200, 429, 200]


def test_a_bad_fault_is_refused_with_all_its_faults(sandbox: Running) -> None:
    fields = {"channel": "pigeon", "kind": "lost feather", "times": 0, "colour": "red"}
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=fields, timeout=5)
    assert answer.status_code == 422
    assert sorted(e.partition(":")[0] for e in answer.json()["errors"]) == ["/channel", "/colour", "/kind", "/times"]
    assert sandbox.get("faults")["armed"] == []


# --- the courier


def test_webhooks_are_posted_again_until_the_door_takes_them(sandbox: Running) -> None:
    sandbox.door.answers[:] = [503, 500]
    wamid = sandbox.send(hello()).json()["messages"][0]["id"]
    eventually(lambda: sandbox.door.statuses(wamid) == ["sent"] * 3 + ["delivered"], "three tries and the next")
    message = sandbox.get("messages")["messages"][0]
    eventually(lambda: sandbox.get("messages")["messages"][0]["told"] == "delivered", "the tick")
    assert message["id"] == wamid


def test_the_sender_is_not_said_to_know_what_its_door_did_not_take(sandbox: Running) -> None:
    sandbox.door.answers[:] = [503] * 3
    sandbox.send(hello())
    eventually(lambda: sandbox.door.posted, "the first try")
    told = sandbox.get("messages")
    assert told["messages"][0]["told"] == "accepted"
    assert told["webhooks"]["waiting"] == 1
    eventually(lambda: "503" in sandbox.get("messages")["webhooks"]["trouble"], "the trouble in words")


# --- who may ask


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""])
def test_a_foreign_host_name_is_turned_away(sandbox: Running, host: str) -> None:
    answer = requests.get(sandbox.url, headers={"Host": host}, timeout=5)
    assert answer.status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_a_foreign_page_cannot_post(sandbox: Running, origin: str) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/reset", headers={"Origin": origin}, timeout=5)
    assert answer.status_code == 403
    assert requests.post(f"{sandbox.url}/_sandbox/reset", headers={"Origin": sandbox.url}, timeout=5).ok


@pytest.mark.parametrize(
    "path", ["/static/../views.py", "/static/%2e%2e%2fviews.py", "/static/..", "/nothing", "/people/xyz"]
)
def test_what_is_not_there_is_not_found(sandbox: Running, path: str) -> None:
    raw = ask(sandbox, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert raw.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET http://x/ HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70000 + b"\r\n\r\n", 431),
    ],
    ids=["nonsense", "absolute target", "negative length", "too long", "chunked", "endless headers"],
)
def test_unreadable_requests_are_refused_in_words(sandbox: Running, raw: bytes, status: int) -> None:
    assert ask(sandbox, raw).startswith(f"HTTP/1.1 {status} ".encode())


def ask(sandbox: Running, raw: bytes) -> bytes:
    parts = urlsplit(sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(raw)
        return connection.recv(65536)


# --- restarts


def test_with_a_journal_everything_survives_a_restart(tmp_path: Any) -> None:
    journal = str(tmp_path / "sandbox.journal")
    with running_sandbox(SANDBOX_JOURNAL=journal) as first:
        assert register(first, name="kept").ok
        first.post("people", name="Marta Ruiz", whatsapp="+34600111222", email="marta@example.com")
        first.send(hello(biz_opaque_callback_data="key-1"))
        eventually(lambda: first.get("messages")["messages"][0]["told"] == "delivered", "the receipts")
        first.process.kill()

    with running_sandbox(SANDBOX_JOURNAL=journal) as second:
        second.send(hello(biz_opaque_callback_data="key-1"))
        assert second.get("requests", key="key-1")["keys"]["key-1"] == {"seen": 2, "taken": 2}
        assert [r["number"] for r in second.get("requests")["requests"]] == [1, 2]
        told = second.get("messages")
        assert told["messages"][0]["told"] == "delivered"
        assert [person["name"] for person in told["people"]] == ["Marta Ruiz"]
        name, number = {"parameter_name": "name", "text": "M"}, {"parameter_name": "number", "text": "1"}
        assert second.send(filled("kept", name, number)).ok
