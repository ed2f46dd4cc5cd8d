"""What goes over the wire to Twilio, whom we believe, and what we make of what Twilio tells."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from postroom.domain.channels import Attachment, ChannelEvent, EventKind, Field, ProviderTemplate, Verdict
from tests.contract.channels.sms_bench import ACCEPTED, ACCOUNT, DOOR, NUMBER, SERVICE, SID, TEXT, TOKEN, signature
from workers.channels.base import Answering, ChannelError
from workers.channels.headers import received_at
from workers.channels.sms import SmsConfig
from workers.channels.sms.signature import is_signed
from workers.channels.sms.webhook import parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sms"
AT = datetime(2026, 11, 22, 14, 31, tzinfo=UTC)
STATUS_URL = f"{DOOR}/status?attempt=0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
FORM = {
    "MessageSid": SID,
    "MessageStatus": "delivered",
    "To": "+34600111222",
    "From": NUMBER,
    "Body": "¿Sí? 😊",
    "E": "",
}


# The request --------------------------------------------------------------------------------------------------------


def test_the_request_is_one_form_with_the_accounts_credentials(sms: Any, key: UUID) -> None:
    sms.channel.send(sms.material, sms.to, key)

    [(path, headers, form, _)] = sms.twilio.requests
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert headers["Authorization"] == "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == {
        "To": "+34600111222",
        "From": NUMBER,
        "Body": TEXT.text,
        "StatusCallback": f"{DOOR}/status?attempt={key}",
        "ValidityPeriod": "14400",
        "SmartEncoded": "false",
    }


def test_the_request_keeps_twilios_published_contract(sms: Any, key: UUID, shared: Path) -> None:
    import jsonschema_rs

    contract = json.loads((shared / "contracts" / "twilio" / "twilio_messages_strict.openapi.json").read_text())
    post = contract["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": contract["components"]})

    sms.channel.send(sms.material, sms.to, key)
    sms.rebuild(sender=SERVICE)
    sms.channel.send(sms.material, sms.to, key)

    for _, _, form, _ in sms.twilio.requests:
        typed = {**form, "ValidityPeriod": int(form["ValidityPeriod"]), "SmartEncoded": False}
        assert [fault.message for fault in validator.iter_errors(typed)] == []
    assert not validator.is_valid({"Body": "nobody"})


def test_a_messaging_service_is_named_as_such(sms: Any, key: UUID) -> None:
    sms.rebuild(sender=SERVICE)

    sms.channel.send(sms.material, sms.to, key)

    form = sms.twilio.requests[0][2]
    assert form["MessagingServiceSid"] == SERVICE
    assert "From" not in form
    assert sms.channel.account == SERVICE


def test_the_receipt_says_how_many_segments_are_billed(sms: Any, reply: Any, key: UUID) -> None:
    sms.twilio.replies += [ACCEPTED, *(reply(201, {**ACCEPTED.body, "num_segments": odd}) for odd in ("0", None, "x"))]

    receipts = [sms.channel.send(sms.material, sms.to, key) for _ in range(4)]

    assert [receipt.segments for receipt in receipts] == [2, None, None, None]
    assert {receipt.provider_id for receipt in receipts} == {SID}


def test_a_message_that_fails_at_once_is_refused(sms: Any, reply: Any, fail: Callable[[Any], ChannelError]) -> None:
    failed = {**ACCEPTED.body, "status": "failed", "error_code": 30006, "error_message": "Landline"}
    sms.twilio.replies.append(reply(201, failed))

    fault = fail(sms).fault

    assert (fault.verdict, fault.code, fault.unreachable) == (Verdict.FALLBACK, "30006", True)


@pytest.mark.parametrize(
    "change",
    [
        {"text": " \n"},
        {"text": "a" * 1601},
        {"text": "half \ud83d"},
        {"subject": "An SMS has none"},
        {"html": "<b>none</b>"},
        {"template": ProviderTemplate("t", "es")},
        {"fields": (Field("Amount", "1"),)},
        {"attachments": (Attachment("a.pdf", "application/pdf", "https://x.example/a"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_be_carried_is_refused_before_a_byte_leaves(
    sms: Any, change: dict[str, Any], fail: Callable[[Any], ChannelError]
) -> None:
    sms.material = replace(TEXT, **change)

    assert fail(sms).fault.code == "unsendable"
    assert sms.seen() == 0


def test_every_fault_of_a_message_is_named_at_once(sms: Any, fail: Callable[[Any], ChannelError]) -> None:
    sms.material = replace(TEXT, text="a" * 2000, subject="s", html="h")

    detail = fail(sms).fault.detail

    assert "2000 characters" in detail
    assert "subject, html" in detail


def test_1600_characters_are_carried(sms: Any, key: UUID) -> None:
    sms.channel.send(replace(TEXT, text="€" * 1600), sms.to, key)

    assert sms.twilio.requests[0][2]["Body"] == "€" * 1600


def test_a_second_message_uses_the_same_connection(sms: Any, key: UUID) -> None:
    for _ in range(3):
        sms.channel.send(sms.material, sms.to, key)

    assert len({peer for *_, peer in sms.twilio.requests}) == 1


def test_a_token_that_is_rotated_asks_with_the_first_and_believes_both(sms: Any, key: UUID) -> None:
    sms.rebuild(auth_tokens=("new-token", TOKEN))

    sms.channel.send(sms.material, sms.to, key)

    assert base64.b64decode(sms.twilio.requests[0][1]["Authorization"][6:]) == f"{ACCOUNT}:new-token".encode()
    for token in ("new-token", TOKEN):
        assert sms.channel.verify(_signed(token, STATUS_URL, FORM), urlencode(FORM).encode())
    assert not sms.channel.verify(_signed("old-token", STATUS_URL, FORM), urlencode(FORM).encode())


# The configuration --------------------------------------------------------------------------------------------------

GOOD = {
    "api_url": "https://api.twilio.com",
    "account_sid": ACCOUNT,
    "sender": NUMBER,
    "status_url": DOOR,
    "auth_tokens": (TOKEN,),
}


@pytest.mark.parametrize("sender", [NUMBER, SERVICE, "12345", "Acme Iberia"])
def test_these_can_send(sender: str) -> None:
    assert SmsConfig(**{**GOOD, "sender": sender}).sender == sender


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api_url": "api.twilio.com"}, "api_url"),
        ({"api_url": "http://[::1"}, "api_url"),
        ({"account_sid": "SK" + "0" * 32}, "account_sid"),
        ({"sender": "A name that is too long"}, "sender"),
        ({"sender": ""}, "sender"),
        ({"status_url": "ftp://post.example.com"}, "status_url"),
        ({"status_url": "http://127.0.0.1:8080/webhooks/twilio"}, "set PUBLIC_URL"),
        ({"status_url": "https://post_room.example.com/webhooks/twilio"}, "without underscores"),
        ({"auth_tokens": ()}, "auth_tokens is empty"),
        ({"auth_tokens": ("a b",)}, "blank"),
        ({"answer_timeout": 0}, "timeouts"),
        ({"validity_seconds": 36_001}, "validity_seconds"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_of_the_configuration_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SmsConfig(**{**GOOD, **change})


def test_all_faults_are_named_at_once_and_no_secret() -> None:
    with pytest.raises(ValueError, match="SMS is not configured") as caught:
        SmsConfig("x", "x", "", "x", ("secret word",))
    assert all(word in str(caught.value) for word in ("api_url", "account_sid", "sender", "status_url", "blank"))
    assert "secret word" not in str(caught.value)
    assert TOKEN not in repr(SmsConfig(**GOOD))


# Whom we believe ----------------------------------------------------------------------------------------------------


def _signed(token: str, url: str, form: dict[str, str]) -> dict[str, str]:
    return {"X-Twilio-Signature": signature(token, url, form), "X-Postroom-Url": url}


def test_the_documented_signature_is_believed(sms: Any) -> None:
    assert sms.channel.verify(_signed(TOKEN, STATUS_URL, FORM), urlencode(FORM).encode())


@pytest.mark.parametrize(
    ("signed_as", "seen_as"),
    [
        ("https://post.example.com:443/x?a=1", "https://post.example.com/x?a=1"),
        ("https://post.example.com/x?a=1", "https://post.example.com:443/x?a=1"),
        ("https://post.example.com/x", "https://post.example.com:8443/x"),
        ("http://post.example.com:80/x", "http://post.example.com/x"),
        ("https://u:p@post.example.com/x", "https://u:p@post.example.com:443/x"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"),
    ],
)
def test_a_port_may_be_named_or_not(sms: Any, signed_as: str, seen_as: str) -> None:
    headers = {**_signed(TOKEN, signed_as, FORM), "X-Postroom-Url": seen_as}

    assert sms.channel.verify(headers, urlencode(FORM).encode())


@pytest.mark.parametrize(
    "url",
    [
        STATUS_URL.replace("4a5b", "4a5c"),
        STATUS_URL.replace("https", "http"),
        DOOR,
        "",
        "https://post.example.com:port/x",
        "https://[/x",
        "nonsense",
        "\udcff",
    ],
)
def test_another_address_is_not_believed(sms: Any, url: str) -> None:
    headers = {**_signed(TOKEN, STATUS_URL, FORM), "X-Postroom-Url": url}

    assert not sms.channel.verify(headers, urlencode(FORM).encode())


@pytest.mark.parametrize("name", list(FORM))
def test_another_value_or_a_missing_one_is_not_believed(sms: Any, name: str) -> None:
    headers = _signed(TOKEN, STATUS_URL, FORM)
    without = {other: value for other, value in FORM.items() if other != name}

    assert not sms.channel.verify(headers, urlencode({**FORM, name: "other"}).encode())
    assert not sms.channel.verify(headers, urlencode(without).encode())


def test_a_body_that_is_no_form_is_believed_by_its_hash_alone(sms: Any) -> None:
    raw = b'{"a": 1}'

    assert sms.channel.verify(sms.signed(raw), raw)
    assert not sms.channel.verify(sms.signed(raw), b'{"a": 2}')
    assert not sms.channel.verify(_signed(TOKEN, STATUS_URL, {}), raw)


def test_a_shared_key_signs_by_sha256(sms: Any) -> None:
    url, raw = STATUS_URL, urlencode(FORM).encode()
    headers = {
        "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, FORM, "HMAC_SHA256"),
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
        "X-Postroom-Url": url,
    }

    assert sms.channel.verify(headers, raw)
    assert not sms.channel.verify({**headers, "X-Twilio-Webhooks-Signature-Settings": "algorithm=MD5"}, raw)


@pytest.mark.parametrize("raw", ["é=1".encode(), b"a=%ff", b"&".join(b"a%d=1" % n for n in range(600))])
def test_bytes_that_twilio_never_writes_are_refused_without_an_exception(sms: Any, raw: bytes) -> None:
    assert not sms.channel.verify(_signed(TOKEN, STATUS_URL, FORM), raw)


words = st.text(max_size=8).filter(lambda text: text.isprintable() or not text)
ports = st.sampled_from(["", ":443", ":8443"])
pairs = st.lists(st.tuples(words.filter(bool), words), max_size=6)


class Multi(dict[str, list[str]]):
    """Posted values as the frameworks hand them to Twilio's validator."""

    getlist = dict.__getitem__


