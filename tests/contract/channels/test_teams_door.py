"""Teams at the real door: believed by its token, which is not kept, and answered so that a press shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from postroom.domain.channels import EventKind
from tests.contract.channels.teams_bench import SERVICE, bearer, posted
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.door import Providers

PRESS = json.loads((Path(__file__).parents[2] / "fixtures" / "teams" / "pressed__execute.json").read_text())


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
def client(shelf: Any, teams: Any) -> FlaskClient:
    door = door_over(shelf, Recorder(), lambda: None)  # type: ignore[arg-type,return-value]
    return create_app(replace(door, providers=Providers(verifiers={"teams": (teams.channel,)}))).test_client()


def _post(client: FlaskClient, raw: bytes, token: str) -> Any:
    return client.post(
        "/webhooks/teams", data=raw, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )


def test_a_press_is_kept_and_answered_so_that_the_person_sees_it(
    client: FlaskClient, shelf: Shelf, teams: Any, key: Any
) -> None:
    raw = json.dumps({**PRESS, "serviceUrl": SERVICE}).encode()

    answer = _post(client, raw, bearer())

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "Recibido, gracias.",
    }
    [(source, headers, body)] = shelf.kept
    assert (source, body) == ("teams", raw)
    assert "authorization" not in {name.lower() for name in headers}
    [event] = teams.channel.parse(headers, body).events
    assert (event.kind, event.attempt_id) == (EventKind.PRESSED, key)


def test_words_are_kept_and_answered_as_usual(client: FlaskClient, shelf: Shelf) -> None:
    answer = _post(client, posted(text="Hola"), bearer())
    assert (answer.status_code, answer.json) == (200, {"status": "kept"})
    assert len(shelf.kept) == 1


def test_a_token_for_another_bot_is_turned_away_and_nothing_kept(client: FlaskClient, shelf: Shelf) -> None:
    answer = _post(client, posted(text="Hola"), bearer(aud="10000000-0000-4000-8000-000000000000"))
    assert answer.status_code in (401, 403)
    assert not shelf.kept
