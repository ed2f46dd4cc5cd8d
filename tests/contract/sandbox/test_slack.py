"""The stand-in for Slack and our Slack channel, over real HTTP: written apart, each from Slack's own words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from postroom.domain.channels import Button, ChannelEvent, ChannelName, EventKind, Field, Rendered, Verdict
from postroom.domain.safety import Wire
from postroom.outside.rulings import UNKNOWN_CODE
from sandbox.slack.checks import MAX_BLOCKS
from sandbox.slack.faults import KINDS, STEPS
from sandbox.testing import SECRET, Running, eventually
from workers.channels.base import ChannelError
from workers.channels.registry import build
from workers.channels.slack import SlackConfig
from workers.channels.slack.verdicts import VERDICTS

TO = "U0MARTA001"
TEAM = "T00SANDBOX"
REQUEST = Rendered(
    channel=ChannelName.SLACK,
    language="en",
    subject="Approval: P00042",
    text="*Pablo Soler* asks for your approval of 200 m of cable &amp; clips.",
    fields=(Field("Amount", "€8,400.00"), Field("Deadline", "27 Nov 2026")),
    buttons=(
        Button("Approve", payload="approve", style="primary"),
        Button("Reject", payload="reject", style="danger"),
        Button("View details", url="https://erp.example.com/odoo/purchase/42"),
    ),
)


@pytest.fixture
def slack(sandbox: Running) -> Iterator[Any]:
    config = SlackConfig(f"{sandbox.url}/slack/api", TEAM, SECRET, SECRET, answer_timeout=1)
    channel: Any = build(ChannelName.SLACK, {Wire.SANDBOX: config})[Wire.SANDBOX]
    yield channel
    channel.close()


def message(sandbox: Running, to: str = TO) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.get("messages", recipient=to)["messages"][-1]
    return found


def heard(sandbox: Running, slack: Any) -> list[ChannelEvent]:
    """What was posted to the door, believed and read."""
    eventually(lambda: bool(sandbox.door.posted), "a webhook")
    events: list[ChannelEvent] = []
    for one in tuple(sandbox.door.posted):
        assert slack.verify(one.headers, one.body)
        events += slack.parse(one.headers, one.body).events
    return events


def test_a_message_is_shown_as_its_reader_sees_it(sandbox: Running, slack: Any) -> None:
    key = uuid4()
    receipt = slack.send(REQUEST, TO, key)

    shown = message(sandbox)
    assert (shown["id"], shown["title"]) == (receipt.provider_id, "Approval: P00042")
    assert shown["text"] == REQUEST.text
    assert [(fact["label"], fact["value"]) for fact in shown["fields"]] == [
        ("Amount", "€8,400.00"),
        ("Deadline", "27 Nov 2026"),
    ]
    assert [(b["title"], b["payload"], b["style"]) for b in shown["buttons"]] == [
        ("Approve", "approve", "primary"),
        ("Reject", "reject", "danger"),
        ("View details", None, None),
    ]
    assert sandbox.get("requests", key=str(key))["count"] == 1


def test_a_pressed_button_brings_our_attempt_back(sandbox: Running, slack: Any) -> None:
    key = uuid4()
    receipt = slack.send(REQUEST, TO, key)

    sandbox.post("press", message_id=receipt.provider_id, button="Reject")

    [event] = heard(sandbox, slack)
    assert (event.kind, event.payload, event.text) == (EventKind.PRESSED, "reject", "Reject")
    assert (event.attempt_id, event.provider_id, event.address) == (key, receipt.provider_id, TO)
    assert event.account == TEAM == slack.account


ASKS_WHY = replace(REQUEST, buttons=(Button("Reject", payload="reject", style="danger", reason="Reason"),))


@pytest.mark.parametrize(("written", "reason"), [("Too dear.", "Too dear."), ("", None)])
def test_what_was_written_beside_a_button_comes_back_with_its_press(
    sandbox: Running, slack: Any, written: str, reason: str | None
) -> None:
    receipt = slack.send(ASKS_WHY, TO, uuid4())
    assert [button["reason"] for button in message(sandbox)["buttons"]] == ["Reason"]

    sandbox.post("press", message_id=receipt.provider_id, button="Reject", reason=written)

    [event] = heard(sandbox, slack)
    assert (event.payload, event.reason) == ("reject", reason)


def test_an_answer_in_the_thread_names_the_message_that_it_answers(sandbox: Running, slack: Any) -> None:
    receipt = slack.send(REQUEST, TO, uuid4())

    sandbox.post("reply", message_id=receipt.provider_id, text="Which <supplier>?")

    [event] = heard(sandbox, slack)
    assert (event.kind, event.provider_id) == (EventKind.REPLIED, receipt.provider_id)


def test_stop_in_a_direct_message_is_an_opt_out(sandbox: Running, slack: Any) -> None:
    slack.send(REQUEST, TO, uuid4())

    sandbox.post("reply", recipient=TO, channel="slack", text="STOP")

    assert [event.kind for event in heard(sandbox, slack)] == [EventKind.OPTED_OUT]


def test_a_member_is_found_by_his_address_and_asked_for_once(sandbox: Running, slack: Any) -> None:
    sandbox.post("people", name="Marta", email="marta@example.com", slack=TO)

    slack.send(REQUEST, "marta@example.com", uuid4())
    slack.send(REQUEST, "marta@example.com", uuid4())

    assert len(sandbox.get("messages", recipient=TO)["messages"]) == 2


def test_an_address_that_is_nobodys_is_remembered_as_unreachable(slack: Any) -> None:
    with pytest.raises(ChannelError) as refused:
        slack.send(REQUEST, "nobody@example.com", uuid4())

    fault = refused.value.fault
    assert (fault.code, fault.verdict, fault.unreachable) == ("users_not_found", Verdict.FALLBACK, True)


@pytest.mark.parametrize("kind", [kind for kind, script in KINDS.items() if script.error])
def test_every_error_on_demand_has_its_verdict(sandbox: Running, slack: Any, kind: str) -> None:
    sandbox.post("faults", channel="slack", kind=kind, times=1)
    looked_up = kind in STEPS

    with pytest.raises(ChannelError) as refused:
        slack.send(REQUEST, "marta@example.com" if looked_up else TO, uuid4())

    fault, verdict = refused.value.fault, VERDICTS.get(str(KINDS[kind].error), UNKNOWN_CODE).verdict
    assert fault.code == KINDS[kind].error
    assert fault.verdict is (Verdict.TRANSIENT if looked_up and verdict is Verdict.UNKNOWN else verdict)
    assert (fault.retry_after is not None) == (kind == "throttled")


@pytest.mark.parametrize(("kind", "taken"), [("lost", 0), ("hang", 0), ("dropped", 1), ("internal_taken", 1)])
def test_an_answer_that_never_comes_leaves_the_outcome_open(
    sandbox: Running, slack: Any, kind: str, taken: int
) -> None:
    key = uuid4()
    sandbox.post("faults", channel="slack", kind=kind, seconds=2)

    with pytest.raises(ChannelError) as lost:
        slack.send(REQUEST, TO, key)

    assert lost.value.fault.verdict is Verdict.UNKNOWN
    assert sandbox.get("requests", key=str(key))["keys"][str(key)] == {"seen": 1, "taken": taken}
    assert len(sandbox.get("messages", recipient=TO)["messages"]) == taken


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_persons_mailbox_may_ask_for_a_fault(sandbox: Running, slack: Any, kind: str) -> None:
    mailbox, key = f"{kind.replace('_', '-')}@example.com", uuid4()

    if kind == "hang":  # it would take its minute
        sandbox.post("faults", channel="slack", kind=kind, recipient=mailbox, seconds=2)
    if kind == "slow":
        sandbox.post("faults", channel="slack", kind=kind, recipient=mailbox, seconds=0.1)
        assert slack.send(REQUEST, mailbox, key).provider_id
    else:
        with pytest.raises(ChannelError):
            slack.send(REQUEST, mailbox, key)

    seen = sandbox.get("requests", key=str(key))["requests"]
    assert [one["fault"] for one in seen] == ([] if kind in STEPS else [kind])


def test_a_fault_for_the_post_waits_until_the_member_was_found(sandbox: Running, slack: Any) -> None:
    sandbox.post("faults", channel="slack", kind="archived")

    with pytest.raises(ChannelError) as refused:
        slack.send(REQUEST, "marta@example.com", uuid4())

    assert refused.value.fault.code == "is_archived"
    assert slack.send(REQUEST, "marta@example.com", uuid4()).provider_id


@pytest.mark.parametrize("scheme", ["Bearer", "Basic " + SECRET, SECRET, ""])
def test_a_request_without_a_token_is_refused(sandbox: Running, scheme: str) -> None:
    answer = requests.post(f"{sandbox.url}/slack/api/auth.test", headers={"Authorization": scheme}, timeout=5)

    assert answer.json() == {"ok": False, "error": "not_authed"}


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("auth.test", {}, None),
        ("no.such", {}, "unknown_method"),
        ("conversations.open", {"users": TO}, None),
        ("conversations.open", {"users": "Marta"}, "user_not_found"),
        ("chat.update", {"channel": "D0MARTA001", "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.postMessage", {"channel": "nowhere", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": TO}, "no_text"),
        ("chat.postMessage", {"channel": TO, "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", [], "json_not_object"),
    ],
)
def test_methods_answer_as_slacks_do(sandbox: Running, method: str, body: Any, error: str | None) -> None:
    answer = call(sandbox, method, json=body).json()

    assert (answer["ok"], answer.get("error")) == (error is None, error)


def call(sandbox: Running, method: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return requests.post(f"{sandbox.url}/slack/api/{method}", headers=headers, timeout=5, **options)


def test_blocks_may_come_as_json_within_a_form(sandbox: Running) -> None:
    blocks = json.dumps([{"type": "section", "text": {"type": "mrkdwn", "text": "In *blocks*"}}])

    assert call(sandbox, "chat.postMessage", data={"channel": TO, "text": "x", "blocks": blocks}).json()["ok"]
    assert call(sandbox, "chat.postMessage", data={"channel": TO, "blocks": "["}).json()["error"] == "invalid_json"
    assert message(sandbox)["text"] == "In *blocks*"


@pytest.mark.parametrize(
    "block",
    [
        None,
        7,
        {"type": ["section"]},
        {"type": "section", "text": "x"},
        {"type": "section", "fields": 7},
        {"type": "section", "fields": [7]},
        {"type": "actions"},
        {"type": "actions", "elements": "x"},
        {"type": "actions", "elements": [7]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x"}, "style": []}]},
    ],
)
def test_blocks_of_any_shape_are_refused_and_not_stumbled_over(sandbox: Running, block: object) -> None:
    answer = call(sandbox, "chat.postMessage", json={"channel": TO, "text": "x", "blocks": [block]})

    assert (answer.status_code, answer.json()["error"]) == (200, "invalid_blocks")


def test_the_documentation_has_every_mailbox_that_always_does_it() -> None:
    words = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text()
    section = words.partition("## Slack")[2].partition("\n## ")[0]

    assert [kind for kind in KINDS if f"`{kind.replace('_', '-')}@`" not in section] == []


def test_a_token_that_is_not_ours_is_refused(sandbox: Running) -> None:
    answer = requests.post(
        f"{sandbox.url}/slack/api/chat.postMessage", headers={"Authorization": "Bearer nope"}, json={}, timeout=5
    )

    assert answer.json() == {"ok": False, "error": "invalid_auth"}


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "/blocks/0/text/text"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "video"}], "/blocks/0/type"),
        ([{"type": "divider"}] * (MAX_BLOCKS + 1), "/blocks"),
    ],
)
def test_blocks_that_slack_would_not_take_are_refused_with_their_place(
    sandbox: Running, blocks: list[Any], pointer: str
) -> None:
    answer = requests.post(
        f"{sandbox.url}/slack/api/chat.postMessage",
        headers={"Authorization": f"Bearer {SECRET}"},
        json={"channel": TO, "text": "x", "blocks": blocks},
        timeout=5,
    ).json()

    assert answer["error"] == "invalid_blocks"
    assert any(f"[json-pointer:{pointer}]" in words for words in answer["response_metadata"]["messages"])


def test_an_edited_message_is_shown_as_edited(sandbox: Running, slack: Any) -> None:
    conversation, _, moment = slack.send(REQUEST, TO, uuid4()).provider_id.partition(":")

    edited = requests.post(
        f"{sandbox.url}/slack/api/chat.update",
        headers={"Authorization": f"Bearer {SECRET}"},
        json={"channel": conversation, "ts": moment, "text": "Approved by Ana"},
        timeout=5,
    ).json()

    assert edited["ok"]
    assert message(sandbox)["text"] == "Approved by Ana"
    assert (message(sandbox)["edited"] is not None, message(sandbox)["buttons"]) == (True, [])


def test_a_button_that_was_taken_away_is_still_pressed_by_whoever_has_not_looked_since(
    sandbox: Running, slack: Any
) -> None:
    key = uuid4()
    name = slack.send(REQUEST, TO, key).provider_id
    slack.edit(replace(REQUEST, text="Approved by Ana", buttons=()), name, key)

    sandbox.post("press", message_id=name, button="Reject")

    (pressed,) = heard(sandbox, slack)
    assert (pressed.payload, pressed.attempt_id) == ("reject", key)
    assert message(sandbox)["text"] == "Approved by Ana"


def test_a_link_button_tells_nothing_when_it_is_pressed(slack: Any) -> None:
    action = {"type": "button", "action_id": "link:2", "text": {"type": "plain_text", "text": "View"}, "action_ts": "1"}
    body = {"type": "block_actions", "actions": [action]}

    parsed = slack.parse({}, ("payload=" + requests.utils.quote(json.dumps(body))).encode())

    assert (parsed.events, parsed.ignored) == ((), ("link",))


def test_the_handshake_is_answered_and_a_command_is_acknowledged(slack: Any) -> None:
    assert slack.answer(b'{"type": "url_verification", "challenge": "abc"}')[1] == b"abc"
    assert json.loads(slack.answer(b"command=%2Fodoo&text=pipeline")[1])["response_type"] == "ephemeral"
    assert slack.answer(b"\xff") == ("text/plain; charset=utf-8", b"")


def test_what_slack_cannot_carry_is_refused_before_anything_leaves(sandbox: Running, slack: Any) -> None:
    too_long = replace(REQUEST, buttons=(Button("x" * 76, payload="approve"),))

    with pytest.raises(ChannelError) as refused:
        slack.send(too_long, TO, UUID(int=1))

    assert refused.value.fault.verdict is Verdict.PERMANENT
    assert sandbox.get("requests", recipient=TO)["count"] == 0
