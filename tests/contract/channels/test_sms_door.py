"""Twilio at the real door: believed by the public address, kept with it, answered in TwiML, read later."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from postroom.domain.channels import EventKind
from tests.contract.channels.sms_bench import DOOR, NUMBER, SID, TOKEN, signature
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.door import Providers

STATUS = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+34600111222", "From": NUMBER}
WORDS = {"MessageSid": SID, "SmsStatus": "received", "Body": "¿Sí? 😊", "From": "+34600111222", "To": NUMBER}


@dataclass
class Shelf:
    """An inbox in memory: what the door would keep."""

    kept: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def keep_request(self, *, source: str, headers: Mapping[str, str], body: bytes) -> bool:
        self.kept.append((source, headers, body))
        return True


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def client(shelf: Any, sms: Any) -> FlaskClient:
    door = door_over(shelf, Recorder(), lambda: None)  # type: ignore[arg-type,return-value]
    providers = Providers(verifiers={"twilio": (sms.channel,)})
    return create_app(replace(door, providers=providers, public_url="https://post.example.com/")).test_client()


def _post(client: FlaskClient, path: str, form: dict[str, str], **headers: str) -> Any:
    signed = signature(TOKEN, f"https://post.example.com{path}", form)
    return client.post(
        path,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded; charset=UTF-8",
        headers={"X-Twilio-Signature": signed, **headers},
    )


def test_a_callback_is_kept_with_the_address_that_names_the_attempt(
    client: FlaskClient, shelf: Shelf, sms: Any, key: Any
) -> None:
    sms.channel.send(sms.material, sms.to, key)
    asked_for = sms.twilio.requests[0][2]["StatusCallback"]

    answer = _post(client, asked_for.removeprefix("https://post.example.com"), STATUS)

    assert answer.status_code == 200
    [(source, headers, body)] = shelf.kept
    [event] = sms.channel.parse(headers, body).events
    assert (source, event.kind, event.attempt_id) == ("twilio", EventKind.DELIVERED, key)
    assert asked_for.startswith(DOOR)


def test_what_a_person_writes_is_answered_with_empty_twiml(client: FlaskClient, shelf: Shelf, sms: Any) -> None:
    answer = _post(client, "/webhooks/twilio/inbound", WORDS)

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.data.endswith(b"<Response />")
    [(_, headers, body)] = shelf.kept
    [event] = sms.channel.parse(headers, body).events
    assert (event.kind, event.text) == (EventKind.REPLIED, "¿Sí? 😊")


def test_an_address_that_the_sender_claims_is_not_believed(client: FlaskClient, shelf: Shelf) -> None:
    path = "/webhooks/twilio/status?attempt=1"
    foreign = signature(TOKEN, "https://elsewhere.example.com/x", STATUS)

    answer = _post(
        client, path, STATUS, **{"X-Twilio-Signature": foreign, "X-Postroom-Url": "https://elsewhere.example.com/x"}
    )

    assert answer.status_code == 401
    assert shelf.kept == []


def test_another_attempt_in_the_address_is_not_believed(client: FlaskClient, shelf: Shelf) -> None:
    signed = signature(TOKEN, "https://post.example.com/webhooks/twilio/status?attempt=1", STATUS)

    answer = _post(client, "/webhooks/twilio/status?attempt=2", STATUS, **{"X-Twilio-Signature": signed})

    assert answer.status_code == 401
    assert shelf.kept == []
