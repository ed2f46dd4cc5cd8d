"""Slack at the real door: believed by its signature, kept as it came, and answered as Slack wants to be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from postroom.domain.channels import EventKind
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.door import Providers

FIXTURES = Path(__file__).parents[2] / "fixtures" / "slack"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
HANDSHAKE = json.dumps({"type": "url_verification", "challenge": "3eZbrw", "token": "x"}).encode()


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
def client(shelf: Any, slack: Any) -> FlaskClient:
    door = door_over(shelf, Recorder(), lambda: None)  # type: ignore[arg-type,return-value]
    return create_app(replace(door, providers=Providers(verifiers={"slack": (slack.channel,)}))).test_client()


def _fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def test_a_press_is_kept_as_it_came_and_answered_with_nothing(
    client: FlaskClient, shelf: Shelf, slack: Any, key: UUID
) -> None:
    raw = _fixture("pressed__approve.txt")

    answer = client.post("/webhooks/slack/actions", data=raw, content_type=FORM, headers=slack.signed(raw))

    # Words in the answer to a press would be shown in the message's place.
    assert (answer.status_code, answer.data) == (200, b"")
    [(source, headers, body)] = shelf.kept
    assert (source, body) == ("slack", raw)
    [event] = slack.channel.parse(headers, body).events
    assert (event.kind, event.payload, event.attempt_id) == (EventKind.PRESSED, "approve", key)


def test_the_handshake_is_answered_with_its_challenge(client: FlaskClient, slack: Any) -> None:
    answer = client.post("/webhooks/slack/events", data=HANDSHAKE, content_type=JSON, headers=slack.signed(HANDSHAKE))

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/plain", b"3eZbrw")


def test_a_command_is_acknowledged_to_whoever_typed_it_alone(client: FlaskClient, slack: Any) -> None:
    raw = _fixture("ignored__command.txt")

    answer = client.post("/webhooks/slack/commands", data=raw, content_type=FORM, headers=slack.signed(raw))

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    ("route", "raw", "content_type"),
    [
        ("events", HANDSHAKE, JSON),
        ("events", _fixture("replied__direct.json"), JSON),
        ("actions", _fixture("pressed__approve.txt"), FORM),
        ("commands", _fixture("ignored__command.txt"), FORM),
        ("commands", _fixture("ignored__certificate_check.txt"), FORM),
    ],
    ids=["handshake", "message", "press", "command", "certificate check"],
)
def test_whatever_is_not_signed_is_turned_away_and_nothing_kept_or_told(
    client: FlaskClient, shelf: Shelf, slack: Any, route: str, raw: bytes, content_type: str
) -> None:
    other = slack.signed(raw + b" ")

    for headers in ({}, other):
        answer = client.post(f"/webhooks/slack/{route}", data=raw, content_type=content_type, headers=headers)
        assert answer.status_code == 401
        assert b"3eZbrw" not in answer.data
    assert not shelf.kept
