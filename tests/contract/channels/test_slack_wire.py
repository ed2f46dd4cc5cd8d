"""What goes over the wire to Slack, whom we believe, and what we make of what people write and press."""

import contextlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.channels import (
    Attachment,
    Button,
    ChannelEvent,
    ChannelName,
    EventKind,
    Field,
    ProviderTemplate,
    Rendered,
    Verdict,
)
from tests.contract.channels.slack_bench import POSTED, REQUEST, SECRET, TEAM, TOKEN
from tests.contract.channels.stands import Reply
from workers.channels.base import ChannelError, Malformed
from workers.channels.slack.payload import message_body
from workers.channels.slack.verdicts import VERDICTS
from workers.channels.slack.webhook import parse

Fail = Callable[[Any], ChannelError]
FIXTURES = Path(__file__).parents[2] / "fixtures" / "slack"
EMAIL = "marta@example.com"
FOUND = Reply(body={"ok": True, "user": {"id": "U0MARTA001", "team_id": TEAM, "deleted": False}})
SENDABLE = {
    "approval": REQUEST,
    "text alone": Rendered(ChannelName.SLACK, "en", "Stock is out."),
    "eleven fields": replace(REQUEST, fields=tuple(Field(str(n), "x") for n in range(11))),
    "25 buttons, all alike": replace(REQUEST, buttons=(Button("Yes", payload="yes"),) * 25),
    "as much as there is room for": Rendered(
        ChannelName.SLACK,
        "en",
        "x" * 3000,
        "t" * 150,
        fields=(Field("f", "v" * 1996),),
        buttons=(Button("b" * 75, payload="p" * 512), Button("l", url="https://example.com/" + "u" * 2980)),
    ),
}


# What we post -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SENDABLE)
def test_every_message_keeps_slacks_contract(shared: Path, name: str, key: UUID) -> None:
    body = {"channel": "U0MARTA001", **message_body(SENDABLE[name], key)}

    _contract(shared, "/api/chat.postMessage", "application/json").validate(body)
    blocks = json.loads((shared / "contracts/slack/blocks.schema.json").read_text())
    jsonschema_rs.validator_for(blocks).validate(body["blocks"])
    for block in body["blocks"]:
        ids = [element["action_id"] for element in block.get("elements", ())]
        assert len(set(ids)) == len(ids)


def test_the_look_up_keeps_slacks_contract(shared: Path, slack: Any, key: UUID) -> None:
    slack.slack.replies += [FOUND, POSTED]

    slack.channel.send(REQUEST, EMAIL, key)

    [(path, headers, form, _), _] = slack.slack.requests
    assert path == "/users.lookupByEmail"
    _contract(shared, "/api/users.lookupByEmail", headers["Content-Type"]).validate(form)


def _contract(shared: Path, path: str, content_type: str) -> Any:
    contract = json.loads((shared / "contracts/slack/slack_mock.openapi.json").read_text())
    content = contract["paths"][path]["post"]["requestBody"]["content"]
    return jsonschema_rs.validator_for({**content[content_type]["schema"], "components": contract["components"]})


