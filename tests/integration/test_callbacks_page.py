"""The example of docs/callbacks.md does what the page says."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from workers.channels.callback.signing import receiver_secret, signed_headers

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "callbacks.md").read_text()
SAMPLE = json.loads((ROOT / "tests/fixtures/callback/malformed__a_callback_of_our_own.json").read_text())
MASTER, URL = b"a master of thirty-two bytes ...", "https://erp.example.com/postroom"

Post = Callable[..., int]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of the page's program, after it has run."""
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.setenv("POSTROOM_SECRET", receiver_secret(MASTER, URL))
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(program, "docs/callbacks.md", "exec"), names)
    return names


@pytest.fixture
def post(example: dict[str, Any]) -> Post:
    client = example["app"].test_client()

    def send(master: bytes = MASTER, **changes: object) -> int:
        body = json.dumps({**SAMPLE, **changes})
        headers = signed_headers([master], URL, json.loads(body)["id"], datetime.now(UTC), body)
        answer = client.post(
            "/postroom", data=body, headers={**headers, "Content-Type": "application/cloudevents+json"}
        )
        return int(answer.status_code)

    return send


def test_the_page_shows_what_is_sent() -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(shown) == SAMPLE


def test_the_example_believes_its_own_secret_alone(example: dict[str, Any], post: Post) -> None:
    assert post(master=b"another master of enough bytes ..") == 401
    assert example["states"] == {}
    assert post() == 204
    assert example["states"] == {SAMPLE["subject"]: (42, "delivered")}


def test_the_example_knows_a_repeat_and_is_not_confused_by_a_replay(example: dict[str, Any], post: Post) -> None:
    sent = {**SAMPLE["data"], "state": "sent"}
    assert [post(), post(), post(id="earlier", sequence=41, data=sent)] == [204, 204, 204]
    assert example["states"] == {SAMPLE["subject"]: (42, "delivered")}
    assert len(example["seen"]) == 2


def test_the_example_takes_a_trial_and_forgets_it(example: dict[str, Any], post: Post) -> None:
    assert post(type="postroom.test", sequence=0) == 204
    assert (example["states"], example["seen"]) == ({}, set())
