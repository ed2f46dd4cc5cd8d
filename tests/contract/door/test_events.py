"""POST /v1/events: what is taken, what is refused, and in which words."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from postroom.domain.events import event_from
from postroom.store.sealing import Sealer
from tests.contract.door.senders import AI, ODOO, ODOO_OLD, Recorder, Sender, signature, whsec

Event = dict[str, Any]
Rows = Callable[[str], int]

BATCH = "application/cloudevents-batch+json"


def faults(answer: TestResponse) -> dict[str, str]:
    """The refusal's faults by place."""
    assert answer.content_type == "application/problem+json"
    return {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]}


# What is taken ------------------------------------------------------------------------------------------------------


def test_an_event_is_kept_and_answered_with_its_id(
    sender: Sender, reminder: Event, engine: Engine, sealer: Sealer, hints: Recorder
) -> None:
    answer = sender.post(reminder)

    assert answer.status_code == 202
    with engine.connect() as connection:
        row = connection.execute(text("select * from inbox")).one()
    assert answer.json == {
        "id": str(row.id),
        "events": [{"id": str(row.id), "source": "/odoo/acme-prod", "cloudevent_id": "evt-1"}],
    }
    assert (row.company, row.source, row.key, row.kind, row.state) == ("1", "/odoo/acme-prod", "evt-1", "event", "new")
    assert event_from(sealer.open_json(row.payload, "inbox.payload")).document == "account.move:88"
    assert hints.given == ["route"]


def test_the_raw_request_is_kept_sealed_without_the_headers_that_are_nobodys_business(
    sender: Sender, reminder: Event, engine: Engine, sealer: Sealer
) -> None:
    raw = json.dumps(reminder, indent=1).encode()
    sender.post(raw, headers={"Authorization": "Bearer x", "Cookie": "y=z"})

    with engine.connect() as connection:
        row = connection.execute(text("select * from request")).one()
    assert sealer.open(row.body, "request.body") == raw
    assert raw not in bytes(row.body)
    assert set(sealer.open_json(row.headers, "request.headers")) <= {
        "content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature"
    }  # fmt: skip


def test_a_repeat_gets_the_same_answer_and_is_kept_once(
    sender: Sender, reminder: Event, rows: Rows, hints: Recorder
) -> None:
    first, again = sender.post(reminder), sender.post(reminder)

    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert rows("inbox") == 1
    assert hints.given == ["route"]


def test_the_three_modes_of_one_event_are_one_event(sender: Sender, reminder: Event, rows: Rows) -> None:
    answers = [sender.post(reminder), sender.binary(reminder), sender.post([reminder], content_type=BATCH)]

    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json == answers[1].json == answers[2].json
    assert rows("inbox") == 1


def test_binary_mode_reads_attributes_quoted_and_percent_encoded(
    sender: Sender, reminder: Event, engine: Engine, sealer: Sealer
) -> None:
    answer = sender.binary(reminder, **{"ce-subject": '"Rechnung %C3%BC\\"1\\""', "ce-tenant": "blue"})

    assert answer.status_code == 202
    with engine.connect() as connection:
        payload = sealer.open_json(connection.scalar(text("select payload from inbox")), "inbox.payload")
    assert payload["subject"] == 'Rechnung ü"1"'
    assert payload["tenant"] == "blue"


def test_a_batch_is_answered_in_its_order(sender: Sender, reminder: Event, confirmed: Event, rows: Rows) -> None:
    batch = [{**reminder, "id": "z"}, {**confirmed, "id": "a"}, {**reminder, "id": "m"}]
    answer = sender.post(batch, content_type=BATCH)

    assert answer.status_code == 202
    assert [event["cloudevent_id"] for event in answer.json["events"]] == ["z", "a", "m"]
    assert answer.json["id"] == answer.json["events"][0]["id"]
    assert rows("inbox") == 3
    assert rows("request") == 1