def test_a_message_goes_out_in_blocks_with_the_attempt_in_two_places(slack: Any, key: UUID) -> None:
    receipt = slack.channel.send(REQUEST, "U0MARTA001", key)

    [(path, headers, body, _)] = slack.slack.requests
    assert path == "/chat.postMessage"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert body["channel"] == "U0MARTA001"
    assert body["text"] == f"{REQUEST.subject}\n{REQUEST.text}"
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)
    assert body["metadata"] == {"event_type": "postroom_attempt", "event_payload": {"attempt": str(key)}}
    header, section, fields, actions = body["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "Aprobación: P00042", "emoji": False}
    assert section["text"] == {"type": "mrkdwn", "text": REQUEST.text, "verbatim": True}
    assert [field["text"] for field in fields["fields"]] == ["*Importe*\n8.400,00 €", "*Plazo*\n27 nov 2026"]
    assert actions["block_id"] == f"attempt:{key}"
    approve, reject, link = actions["elements"]
    assert (approve["value"], approve["style"], approve["text"]["text"]) == ("approve", "primary", "Aprobar")
    assert (reject["value"], reject["style"]) == ("reject", "danger")
    assert link["url"] == "https://erp.example.com/odoo/purchase/42"
    assert "value" not in link
    assert "style" not in link
    assert receipt.provider_id == "D0MARTA001:1795360000.000100"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": " \n"}, "the text is empty"),
        ({"text": "x" * 3001}, "3001 characters"),
        ({"subject": "x" * 151}, "the title"),
        ({"fields": (Field("Note", "x" * 2000),)}, "'Note'"),
        ({"buttons": (Button("x", payload="y"),) * 26}, "26 buttons"),
        ({"buttons": (Button(" ", payload="y"),)}, "without a title"),
        ({"buttons": (Button("x" * 76, payload="y"),)}, "76 characters"),
        ({"buttons": (Button("x"),)}, "either answer or open"),
        ({"buttons": (Button("x", payload="y", url="https://e.example"),)}, "either answer or open"),
        ({"buttons": (Button("x", payload="y" * 513),)}, "the payload"),
        ({"buttons": (Button("x", url="https://e.example/" + "y" * 3000),)}, "the link"),
        ({"buttons": (Button("x", url="javascript:alert(1)"),)}, "no http"),
        ({"buttons": (Button("x", url="https://[bad"),)}, "no http"),
        ({"buttons": (Button("x", payload="y", style="loud"),)}, "loud"),
        ({"html": "<b>none</b>"}, "html"),
        ({"template": ProviderTemplate("t", "es")}, "template"),
        ({"attachments": (Attachment("a.pdf", "application/pdf", "https://x.example/a"),)}, "attachments"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_blocks_cannot_carry_is_refused_before_a_byte_leaves(
    slack: Any, fail: Fail, change: dict[str, Any], words: str
) -> None:
    slack.material = replace(REQUEST, **change)
    slack.to = EMAIL

    fault = fail(slack).fault

    assert (fault.code, fault.verdict) == ("unsendable", Verdict.PERMANENT)
    assert words in fault.detail
    assert slack.seen() == 0


def test_every_fault_of_a_message_is_named_at_once(slack: Any, fail: Fail) -> None:
    slack.material = replace(REQUEST, subject="x" * 200, text="", buttons=(Button("Go", payload="go", style="loud"),))

    detail = fail(slack).fault.detail

    assert all(word in detail for word in ("the text is empty", "the title", "loud"))


# To whom ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["U0MARTA001", "W0MARTA001", "C0BUYERS01", "G0BUYERS01", "D0MARTA001"])
def test_an_id_is_written_to_as_it_stands(slack: Any, to: str, key: UUID) -> None:
    slack.channel.send(REQUEST, to, key)

    [(_, _, body, _)] = slack.slack.requests
    assert body["channel"] == to


def test_an_address_is_looked_up_once_and_remembered(slack: Any, key: UUID) -> None:
    slack.slack.replies += [FOUND, POSTED, POSTED]

    slack.channel.send(REQUEST, EMAIL, key)
    slack.channel.send(REQUEST, EMAIL, key)

    assert [path for path, *_ in slack.slack.requests] == ["/users.lookupByEmail"] + ["/chat.postMessage"] * 2
    assert [body["channel"] for _, _, body, _ in slack.slack.requests[1:]] == ["U0MARTA001"] * 2
    assert len({peer for *_, peer in slack.slack.requests}) == 1  # one connection for all of them


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Reply(body={"ok": False, "error": "users_not_found"}), "users_not_found"),
        (Reply(body={"ok": True, "user": {"id": "U0GONE0001", "deleted": True}}), "user_disabled"),
    ],
)
def test_an_address_that_leads_to_nobody_is_unreachable_and_asked_for_again(
    slack: Any, fail: Fail, found: Reply, code: str, key: UUID
) -> None:
    slack.to = EMAIL
    slack.slack.replies += [found, FOUND, POSTED]

    fault = fail(slack).fault

    assert (fault.verdict, fault.code, fault.unreachable) == (Verdict.FALLBACK, code, True)
    assert slack.channel.send(REQUEST, EMAIL, key).provider_id


