"""The webhooks of the sandbox have the shape of real ones."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from sandbox.testing import SECRET, Running, eventually

Shared = Callable[[str], Any]
TEMPLATE = {
    "messaging_product": "whatsapp",
    "to": "+34600111222",
    "type": "template",
    "template": {"name": "hello_world", "language": {"code": "en_US"}},
    "biz_opaque_callback_data": "key-1",
}
NEWER = {"pricing/type"}  # said since per-message pricing began, later than the recorded payloads
OPTIONAL = {"conversation", "contacts/0/user_id", "contacts/0/parent_user_id"}


def shape(value: Any, path: str = "") -> dict[str, str]:
    """The type of everything inside a payload, by its place."""
    steps: Mapping[Any, Any] = value if isinstance(value, dict) else {}
    if isinstance(value, list):
        steps = dict(enumerate(value[:1]))
    shapes = {path: type(value).__name__} if path else {}
    for step, inner in steps.items():
        shapes |= shape(inner, f"{path}/{step}" if path else str(step))
    return shapes


def differences(ours: Any, theirs: Any) -> list[str]:
    here, there = shape(ours), shape(theirs)
    foreign = [place for place in here if place not in there and not place.endswith(tuple(NEWER))]
    unlike = [place for place in here if place in there and here[place] != there[place]]
    missing = [place for place in there if place not in here and not any(o in place for o in OPTIONAL)]
    return [
        *(f"only ours: {p}" for p in foreign),
        *(f"other type: {p}" for p in unlike),
        *(f"missing: {p}" for p in missing),
    ]


def last_webhook(sandbox: Running) -> Any:
    return json.loads(sandbox.door.posted[-1].body)


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
def test_a_receipt_has_the_shape_of_a_real_one(sandbox: Running, shared_json: Shared, status: str) -> None:
    real = shared_json("fixtures/whatsapp/message_status.json")
    recorded = real["with_tracker" if status == "sent" else status]
    to = "+34600119901" if status == "failed" else TEMPLATE["to"]
    body = {**TEMPLATE, "to": to}
    if status != "sent":
        del body["biz_opaque_callback_data"]
    wamid = sandbox.send(body).json()["messages"][0]["id"]
    if status == "read":
        sandbox.post("read", recipient=to)

    eventually(lambda: status in sandbox.door.statuses(wamid), status)
    ours = next(webhook for webhook in webhooks(sandbox) if first_status(webhook) == (wamid, status))
    assert differences(ours, recorded) == []


def first_status(webhook: Any) -> tuple[str, str] | None:
    """Under load several changes come in one webhook; the first stands for its shape."""
    for one in webhook["entry"][0]["changes"][0]["value"].get("statuses", ()):
        return one["id"], one["status"]
    return None


def webhooks(sandbox: Running) -> list[Any]:
    """Each change as a webhook of its own."""
    whole = [json.loads(posted.body) for posted in sandbox.door.posted]
    return [
        {**webhook, "entry": [{**entry, "changes": [change]}]}
        for webhook in whole
        for entry in webhook["entry"]
        for change in entry["changes"]
    ]


def test_a_reply_has_the_shape_of_a_real_one(sandbox: Running, shared_json: Shared) -> None:
    sandbox.post("reply", recipient="+34600111222", text="Hola")
    eventually(lambda: sandbox.door.posted, "the reply")
    assert differences(last_webhook(sandbox), shared_json("fixtures/whatsapp/message.json")["text"]) == []


def test_a_template_that_is_approved_is_told_as_meta_tells_it(sandbox: Running, shared_json: Shared) -> None:
    answer = requests.post(
        f"{sandbox.url}/v23.0/200000000000001/message_templates",
        json={"name": "plain", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi"}]},
        headers={"Authorization": f"Bearer {SECRET}"},
        timeout=5,
    )
    assert answer.json()["status"] == "PENDING"
    eventually(lambda: sandbox.door.posted, "the decision")
    real = shared_json("fixtures/whatsapp/template_status_update.json")["approved"]
    assert [d for d in differences(last_webhook(sandbox), real) if d != "missing: entry/0/time"] == []


def test_a_pressed_template_button_has_the_shape_of_a_real_one(sandbox: Running, shared_json: Shared) -> None:
    requests.post(
        f"{sandbox.url}/v23.0/200000000000001/message_templates",
        json={
            "name": "choice",
            "language": "en",
            "category": "UTILITY",
            "components": [
                {"type": "BODY", "text": "Is it paid?"},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]},
            ],
        },
        headers={"Authorization": f"Bearer {SECRET}"},
        timeout=5,
    )
    body = {**TEMPLATE, "template": {"name": "choice", "language": {"code": "en"}}}
    wamid = sandbox.send(body).json()["messages"][0]["id"]
    sandbox.post("press", message_id=wamid, button=0)
    eventually(lambda: sandbox.door.values("messages"), "the press")
    ours = next(w for w in webhooks(sandbox) if "messages" in w["entry"][0]["changes"][0]["value"])
    assert differences(ours, shared_json("fixtures/whatsapp/callback_button.json")["quick_reply"]) == []


def test_a_pressed_reply_button_has_the_shape_of_a_real_one(sandbox: Running, shared_json: Shared) -> None:
    sandbox.post("reply", recipient="+34600111222", text="Hola")
    buttons = [{"type": "reply", "reply": {"id": "order:1", "title": "Yes"}}]
    interactive = {"type": "button", "body": {"text": "Really?"}, "action": {"buttons": buttons}}
    body = {"messaging_product": "whatsapp", "to": "34600111222", "type": "interactive", "interactive": interactive}
    wamid = sandbox.send(body).json()["messages"][0]["id"]
    sandbox.post("press", message_id=wamid, payload="order:1")
    eventually(lambda: len(sandbox.door.values("messages")) == 2, "the press")
    ours = next(w for w in webhooks(sandbox) if "interactive" in str(w))
    assert differences(ours, shared_json("fixtures/whatsapp/callback_button.json")["button"]) == []


def test_the_signature_covers_the_escaped_bytes(sandbox: Running) -> None:
    sandbox.post("reply", recipient="+34600111222", text="¿Está pagada? https://a.example/b 👍")
    [posted] = eventually(lambda: list(sandbox.door.posted), "the reply")
    expected = hmac.new(SECRET.encode(), posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert b"\\u00bfEst\\u00e1 pagada? https:\\/\\/a.example\\/b \\ud83d\\udc4d" in posted.body


def test_an_answer_is_one_that_the_contract_knows(sandbox: Running, shared_json: Shared) -> None:
    answers = shared_json("contracts/whatsapp/whatsapp_mock.openapi.json")
    responses = answers["paths"]["/{version}/{phone_id}/messages"]["post"]["responses"]
    taken = responses["200"]["content"]["application/json"]["examples"]["accepted"]["value"]
    assert differences(sandbox.send(TEMPLATE).json(), taken) == []

    kinds = ("throttled", "pair_limit", "unavailable", "something_wrong", "token_refused", "template_paused")
    for kind in kinds:
        sandbox.post("faults", channel="whatsapp", kind=kind)
        answer = sandbox.send(TEMPLATE)
        examples = responses[str(answer.status_code)]["content"]["application/json"]["examples"].values()
        known = {(e["value"]["error"]["code"], e["value"]["error"]["message"]) for e in examples}
        error = answer.json()["error"]
        assert (error["code"], error["message"]) in known
        assert {"message", "type", "code", "fbtrace_id"} <= set(error)