def test_a_batch_that_holds_an_event_twice_keeps_it_once(sender: Sender, reminder: Event, rows: Rows) -> None:
    answer = sender.post([reminder, reminder], content_type=BATCH)

    assert answer.status_code == 202
    assert len({event["id"] for event in answer.json["events"]}) == 1
    assert rows("inbox") == 1


def test_a_batch_with_one_old_and_one_new_event_names_both(sender: Sender, reminder: Event, hints: Recorder) -> None:
    first = sender.post(reminder).json["id"]
    answer = sender.post([{**reminder, "id": "new"}, reminder], content_type=BATCH)

    assert answer.json["events"][1]["id"] == first
    assert hints.given == ["route", "route"]


@pytest.mark.parametrize("secret", [ODOO, ODOO_OLD], ids=["new", "old"])
def test_both_secrets_of_a_source_open_the_door(secret: str, sender: Sender, reminder: Event) -> None:
    assert sender.post(reminder, secret=secret).status_code == 202


def test_the_secret_names_the_source(sender: Sender, reminder: Event) -> None:
    assert sender.post({**reminder, "source": "/ai/assistant"}, secret=AI).status_code == 202
    assert sender.post({**reminder, "source": "https://ai.example.com/ai/x", "id": "2"}, secret=AI).status_code == 202


# What is refused ----------------------------------------------------------------------------------------------------


def test_a_source_of_somebody_else_is_refused(sender: Sender, reminder: Event, rows: Rows) -> None:
    answer = sender.post(reminder, secret=AI)

    assert answer.status_code == 422
    assert faults(answer) == {"/source": "is not a source of 'ai', whose secret signed this"}
    assert rows("request") == 0


def test_every_fault_of_an_event_is_told_at_once(sender: Sender, reminder: Event, rows: Rows) -> None:
    data = reminder["data"]
    data["recipient"] = {"partner_id": 0, "name": " "}
    data["invoice"] = {**data["invoice"], "amount_due": 1250.0, "due_date": "30/11/2026", "note": "x"}
    del data["invoice"]["number"]
    answer = sender.post({**reminder, "specversion": "0.3", "source": "/ai/x", "Bad-Name": 1})

    assert answer.status_code == 422
    assert set(faults(answer)) == {
        "/specversion",
        "/source",
        "/Bad-Name",
        "/data/recipient",
        "/data/recipient/partner_id",
        "/data/recipient/name",
        "/data/invoice/number",
        "/data/invoice/amount_due",
        "/data/invoice/due_date",
        "/data/invoice/note",
    }
    remedies = {fault["pointer"]: fault.get("remedy", "") for fault in answer.json["errors"]}
    assert "1250.00" in remedies["/data/invoice/amount_due"]
    assert "at least one of: phone, email" in remedies["/data/recipient"]
    assert "payment_url" in remedies["/data/invoice/note"]
    assert rows("request") == 0


def test_what_only_the_reader_of_events_knows_is_refused_too(sender: Sender, reminder: Event) -> None:
    reminder["data"]["invoice"]["currency"] = "XQZ"
    answer = sender.post(reminder)

    assert answer.status_code == 422
    assert list(faults(answer)) == ["/data/invoice/currency"]


def test_an_unknown_type_is_told_the_known_ones(sender: Sender, reminder: Event) -> None:
    answer = sender.post({**reminder, "type": "odoo.invoice.reminder"})

    assert answer.status_code == 422
    assert "odoo.invoice.payment_reminder" in faults(answer)["/type"]


def test_a_batch_with_one_bad_event_is_refused_whole(sender: Sender, reminder: Event, rows: Rows) -> None:
    bad = {**reminder, "id": "2", "data": {**reminder["data"], "invoice": {}}}
    answer = sender.post([reminder, bad, 7], content_type=BATCH)

    assert answer.status_code == 422
    assert "/1/data/invoice/number" in faults(answer)
    assert faults(answer)["/2"] == "is not an object"
    assert rows("inbox") == rows("request") == 0