@pytest.mark.parametrize(
    "lost",
    [
        Reply(drop=True),
        Reply(hang=1),
        Reply(502, raw=b"<html>"),
        Reply(raw=b"<html>"),
        Reply(body={"ok": True}),
        Reply(body={"ok": True, "user": "Marta"}),
        Reply(body={"ok": False, "error": "internal_error"}),
        Reply(body={"ok": False, "error": "unheard_of"}),
    ],
    ids=["drop", "hang", "502", "html", "nobody", "odd", "internal", "new"],
)
def test_a_look_up_that_fails_leaves_nothing_open(slack: Any, fail: Fail, lost: Reply) -> None:
    slack.to = EMAIL
    slack.slack.replies.append(lost)

    assert fail(slack).fault.verdict is Verdict.TRANSIENT
    assert [path for path, *_ in slack.slack.requests] == ["/users.lookupByEmail"]


def test_a_look_up_without_its_scope_stops_the_sender_and_says_which(slack: Any, fail: Fail) -> None:
    slack.to = EMAIL
    body = {"ok": False, "error": "missing_scope", "needed": "users:read.email", "provided": "chat:write"}
    slack.slack.replies.append(Reply(body=body))

    fault = fail(slack).fault

    assert (fault.verdict, fault.code) == (Verdict.SENDER_STOPPED, "missing_scope")
    assert "users:read.email" in fault.detail


# What Slack answers -------------------------------------------------------------------------------------------------


def test_a_throttled_message_waits_as_long_as_slack_says(slack: Any, fail: Fail) -> None:
    slack.slack.replies.append(Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}))

    fault = fail(slack).fault

    assert (fault.verdict, fault.code) == (Verdict.TRANSIENT, "ratelimited")
    assert fault.retry_after == timedelta(seconds=30)


def test_the_place_of_a_wrong_block_is_told(slack: Any, fail: Fail) -> None:
    where = "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]"
    body = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [where]}}
    slack.slack.replies.append(Reply(body=body))

    assert "json-pointer:/blocks/1/text/text" in fail(slack).fault.detail


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_where_slack_may_have_posted_the_outcome_is_open(slack: Any, fail: Fail, code: str) -> None:
    slack.slack.replies.append(Reply(body={"ok": False, "error": code}))

    assert fail(slack).fault.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, Verdict.TRANSIENT), (503, Verdict.UNKNOWN), (403, Verdict.SENDER_STOPPED), (429, Verdict.TRANSIENT)],
)
def test_an_unheard_of_error_is_judged_by_its_status(slack: Any, fail: Fail, status: int, verdict: Verdict) -> None:
    slack.slack.replies.append(Reply(status, {"ok": False, "error": "unheard_of"}))

    fault = fail(slack).fault

    assert (fault.verdict, fault.code) == (verdict, "unheard_of")
    assert "unknown code" in fault.detail


@pytest.mark.parametrize(
    "odd",
    [
        {"ok": False, "error": "no_text", "response_metadata": "odd"},
        {"ok": False, "error": "no_text", "response_metadata": {"messages": "odd"}, "needed": ["odd"]},
        {"ok": False, "error": "no_text", "response_metadata": {"messages": [None, {}, 1]}},
    ],
)
def test_an_odd_answer_still_has_its_verdict(slack: Any, fail: Fail, odd: dict[str, Any]) -> None:
    slack.slack.replies.append(Reply(body=odd))

    assert fail(slack).fault.verdict is Verdict.PERMANENT


@pytest.mark.parametrize("odd", [{}, {"ok": False}, {"ok": False, "error": 7}, {"ok": True, "ts": 1.5}, []])
def test_an_answer_that_tells_nothing_leaves_the_outcome_open(slack: Any, fail: Fail, odd: object) -> None:
    slack.slack.replies.append(Reply(body=odd))

    assert fail(slack).fault.verdict is Verdict.UNKNOWN


def test_every_error_that_slack_publishes_for_these_methods_has_a_row(shared: Path) -> None:
    contract = json.loads((shared / "contracts/slack/slack_mock.openapi.json").read_text())
    said = set()
    for path in ("/api/chat.postMessage", "/api/users.lookupByEmail"):
        for answer in contract["paths"][path]["post"]["responses"].values():
            content = answer["content"]["application/json"]
            examples = [example["value"] for example in content.get("examples", {}).values()] or [content["example"]]
            said |= {example["error"] for example in examples if not example["ok"]}
    said -= {"SPEC_VIOLATION"}  # the mock's own

    assert {"channel_not_found", "users_not_found", "ratelimited"} <= said
    assert said - set(VERDICTS) == set()


# Whom we believe ----------------------------------------------------------------------------------------------------


def _signed(raw: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + raw, "sha256").hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


