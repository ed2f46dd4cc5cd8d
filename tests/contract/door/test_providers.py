"""Providers' webhooks: verified over the raw bytes, kept once, answered with 200 whatever they hold."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from postroom.store.sealing import Sealer
from tests.contract.door.senders import EMAIL_SECRET, META_SECRET, VERIFY_TOKEN, Recorder, Sender, whsec

Rows = Callable[[str], int]

MAIL = b"From: marta@example.com\r\nSubject: Re: invoice\r\n\r\nGr\xfc\xdfe\r\n"


@pytest.fixture
def client(sender: Sender) -> FlaskClient:
    return sender.client


def meta_headers(raw: bytes, secret: str = META_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}


def handshake(client: FlaskClient, **changed: str) -> tuple[int, str, str]:
    asked = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444", **changed}
    answer = client.get("/webhooks/meta", query_string={f"hub.{name}": value for name, value in asked.items() if value})
    return answer.status_code, answer.mimetype, answer.text


def test_metas_handshake_gets_its_challenge_back_as_text(client: FlaskClient) -> None:
    assert handshake(client) == (200, "text/plain", "1158201444")
    assert handshake(client, challenge="<script>")[:2] == (200, "text/plain")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"verify_token": "another"}, 401),
        ({"verify_token": "tökén"}, 401),
        ({"verify_token": ""}, 400),
        ({"challenge": ""}, 400),
        ({"mode": ""}, 400),
        ({"mode": "unsubscribe"}, 400),
        ({"challenge": "x" * 257}, 400),
    ],
)
def test_a_handshake_of_somebody_else_is_refused(changed: dict[str, str], status: int, client: FlaskClient) -> None:
    assert handshake(client, **changed)[0] == status


@pytest.mark.parametrize(
    "raw",
    [b'{"object":"whatsapp_business_account","entry":[]}', b"not JSON", b'{"a":1,"a":NaN}', b"\xff\xfe", b""],
    ids=["an envelope", "no JSON", "odd JSON", "no UTF-8", "nothing"],
)
def test_what_meta_signed_is_kept_raw_and_answered_with_200(
    raw: bytes, client: FlaskClient, engine: Engine, sealer: Sealer, hints: Recorder
) -> None:
    answer = client.post("/webhooks/meta", data=raw, headers=meta_headers(raw), content_type="application/json")

    assert answer.status_code == 200
    with engine.connect() as connection:
        row = connection.execute(text("select * from request")).one()
    assert (row.source, row.state) == ("meta", "new")
    assert sealer.open(row.body, "request.body") == raw
    assert hints.given == ["observe"]


def test_the_golden_vector_of_metas_signature_verifies(client: FlaskClient) -> None:
    r"""By another hand: printf '{"a":"\\u00e4"}' | openssl dgst -sha256 -hmac meta-app-secret-for-tests.

    The escape stays as it was sent: writing the JSON anew would break the signature.
    """
    raw = b'{"a":"\\u00e4"}'
    vector = {"X-Hub-Signature-256": "sha256=c040601d9070e85699bbbaa43404ab281a565c7df6012476bca36e9811f393e7"}

    assert client.post("/webhooks/meta", data=raw, headers=vector).status_code == 200
    assert client.post("/webhooks/meta", data='{"a":"ä"}'.encode(), headers=vector).status_code == 401


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha256=", "sha256=00", "sha1=" + "0" * 40, "sha256=" + "0" * 64, "sha256=" + "ß" * 64, "=" * 99],
)
def test_what_meta_did_not_sign_is_refused_and_not_kept(
    signature: str | None, client: FlaskClient, rows: Rows, hints: Recorder
) -> None:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    answer = client.post("/webhooks/meta", data=b"{}", headers=headers)

    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert rows("request") == 0
    assert hints.given == []


def test_a_webhook_that_is_sent_again_is_one_row_and_200_each_time(
    client: FlaskClient, rows: Rows, hints: Recorder
) -> None:
    raw = b'{"entry":[1]}'
    statuses = [client.post("/webhooks/meta", data=raw, headers=meta_headers(raw)).status_code for _ in range(5)]

    assert statuses == [200] * 5
    assert rows("request") == 1
    assert hints.given == ["observe"]


def test_a_webhook_over_three_mebibytes_is_refused(client: FlaskClient) -> None:
    raw = b" " * (3 * 1024 * 1024 + 1)
    assert client.post("/webhooks/meta", data=raw, headers=meta_headers(raw)).status_code == 413


def test_raw_mail_is_kept_as_bytes_with_its_envelope(sender: Sender, engine: Engine, sealer: Sealer) -> None:
    answer = sender.post(
        MAIL,
        path="/webhooks/email",
        secret=EMAIL_SECRET,
        content_type="message/rfc822",
        headers={"X-Envelope-To": "bounce+0198@example.com"},
    )

    assert answer.status_code == 200
    with engine.connect() as connection:
        row = connection.execute(text("select * from request")).one()
    assert row.source == "email"
    assert sealer.open(row.body, "request.body") == MAIL
    assert sealer.open_json(row.headers, "request.headers")["x-envelope-to"] == "bounce+0198@example.com"


def test_mail_of_another_relay_or_of_another_kind_is_refused(sender: Sender, rows: Rows) -> None:
    other = sender.post(MAIL, path="/webhooks/email", secret=whsec("x"), content_type="message/rfc822")
    form = sender.post(MAIL, path="/webhooks/email", secret=EMAIL_SECRET, content_type="multipart/form-data")

    assert (other.status_code, form.status_code) == (401, 415)
    assert form.headers["Accept-Post"] == "message/rfc822"
    assert rows("request") == 0


@pytest.mark.parametrize(("source", "wire"), [("email", "sandbox"), ("meta", "live")])
def test_the_secret_that_signed_a_webhook_tells_its_wire_and_a_header_from_outside_does_not(
    source: str, wire: str, sender: Sender, engine: Engine, sealer: Sealer
) -> None:
    forged = {"x-postroom-wire": "live" if wire == "sandbox" else "sandbox"}
    if source == "email":
        sender.post(MAIL, path="/webhooks/email", secret=EMAIL_SECRET, content_type="message/rfc822", headers=forged)
    else:
        sender.client.post("/webhooks/meta", data=b"{}", headers={**meta_headers(b"{}"), **forged})

    with engine.connect() as connection:
        row = connection.execute(text("select headers from request")).one()
    assert sealer.open_json(row.headers, "request.headers")["x-postroom-wire"] == wire