@given(pairs, ports, ports, st.sampled_from([TOKEN, "other"]))
def test_we_believe_exactly_what_twilios_own_validator_believes(
    sent: list[tuple[str, str]], ours: str, theirs: str, token: str
) -> None:
    many = Multi()
    for name, value in sent:
        many.setdefault(name, []).append(value)
    url, seen = (f"https://post.example.com{port}/x?attempt=1" for port in (ours, theirs))
    given_signature = RequestValidator(token).compute_signature(url, many)

    believed = is_signed(
        (TOKEN,),
        {"x-twilio-signature": given_signature, "x-postroom-url": seen},
        urlencode(sent).encode(),
    )

    assert believed == RequestValidator(TOKEN).validate(seen, many, given_signature)


def test_the_answer_is_empty_twiml_as_twilio_writes_it(sms: Any) -> None:
    content_type, body = sms.channel.answer(b"")

    assert isinstance(sms.channel, Answering)
    assert content_type.partition(";")[0] == "text/xml"
    assert body.decode() == str(MessagingResponse())


# What Twilio tells --------------------------------------------------------------------------------------------------


def _events(name: str, url: str = STATUS_URL) -> tuple[ChannelEvent, ...]:
    headers = {"x-postroom-url": url, "x-postroom-received-at": AT.isoformat()}
    return parse(headers, (FIXTURES / f"{name}.form").read_bytes()).events


