"""What the channels make of hostile and mutated payloads: events, labels or Malformed, and never anything else."""

import json
import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.domain.channels import EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.email import inbound
from workers.channels.whatsapp import webhook

FIXTURES = Path(__file__).parents[2] / "fixtures"
PAYLOADS = [
    json.loads(path.read_text())
    for path in sorted((FIXTURES / "whatsapp").glob("*.json"))
    if not path.name.startswith("malformed")
]
MAILS = [path.read_bytes() for path in sorted((FIXTURES / "email").glob("*.eml"))]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\ud800", "\x00", "9" * 5000, 10**30, -1, [], {}, [[]], [None], {"code": []}, "1e999", "٣"]),
)


def _read_mail(raw: bytes, envelope_to: str = "bounce+0193a1b2c3d47e5f8a9b0c1d2e3f4a5b@b.example") -> Parsed:
    return inbound.parse(raw, envelope_to, bounce_domain="b.example", account="p@example.com")


def _kept(parse: Callable[[], Parsed]) -> None:
    """Either Malformed, or events that a database can hold and labels that a metric can bear."""
    try:
        parsed = parse()
    except Malformed:
        return
    for event in parsed.events:
        assert event.key
        assert len(event.key) <= 600
        assert event.occurred_at.utcoffset() == timedelta()
        assert (event.fault is not None) == (event.kind is EventKind.FAILED)
        words = (
            event.key,
            event.account,
            event.text,
            event.payload,
            event.address,
            event.provider_id,
            *event.extra.values(),
        )
        for word in filter(None, words):
            assert "\x00" not in word
            word.encode("utf-8")
    for label in (*parsed.ignored, *parsed.unknown):
        assert label.isascii()
        assert len(label) <= 200


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for name, child in items for place in _places(child, (*path, name)))]


def _with(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = _with(node[path[0]], path[1:], value)
    return copy


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    payload = draw(st.sampled_from(PAYLOADS))
    for _ in range(draw(st.integers(1, 3))):
        payload = _with(payload, draw(st.sampled_from(_places(payload))), draw(ODD))
        if not isinstance(payload, dict | list):
            break
    return json.dumps(payload).encode()


@given(mutated())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation_of_a_whatsapp_payload_is_events_labels_or_malformed(raw: bytes) -> None:
    _kept(lambda: webhook.parse(raw))


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_or_malformed_by_whatsapp(raw: bytes) -> None:
    _kept(lambda: webhook.parse(raw))


@st.composite
def cut_mail(draw: st.DrawFn) -> bytes:
    raw = draw(st.sampled_from(MAILS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 40))
        raw = raw[:start] + draw(st.binary(max_size=12)) + raw[start + length :]
    return raw


@given(cut_mail(), st.sampled_from(["", "bounce+0193a1b2c3d47e5f8a9b0c1d2e3f4a5b@b.example", "reply+x@b", "\ud800"]))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation_of_a_mail_is_events_labels_or_malformed(raw: bytes, envelope_to: str) -> None:
    _kept(lambda: _read_mail(raw, envelope_to))


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_or_malformed_by_email(raw: bytes) -> None:
    _kept(lambda: _read_mail(raw))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(
            b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 5000, id="many parts"
        ),
        pytest.param(
            b"From: a@b\r\n"
            + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)),
            id="deep nesting",
        ),
        pytest.param(b"From: a@b\r\nContent-Type: text/plain; charset=no-such\r\n\r\nhi", id="no such charset"),
        pytest.param(b"From: =?x?y?z?=\r\nSubject: =?utf-8?b?//?=\r\n\r\nhi", id="broken encoded words"),
        pytest.param(b"From: a@b\r\nDate: Mon, 99 Foo 0000 99:99:99 +9999\r\n\r\nhi", id="no such moment"),
        pytest.param(b"From: a@b\r\nMessage-ID: " + b"x" * 100_000 + b"\r\n\r\nhi", id="endless id"),
    ],
)
def test_hostile_mail_is_read_or_malformed(hostile: bytes) -> None:
    _kept(lambda: _read_mail(hostile, ""))


def test_one_unreadable_item_does_not_cost_the_others() -> None:
    status = {"id": "wamid.1", "status": "delivered", "timestamp": "1795370002"}
    value = {"metadata": {"phone_number_id": "1"}, "statuses": [None, {"status": []}, status, 7]}
    payload = {
        "object": "whatsapp_business_account",
        "entry": [7, {"changes": [{"field": "messages", "value": value}]}],
    }
    parsed = webhook.parse(json.dumps(payload).encode())
    assert [event.key for event in parsed.events] == ["wamid.1:delivered"]
    assert parsed.unknown == ("entry:unreadable", "status:unreadable", "status:without_id", "status:unreadable")


@pytest.mark.parametrize("stamp", ["9" * 30, -5, 1.5, math.pi, "yesterday", None, True])
def test_a_person_is_heard_even_when_the_timestamp_is_nonsense(stamp: object) -> None:
    message = {"id": "wamid.1", "from": "34600111222", "type": "text", "text": {"body": "hi"}, "timestamp": stamp}
    value = {"metadata": {"phone_number_id": "1"}, "messages": [message]}
    payload = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}
    [event] = webhook.parse(json.dumps(payload).encode()).events
    assert event.text == "hi"