@pytest.mark.parametrize("body", [[], {}, "x", 1, None], ids=repr)
def test_a_batch_that_is_no_list_of_events_is_refused(body: Any, sender: Sender) -> None:
    assert sender.post(body, content_type=BATCH).status_code == 422


def test_a_batch_of_more_than_a_hundred_is_refused(sender: Sender, reminder: Event) -> None:
    answer = sender.post([reminder] * 101, content_type=BATCH)

    assert answer.status_code == 422
    assert faults(answer) == {"": "holds 101 events"}


def test_an_id_with_other_content_is_a_conflict_and_the_first_stays(
    sender: Sender, reminder: Event, engine: Engine, sealer: Sealer, rows: Rows
) -> None:
    sender.post(reminder)
    changed = json.loads(json.dumps(reminder).replace("1250.00", "9999.00"))
    answer = sender.post([{**reminder, "id": "other"}, changed], content_type=BATCH)

    assert answer.status_code == 409
    assert faults(answer) == {"/1/id": "'evt-1' of /odoo/acme-prod was used before with other content"}
    assert rows("inbox") == 1
    with engine.connect() as connection:
        payload = sealer.open_json(connection.scalar(text("select payload from inbox")), "inbox.payload")
    assert payload["data"]["invoice"]["amount_due"] == "1250.00"


def test_a_binary_event_whose_id_is_not_signed_is_refused(sender: Sender, reminder: Event, rows: Rows) -> None:
    """Else whoever saw one request could send it again under another id."""
    answer = sender.binary(reminder, **{"ce-id": "evt-2"})

    assert answer.status_code == 422
    assert "signature does not cover" in faults(answer)["/id"]
    assert rows("inbox") == 0


STRICT = {
    "a member twice": (b'{"a": {"b": 1, "b": 2}, "a": 3}', {"/a"}),
    "a member twice inside a list": (b'{"l": [1, {"b": 1, "b": 2}]}', {"/l/1/b"}),
    "not a number": (b'{"x": NaN, "y": [-Infinity, 1e999]}', {"/x", "/y/0", "/y/1"}),
    "a NUL": (b'{"x": "a\\u0000b"}', {"/x"}),
    "half a surrogate pair": (b'{"x": "\\ud83d", "\\udc00": 1}', {"/x", "/?"}),
    "too deep": (b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}", {"/x" + "/0" * 31}),
}


@pytest.mark.parametrize(("raw", "places"), STRICT.values(), ids=STRICT)
def test_json_that_two_readers_could_read_differently_is_refused_with_its_place(
    raw: bytes, places: set[str], sender: Sender
) -> None:
    answer = sender.post(raw)

    assert answer.status_code == 400
    assert set(faults(answer)) == places