@pytest.mark.parametrize(("age", "believed"), [(0, True), (290, True), (-290, True), (310, False), (-310, False)])
def test_a_signature_is_good_for_five_minutes_either_way(slack: Any, age: int, believed: bool) -> None:
    raw = b'{"type": "event_callback"}'

    assert slack.channel.verify(_signed(raw, at=int(time.time()) - age), raw) is believed


def test_a_certificate_check_is_believed_by_its_signature_alone(slack: Any) -> None:
    raw = b"ssl_check=1&token=x"

    assert not slack.channel.verify({}, raw)
    assert not slack.channel.verify(_signed(raw, secret="another secret"), raw)
    assert slack.channel.verify(_signed(raw), raw)
    assert slack.channel.parse({}, raw).ignored == ("ssl_check",)


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0="},
        {"x-slack-signature": "v0=é"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "9" * 5000},
        {"x-slack-request-timestamp": "nan"},
    ],
    ids=str,
)
def test_odd_headers_are_not_believed(slack: Any, change: dict[str, str]) -> None:
    assert not slack.channel.verify({**_signed(b"{}"), **change}, b"{}")


def test_without_a_secret_nobody_is_believed_not_even_who_signs_with_none(slack: Any) -> None:
    raw = b'{"type": "event_callback"}'

    assert not slack.deaf().verify(_signed(raw, secret=""), raw)


def test_bytes_that_are_no_utf8_are_not_believed(slack: Any) -> None:
    assert not slack.channel.verify(_signed(b"\xff"), b"\xff")


def test_the_handshake_is_answered_with_its_challenge(slack: Any) -> None:
    raw = json.dumps({"type": "url_verification", "challenge": "3eZbrw", "token": "x"}).encode()

    content_type, body = slack.channel.answer(raw)

    assert (content_type.partition(";")[0], body) == ("text/plain", b"3eZbrw")
    assert slack.channel.parse({}, raw).ignored == ("url_verification",)


@pytest.mark.parametrize("raw", [b"", b"{", b"ssl_check=1", b'{"type": "url_verification"}', b"\xff", b"payload=x"])
def test_nothing_is_said_where_nothing_was_asked(slack: Any, raw: bytes) -> None:
    assert slack.channel.answer(raw)[1] == b""


# What people write and press ----------------------------------------------------------------------------------------


def _event(name: str) -> ChannelEvent:
    [event] = parse((FIXTURES / name).read_bytes()).events
    return event


def test_a_press_says_which_attempt_who_and_what(key: UUID) -> None:
    event = _event("pressed__approve.txt")

    assert event == ChannelEvent(
        kind=EventKind.PRESSED,
        key="D0MARTA001:1795360000.000100:U0MARTA001:approve:1795360200.123456",
        channel=ChannelName.SLACK,
        account=TEAM,
        occurred_at=datetime.fromtimestamp(1795360200.123456, UTC),
        provider_id="D0MARTA001:1795360000.000100",
        attempt_id=key,
        address="U0MARTA001",
        text="Aprobar",
        payload="approve",
        extra={"conversation": "D0MARTA001", "ts": "1795360000.000100"},
    )


def test_a_press_is_known_by_the_messages_metadata_where_its_block_is_not_ours(key: UUID) -> None:
    assert _event("pressed__by_metadata.txt").attempt_id == key


def test_a_press_under_somebody_elses_message_has_no_attempt_of_ours() -> None:
    assert _event("pressed__not_of_ours.txt").attempt_id is None


def test_two_presses_of_one_button_are_two_events() -> None:
    first = _pressed(action_ts="1795360200.000001")
    again = _pressed(action_ts="1795360201.000001")

    assert parse(first).events == parse(first).events
    assert parse(first).events[0].key != parse(again).events[0].key


def _pressed(**change: object) -> bytes:
    button = {"type": "button", "action_id": "press:0", "block_id": "b", "value": "approve", "action_ts": "1795360200"}
    body = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": "U0MARTA001"},
        "container": {"channel_id": "D0MARTA001", "message_ts": "1795360000.000100"},
        "actions": [{**button, **change}],
    }
    return urlencode({"payload": json.dumps(body)}).encode()


