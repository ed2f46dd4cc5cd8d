"""What the control API lets a person do, on whichever channel, and what it refuses."""

import asyncio
from typing import Any

import pytest
import requests

from sandbox.courier import Courier, Written
from sandbox.testing import Running, eventually, open_door

HEADER = {"messaging_product": "whatsapp", "to": "+34600111222", "type": "interactive"}


def refused(sandbox: Running, deed: str, **fields: Any) -> list[str]:
    answer = requests.post(f"{sandbox.url}/_sandbox/{deed}", json=fields, timeout=5)
    assert answer.status_code == 422, answer.text
    errors: list[str] = answer.json()["errors"]
    return errors


def test_a_person_writes_by_the_channel_that_is_named(sandbox: Running) -> None:
    person = sandbox.post("people", name="Marta", whatsapp="+34600111222", email="marta@example.com")
    written = sandbox.post("reply", person=person["id"], channel="whatsapp", text="Hola")
    assert (written["channel"], written["address"], written["from_person"]) == ("whatsapp", "34600111222", True)
    assert person["addresses"] == {"whatsapp": "34600111222", "email": "marta@example.com"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"channel": "callback", "recipient": "https://a.example/hook", "text": "x"}, ["/channel: nobody can write"]),
        ({"channel": "pigeon", "recipient": "+34600", "text": "x"}, ["/channel: 'pigeon' is not a channel"]),
        ({"channel": "email", "recipient": "marta@example.com", "text": "x"}, ["/message_id: on Email a message must"]),
        ({"channel": "whatsapp", "text": " "}, ["/text: is empty", "/message_id, /person or /recipient"]),
    ],
    ids=["a machine", "no channel", "no mail to answer", "everything at once"],
)
def test_what_nobody_could_write_is_refused_with_every_reason(
    sandbox: Running, fields: dict[str, str], named: list[str]
) -> None:
    errors = refused(sandbox, "reply", **fields)
    assert len(errors) == len(named)
    assert all(error.startswith(start) for error, start in zip(errors, named, strict=True))


def test_a_person_without_an_address_is_refused(sandbox: Running) -> None:
    [error] = refused(sandbox, "people", name="Marta")
    assert "/slack" in error
    assert "/teams" in error


def test_a_document_in_a_header_is_an_attachment_of_its_message(sandbox: Running) -> None:
    sandbox.post("reply", recipient="+34600111222", text="Hello?")
    document = {"link": "https://erp.example.com/a/b.pdf", "filename": "INV 88.pdf"}
    action = {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://erp.example.com/"}}
    header = {"type": "document", "document": document}
    body = {**HEADER, "interactive": {"type": "cta_url", "header": header, "body": {"text": "x"}, "action": action}}
    answer = sandbox.send(body)
    assert answer.ok, answer.text
    message = next(m for m in sandbox.get("messages")["messages"] if not m["from_person"])
    [attachment] = message["attachments"]
    assert attachment == {"name": "INV 88.pdf", "media_type": "application/pdf", "url": document["link"], "size": None}
    assert message["title"] == ""
    assert message["raw"] == body


def test_any_webhook_is_written_anew_for_each_try_until_the_door_takes_it() -> None:
    written: list[int] = []

    def write() -> Written:
        written.append(len(written) + 1)
        return f"/webhooks/teams?try={written[-1]}", {"Authorization": f"Bearer {written[-1]}"}, b"{}"

    async def post(url: str) -> Any:
        courier = Courier(url, "secret", "1")
        work = asyncio.create_task(courier.work())
        answered = await courier.post(write, pauses=(0.01, 0.01))
        work.cancel()
        await asyncio.wait({work})
        return answered, courier

    with open_door() as door:
        door.answers += [503, 202]
        answered, courier = asyncio.run(post(door.url))
        eventually(lambda: len(door.posted) == 2, "both tries")
        assert (bool(answered), answered.status) == (True, 202)
        assert [posted.path for posted in door.posted] == ["/webhooks/teams?try=1", "/webhooks/teams?try=2"]
        assert [posted.headers["Authorization"] for posted in door.posted] == ["Bearer 1", "Bearer 2"]
        assert (courier.posted, courier.given_up) == (1, 0)


def test_a_webhook_that_the_door_never_takes_is_given_up_with_its_last_answer() -> None:
    async def post(url: str) -> Any:
        courier = Courier(url, "secret", "1")
        work = asyncio.create_task(courier.work())
        answered = await courier.post(lambda: ("/webhooks/slack/events?secret=1", {}, b"{}"), pauses=(0.01,))
        work.cancel()
        await asyncio.wait({work})
        return answered, courier

    with open_door() as door:
        door.answers += [401, 401]
        answered, courier = asyncio.run(post(door.url))
        assert (bool(answered), answered.status, courier.given_up) == (False, 401, 1)
        assert courier.last_trouble == f"{door.url}/webhooks/slack/events answered 401"
