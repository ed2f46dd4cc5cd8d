"""The stand-in for Slack and our Slack channel, over real HTTP: written apart, each from Slack's own words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from postroom.domain.channels import Button, ChannelEvent, ChannelName, EventKind, Field, Rendered, Verdict
from postroom.domain.safety import Wire
from sandbox.slack.checks import MAX_BLOCKS
from sandbox.slack.faults import KINDS
from sandbox.testing import SECRET, Running, eventually
from workers.channels.base import ChannelError
from workers.channels.registry import build
from workers.channels.slack import SlackConfig
from workers.channels.slack.verdicts import ruling_of

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

    with pytest.raises(ChannelError) as refused:
        slack.send(REQUEST, TO, uuid4())

    fault = refused.value.fault
    assert fault.code == KINDS[kind].error
    assert fault.verdict is ruling_of(str(KINDS[kind].error)).verdict
    assert (fault.retry_after is not None) == (kind == "throttled")


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
    assert message(sandbox)["edited"]


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