def test_a_status_says_which_attempt_it_settles_and_when_it_came(key: UUID) -> None:
    [event] = _events("delivered__with_the_carriers_time")

    assert event == ChannelEvent(
        kind=EventKind.DELIVERED,
        key=f"{SID}:delivered",
        channel=event.channel,
        account=NUMBER,
        occurred_at=AT,
        provider_id=SID,
        attempt_id=key,
        address="+34600111222",
        extra={"carrier_done": "2611221431"},
    )


@pytest.mark.parametrize("url", ["", DOOR, f"{DOOR}/status?attempt=x", f"{DOOR}/status?attempt=", "https://["])
def test_a_status_of_other_software_has_no_attempt_of_ours(url: str) -> None:
    [event] = _events("delivered__with_the_carriers_time", url)

    assert event.attempt_id is None
    assert event.provider_id == SID


def test_the_sender_is_the_messaging_service_where_there_is_one() -> None:
    assert {event.account for event in _events("delivered__by_messaging_service")} == {SERVICE}
    assert {event.account for event in _events("opted_out__stop_that_twilio_heard")} == {SERVICE}
    assert {event.account for event in _events("replied__text")} == {NUMBER}


@pytest.mark.parametrize(
    ("name", "code", "verdict", "unreachable"),
    [
        ("failed__unknown_handset", "30005", Verdict.FALLBACK, True),
        ("failed__handset_switched_off", "30003", Verdict.LATER, False),
        ("failed__stopped", "21610", Verdict.OPT_OUT, False),
        ("failed__new_code", "39999", Verdict.TRANSIENT, False),
        ("failed__without_a_reason", "no_reason", Verdict.TRANSIENT, False),
        ("failed__canceled_by_hand", "canceled", Verdict.FALLBACK, False),
    ],
)
def test_a_failed_status_has_the_verdict_of_its_code(name: str, code: str, verdict: Verdict, unreachable: bool) -> None:
    [event] = _events(name)

    assert event.fault is not None
    assert (event.fault.code, event.fault.verdict, event.fault.unreachable) == (code, verdict, unreachable)
    assert "34600111222" not in event.fault.detail