@pytest.mark.parametrize("actions", [[], None, "x", [None, 1, "x"], [[]], [{"type": "button"}]])
def test_no_press_is_lost_in_silence(actions: object) -> None:
    parsed = parse(urlencode({"payload": json.dumps({"type": "block_actions", "actions": actions})}).encode())

    assert not parsed.events
    assert len(parsed.unknown) == (len(actions) or 1 if isinstance(actions, list) else 1)


def test_marks_and_escapes_are_undone_and_our_mention_is_left_out() -> None:
    assert _event("replied__marks.json").text == (
        "3 < 4 &amp; see the order (https://erp.example.com/odoo/42) or example.com, "
        "ask @pablo, marta@example.com, #buyers, @here"
    )


def test_a_file_is_named() -> None:
    assert "[file" in (_event("replied__file.json").text or "")


def test_an_answer_in_a_thread_names_the_message_that_the_thread_hangs_on() -> None:
    event = _event("replied__in_thread.json")
    raw = json.loads((FIXTURES / "replied__in_thread.json").read_text())["event"]

    assert event.provider_id == f"{raw['channel']}:{raw['thread_ts']}"


def test_stop_is_a_wish_in_a_direct_message_and_an_answer_in_a_channel() -> None:
    assert _event("opted_out__stop.json").kind is EventKind.OPTED_OUT
    assert _event("opted_out__mentioned.json").kind is EventKind.OPTED_OUT
    assert _event("replied__mention_with_stop.json").kind is EventKind.REPLIED


def test_a_repeated_event_has_the_same_key() -> None:
    raw = json.loads((FIXTURES / "replied__direct.json").read_text())

    keys = [parse(json.dumps(each).encode()).events[0].key for each in (raw, {**raw, "retry": 1})]

    assert keys == [raw["event_id"]] * 2


# What each of Slack's own payloads is read as; the names are those of the file that holds them.
READ_AS = {
    "app.app_mention_event_body": "replied",
    "block_actions.body": "pressed",
    "events_url_verification.event_body": "ignored",
    "slash_command.slash_command_body": "ignored",
    "message.message_body": "ignored",  # in a channel, not to us
    "message_bot.bot_message_event_payload": "ignored",
    "message_changed.event_payload": "ignored",
    "view_submission.body": "ignored",
    "shortcut.global_shortcut_body": "ignored",
    "events_ignore_self.event_body": "ignored",
}
FORMS = ("block_actions.", "view_submission.", "shortcut.")


def test_slacks_own_payloads_are_read_as_what_they_are(shared: Path) -> None:
    payloads = json.loads((shared / "fixtures" / "slack" / "payloads.json").read_text())

    assert {name: _read_as(_posted(name, payload)) for name, payload in payloads.items()} == READ_AS


def _posted(name: str, payload: Any) -> bytes:
    """As Slack posts it: commands are forms, actions JSON in a form, events JSON."""
    if isinstance(payload, str):
        return payload.encode()
    raw = json.dumps(payload)
    return urlencode({"payload": raw}).encode() if name.startswith(FORMS) else raw.encode()


def _read_as(raw: bytes) -> str:
    parsed = parse(raw)
    assert len(parsed.events) + len(parsed.ignored) + len(parsed.unknown) == 1
    return parsed.events[0].kind.value if parsed.events else "ignored" if parsed.ignored else "unknown"


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
odd = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


@given(
    st.sampled_from(sorted(path.name for path in FIXTURES.glob("*") if not path.name.startswith("malformed"))),
    st.data(),
)
def test_whatever_stands_in_a_payload_nothing_but_malformed_comes_out(name: str, data: st.DataObject) -> None:
    raw = (FIXTURES / name).read_bytes()
    is_json = name.endswith(".json")
    body = json.loads(raw if is_json else _payload_of(raw))
    hurt = _with_something_odd(body, data)
    written = json.dumps(hurt)

    with contextlib.suppress(Malformed):
        parse(written.encode() if is_json else urlencode({"payload": written}).encode())


def _payload_of(raw: bytes) -> str:
    return parse_qs(raw.decode()).get("payload", ["{}"])[0]


def _with_something_odd(node: Any, data: st.DataObject) -> Any:
    """The same payload with one value replaced by anything at all."""
    if isinstance(node, dict) and node and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(node)))
        return {**node, name: _with_something_odd(node[name], data)}
    if isinstance(node, list) and node:
        return [_with_something_odd(node[0], data), *node[1:]]
    return data.draw(odd)