UNREADABLE = {
    "empty": b"",
    "cut off": b'{"specversion": "1.0", "id"',
    "a comment": b"{} // x",
    "deeper than the parser goes": b"[" * 100_000,
    "a number of 5000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "a byte order mark": "\ufeff{}".encode(),
    "UTF-16": "{}".encode("utf-16"),
    "Latin-1": '{"x": "ü"}'.encode("latin-1"),
    "an encoded surrogate": b'{"x": "\xed\xa0\x80"}',
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_json_is_refused(raw: bytes, sender: Sender) -> None:
    answer = sender.post(raw)

    assert answer.status_code == 400
    assert answer.json["type"] == "/problems/malformed"


UNSIGNED: dict[str, dict[str, str | None]] = {
    "no id": {"webhook-id": None},
    "no timestamp": {"webhook-timestamp": None},
    "no signature": {"webhook-signature": None},
    "another version": {"webhook-signature": "v2,AAAA"},
    "no version": {"webhook-signature": "AAAA"},
    "no base64": {"webhook-signature": "v1,*"},
    "odd base64": {"webhook-signature": "v1,AAAAA"},
    "three commas": {"webhook-signature": "v1,A,B,C"},
    "blanks": {"webhook-signature": "   "},
    "outside ASCII": {"webhook-signature": "v1,ÿÿÿÿ"},
    "a timestamp in words": {"webhook-timestamp": "yesterday"},
    "a timestamp that is no number": {"webhook-timestamp": "nan"},
    "a timestamp beyond time": {"webhook-timestamp": "1e300"},
    "a timestamp before time": {"webhook-timestamp": "-99999999999999"},
}


@pytest.mark.parametrize("changed", UNSIGNED.values(), ids=UNSIGNED)
def test_a_signature_that_proves_nothing_is_refused(
    changed: dict[str, str | None], app: Flask, reminder: Event, rows: Rows
) -> None:
    raw = json.dumps(reminder).encode()
    headers = {**signature(raw, ODOO, "msg_1"), **changed}
    answer = app.test_client().post(
        "/v1/events",
        data=raw,
        headers={name: value for name, value in headers.items() if value is not None},
        content_type="application/cloudevents+json",
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("StandardWebhooks")
    assert answer.json["type"] == "/problems/not-signed"
    assert rows("request") == 0


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 202), (4, 202), (6, 401)])
def test_five_minutes_are_tolerated(minutes: int, status: int, app: Flask, reminder: Event) -> None:
    raw = json.dumps(reminder).encode()
    headers = signature(raw, ODOO, "msg_1", datetime.now(UTC) + timedelta(minutes=minutes))
    answer = app.test_client().post(
        "/v1/events", data=raw, headers=headers, content_type="application/cloudevents+json"
    )

    assert answer.status_code == status
    assert status == 202 or "clock" in answer.json["detail"]


def test_another_secret_or_another_body_is_refused(sender: Sender, app: Flask, reminder: Event) -> None:
    raw = json.dumps(reminder).encode()
    headers = signature(raw, ODOO, "msg_1")
    tampered = app.test_client().post(
        "/v1/events", data=raw + b" ", headers=headers, content_type="application/cloudevents+json"
    )

    assert tampered.status_code == 401
    assert sender.post(reminder, secret=whsec("x")).status_code == 401


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/json", {}),
        ("text/plain", {"ce-id": "1"}),
        ("application/cloudevents+avro", {}),
        ("application/cloudevents", {"ce-id": "1"}),
        ("application/cloudevents+json; charset=latin-1", {}),
        ("application/cloudevents+json", {"Content-Encoding": "gzip"}),
        ("", {}),
    ],
)
def test_a_content_type_that_is_not_read_is_told_those_that_are(
    content_type: str, headers: dict[str, str], sender: Sender, reminder: Event
) -> None:
    answer = sender.post(reminder, content_type=content_type, headers=headers)

    assert answer.status_code == 415
    assert "application/cloudevents+json" in answer.headers["Accept-Post"]


def test_a_body_over_the_limit_is_refused_before_it_is_read(sender: Sender, rows: Rows) -> None:
    assert sender.post(b" " * (1024 * 1024 + 1)).status_code == 413
    assert sender.post(b" " * (1024 * 1024)).status_code == 400  # read, and no JSON


# At the same time ---------------------------------------------------------------------------------------------------


def test_repeats_that_race_are_one_event_with_one_answer(app: Flask, reminder: Event, rows: Rows) -> None:
    start = threading.Barrier(8)

    def post(number: int) -> tuple[int, Any]:
        sender = Sender(app.test_client())
        start.wait()
        answer = sender.post(reminder, message_id=f"try-{number}")
        return answer.status_code, json.dumps(answer.json)

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(post, range(8)))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 202
    assert rows("inbox") == 1


def test_batches_that_race_over_the_same_events_in_another_order_all_succeed(
    app: Flask, reminder: Event, rows: Rows
) -> None:
    batch = [{**reminder, "id": f"e{number:02}"} for number in range(40)]
    start = threading.Barrier(6)

    def post(number: int) -> int:
        sender = Sender(app.test_client())
        ordered = batch if number % 2 else batch[::-1]
        start.wait()
        return sender.post([*ordered, {**reminder, "id": f"own-{number}"}], content_type=BATCH).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(post, range(6)))

    assert statuses == [202] * 6
    assert rows("inbox") == 46