def test_no_failed_status_leaves_the_outcome_open() -> None:
    raw = urlencode({"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "63009"}).encode()

    [event] = parse({}, raw).events

    assert event.fault is not None
    assert event.fault.verdict is Verdict.FALLBACK


def test_read_is_told_where_the_other_side_tells_it() -> None:
    raw = urlencode({"MessageSid": SID, "MessageStatus": "read"}).encode()

    [event] = parse({}, raw).events

    assert event.kind is EventKind.READ
    assert datetime.now(UTC) - event.occurred_at < timedelta(minutes=1)


def test_what_twilio_took_for_stop_is_an_opt_out_and_still_an_answer() -> None:
    out, said = _events("mixed__cancel_that_twilio_takes_for_stop")

    assert (out.kind, out.key) == (EventKind.OPTED_OUT, f"{SID}:opted_out")
    assert (said.kind, said.key, said.text) == (EventKind.REPLIED, SID, "Cancel")
    assert [event.kind for event in _events("opted_out__stop_that_twilio_heard")] == [EventKind.OPTED_OUT]


def test_yes_is_an_answer_even_where_twilio_takes_it_for_start() -> None:
    back, said = _events("mixed__yes_that_twilio_takes_for_start")

    assert (back.kind, said.kind, said.text) == (EventKind.OPTED_IN, EventKind.REPLIED, "Yes")


def test_a_picture_is_told_of_and_found_again() -> None:
    [event] = _events("replied__picture_without_words")

    assert event.text == "[image/jpeg] [application/pdf]"
    assert event.extra["media_1"].endswith("/ME2")
    assert event.extra["country"] == "ES"


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("2026-11-22T14:31:00+00:00", AT),
        ("2026-11-22T15:31:00+01:00", AT),
        ("2026-11-22T14:31:00", AT),
    ],
)
def test_the_doors_time_is_read_as_utc(raw: str, at: datetime) -> None:
    assert received_at({"x-postroom-received-at": raw}) == at
