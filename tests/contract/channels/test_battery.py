"""What every channel of the registry must keep, on a real wire."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from postroom.domain.channels import RECEIPTS, ChannelName, EventKind, Fault, Parsed, Receipt, Verdict
from postroom.outside.rulings import find_ruling
from workers.channels.base import ChannelError, Malformed
from workers.channels.reference import verdict_tables

FROM_THE_DOOR = {
    "X-Postroom-Url": "https://post.example.com/webhooks/x?attempt=0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    "X-Postroom-Received-At": "2026-11-22T14:31:00+00:00",
}
"""What the door adds: the address that was posted to, and when."""

Fail = Callable[[Any], ChannelError]


def test_every_channel_name_has_a_channel_that_bears_it(bench: Any) -> None:
    assert bench.channel.name in ChannelName
    assert bench.channel.account


def test_an_accepted_message_is_a_receipt_with_the_providers_id(bench: Any, key: UUID) -> None:
    before = datetime.now(UTC)
    receipt = bench.channel.send(bench.material, bench.to, key)
    assert isinstance(receipt, Receipt)
    assert receipt.provider_id
    assert before <= receipt.accepted_at <= datetime.now(UTC)
    assert bench.seen() == 1


def test_a_code_gives_the_verdict_and_the_pace_of_its_row(bench: Any, code: str, fail: Fail) -> None:
    tables = verdict_tables(bench.channel.name)
    row = find_ruling(code, tables.VERDICTS, getattr(tables, "SPANS", ()))
    bench.refuse(code)
    fault = fail(bench).fault
    assert row is not None
    assert (fault.verdict, fault.pace, fault.unreachable) == (row.verdict, row.pace, row.unreachable)
    assert fault.code == re.sub(r"\bx\b", "9", code)


def test_a_refusal_carries_the_providers_words_and_nobodys_address(bench: Any, code: str, fail: Fail) -> None:
    bench.refuse(code)
    detail = fail(bench).fault.detail
    assert "said the provider" in detail
    assert not any(part in detail for part in ("34600111222", "marta", "example.net"))


def test_a_refusal_is_one_request_and_never_a_retry(bench: Any, code: str, fail: Fail) -> None:
    bench.refuse(code)
    fail(bench)
    assert bench.seen() == 1


def test_an_outcome_without_a_code_has_the_verdict_of_its_row(bench: Any, scenario: str, fail: Fail) -> None:
    row = verdict_tables(bench.channel.name).TRANSPORT[scenario]
    bench.scenarios[scenario]()
    fault = fail(bench).fault
    assert (fault.verdict, fault.pace) == (row.verdict, row.pace)
    assert fault.code[:6] == scenario[:6]


def test_a_row_is_unknown_only_where_the_request_has_left(bench: Any, scenario: str, fail: Fail) -> None:
    bench.scenarios[scenario]()
    fault = fail(bench).fault
    if fault.verdict is Verdict.UNKNOWN:
        assert bench.seen() == 1
    if fault.code in ("connect", "misconfigured", "bad_address", "unsendable", "starttls_missing", "auth_missing"):
        assert bench.seen() == 0


def test_the_channel_serves_on_after_a_fault(bench: Any, scenario: str, fail: Fail, key: UUID) -> None:
    bench.scenarios[scenario]()
    fail(bench)
    bench.heal()
    assert bench.channel.send(bench.material, bench.to, key).provider_id


# Webhooks -----------------------------------------------------------------------------------------------------------


def test_what_the_provider_signed_is_believed(hearing: Any) -> None:
    raw = _posted(hearing, b'{"caf\xe9": "bytes that are no UTF-8"}')
    assert hearing.channel.verify(hearing.signed(raw), raw)


def test_a_header_is_found_whatever_its_case(hearing: Any) -> None:
    raw = _posted(hearing)
    headers = hearing.signed(raw)
    assert hearing.channel.verify({name.lower(): value for name, value in headers.items()}, raw)
    assert hearing.channel.verify({name.title(): value for name, value in headers.items()}, raw)


def test_one_other_byte_is_not_believed(bench: Any) -> None:
    raw = _posted(bench)
    assert not bench.channel.verify(bench.signed(raw), _altered(bench, raw))


def test_no_signature_is_not_believed(bench: Any) -> None:
    assert not bench.channel.verify({}, _posted(bench))


@pytest.mark.parametrize("odd", ["", "é", "sha256=", "v1,", "v1,é", "v1", ",,", "\udcff", "sha256=é" * 99])
def test_an_odd_signature_is_refused_without_an_exception(bench: Any, odd: str) -> None:
    raw = _posted(bench)
    signed = bench.signed(raw)
    for name in signed:
        assert not bench.channel.verify({**signed, name: odd}, raw)


def test_without_a_secret_nothing_is_believed(bench: Any) -> None:
    raw = _posted(bench)
    assert not bench.deaf().verify(bench.signed(raw), raw)


def test_a_payload_is_read_as_its_name_says(bench: Any, payload: Path) -> None:
    expected = payload.name.partition("__")[0]
    if expected == "malformed":
        with pytest.raises(Malformed):
            _parsed(bench, payload)
        return
    parsed = _parsed(bench, payload)
    assert _sorted_as(parsed) == ({expected} if expected != "mixed" else _sorted_as(parsed))
    assert expected != "mixed" or len(_sorted_as(parsed)) > 1


def test_every_event_can_be_kept_and_told_apart(bench: Any, payload: Path) -> None:
    if payload.name.startswith("malformed"):
        return
    events = _parsed(bench, payload).events
    assert len({event.key for event in events}) == len(events)
    for event in events:
        assert event.key
        assert event.channel is bench.channel.name
        assert event.occurred_at.tzinfo is not None
        assert (event.fault is not None) == (event.kind is EventKind.FAILED)
        assert (event.kind in RECEIPTS) or event.text
        json.dumps(dataclasses.asdict(event), default=str).encode()


def test_a_receipt_names_the_attempt_that_it_settles(bench: Any, payload: Path, key: UUID) -> None:
    if not payload.name.startswith(tuple(RECEIPTS)):
        return
    assert {event.attempt_id for event in _parsed(bench, payload).events} == {key}


def test_the_same_bytes_are_the_same_events(bench: Any, payload: Path) -> None:
    if payload.name.startswith("malformed"):
        return
    assert _parsed(bench, payload) == _parsed(bench, payload)


def test_capabilities_are_declared_as_the_payloads_show(hearing: Any) -> None:
    named = {path.name.partition("__")[0] for path in (_folder(hearing)).iterdir()}
    declared = hearing.channel.capabilities
    assert EventKind.OPTED_OUT in named
    assert (EventKind.REPLIED in named) == declared.replies
    assert (EventKind.PRESSED in named) == declared.reply_buttons
    assert (EventKind.READ in named) == declared.read_receipts
    # An email's `delivered` comes when the other side volunteers it; a channel that declares it always tells.
    assert not declared.delivered_receipts or EventKind.DELIVERED in named
    assert (EventKind.FAILED in named) == getattr(hearing, "tells_failures", True)
    assert {"ignored", "unknown", "malformed"} <= named


@pytest.mark.parametrize("raw", [b"", b"\x00", b"[]", b"null", b"\xff\xfe", b"{" * 100_000, b'{"a":' * 50_000])
def test_bytes_that_are_no_payload_are_malformed(bench: Any, raw: bytes) -> None:
    with pytest.raises(Malformed):
        bench.channel.parse({}, raw)


def test_a_channel_that_nobody_posts_to_believes_and_reads_nothing(silent: Any) -> None:
    raw = b'{"id": "1"}'
    assert not silent.channel.verify(silent.signed(raw), raw)
    with pytest.raises(Malformed):
        silent.channel.parse(silent.signed(raw), raw)


def test_retry_after_is_a_whole_number_of_seconds_from_now(bench: Any, fail: Fail) -> None:
    if "http_429" not in bench.scenarios:
        return
    bench.scenarios["http_429"]()
    fault: Fault = fail(bench).fault
    assert fault.retry_after == timedelta(seconds=7)


def _posted(bench: Any, raw: bytes = b"{}") -> bytes:
    """The bytes as the provider posts them: a token, other than a signature, is bound to what they say."""
    return bench.posted(raw) if hasattr(bench, "posted") else raw


def _altered(bench: Any, raw: bytes) -> bytes:
    """With one other byte, which the signature does not cover."""
    return bench.altered(raw) if hasattr(bench, "altered") else raw[:-1] + b" " + raw[-1:]


def _folder(bench: Any) -> Path:
    return Path(__file__).parents[2] / "fixtures" / bench.channel.name


def _parsed(bench: Any, payload: Path) -> Parsed:
    raw = payload.read_bytes()
    parsed = bench.channel.parse({**FROM_THE_DOOR, "X-Envelope-To": _envelope_to(raw)}, raw)
    assert isinstance(parsed, Parsed)
    return parsed


def _envelope_to(raw: bytes) -> str:
    """The address that a relay would name; a fixture carries it as its first header."""
    first = raw.split(b"\n", 1)[0].decode("utf-8", "replace")
    return first.removeprefix("X-Original-To:").strip() if first.startswith("X-Original-To:") else ""


def _sorted_as(parsed: Parsed) -> set[str]:
    kinds = {event.kind.value for event in parsed.events}
    return kinds | {"ignored" for _ in parsed.ignored} | {"unknown" for _ in parsed.unknown}
