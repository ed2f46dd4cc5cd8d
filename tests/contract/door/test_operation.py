"""What supervisors, Prometheus and people read at the door."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from postroom.store.heartbeats import beat
from tests.contract.door.senders import Recorder, Sender, door_over
from webhooks.app import create_app
from webhooks.door import Door
from webhooks.health import TICKER_SILENCE
from webhooks.opening import checks_of
from webhooks.outage import Outage
from webhooks.problem import KINDS

Event = dict[str, Any]


@pytest.fixture
def client(sender: Sender) -> FlaskClient:
    return sender.client


@pytest.fixture
def ready(door: Door, engine: Engine, redis_url: str) -> FlaskClient:
    checks = checks_of(engine, redis.Redis.from_url(redis_url), Outage())
    return create_app(replace(door, checks=checks)).test_client()


def places(client: FlaskClient) -> list[str]:
    return [fault["pointer"] for fault in client.get("/readyz").json.get("errors", [])]


def test_ready_once_a_ticker_beats(ready: FlaskClient, engine: Engine) -> None:
    assert places(ready) == ["/ticker"]
    beat(engine, "ticker")

    answer = ready.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["checks"] == dict.fromkeys(("postgresql", "migrations", "redis", "ticker"), "ok")


def test_not_ready_when_the_ticker_fell_silent_or_the_schema_is_old(ready: FlaskClient, engine: Engine) -> None:
    beat(engine, "ticker")
    with engine.begin() as connection:
        connection.execute(text("update heartbeat set at = at - :silence"), {"silence": TICKER_SILENCE * 2})
        connection.execute(text("update alembic_version set version_num = 'older'"))

    answer = ready.get("/readyz")

    assert places(ready) == ["/migrations", "/ticker"]
    assert "postroom migrate" in answer.json["errors"][0]["remedy"].lower()


def metric(client: FlaskClient, line: str) -> float | None:
    found = re.search(rf"^{re.escape(line)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else None


def test_metrics_count_events_refusals_and_what_waits(sender: Sender, reminder: Event) -> None:
    kept = 'postroom_events_total{outcome="kept",signer="odoo",type="odoo.invoice.payment_reminder"}'
    refused = 'postroom_refusals_total{problem="not-signed"}'
    before = metric(sender.client, kept) or 0, metric(sender.client, refused) or 0

    sender.post(reminder)
    sender.client.post("/v1/events", data=b"{}")

    assert metric(sender.client, kept) == before[0] + 1
    assert metric(sender.client, refused) == before[1] + 1
    assert metric(sender.client, "postroom_store_up") == 1
    assert metric(sender.client, 'postroom_inbox{kind="event",state="new"}') == 1
    assert metric(sender.client, "postroom_oldest_due_seconds") == 0
    assert metric(sender.client, "postroom_notices_open") == 0


def test_metrics_answer_without_the_store() -> None:
    from postroom.store.inbox import Unavailable

    def away() -> Any:
        raise Unavailable("away")

    client = create_app(door_over(None, Recorder(), away)).test_client()

    assert metric(client, "postroom_store_up") == 0
    assert metric(client, "postroom_notices_open") is None


@pytest.mark.parametrize("path", ["/", "/docs", "/problems", *(f"/problems/{name}" for name in KINDS)])
def test_a_page_is_plain_html_that_needs_nothing_from_elsewhere(path: str, client: FlaskClient) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert "<script" not in answer.text
    assert not re.search(r"""(src|href)=["']https?:""", answer.text)


def test_every_link_and_every_problem_type_leads_somewhere(client: FlaskClient) -> None:
    links = {
        link for path in ("/", "/docs", "/problems") for link in re.findall(r'href="([^"]+)"', client.get(path).text)
    }
    anchors = set(re.findall(r'id="([^"]+)"', client.get("/docs").text))

    for link in links - {"/readyz", "data:,"}:
        path, _, anchor = link.partition("#")
        assert client.get(path or "/docs", buffered=True).status_code == 200, link
        assert not anchor or anchor in anchors, link


def test_the_page_tells_every_address_and_schema_of_the_document(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    page = client.get("/docs").text

    assert all(f"<code>{path}</code>" in page for path in document["paths"])
    assert "amount_due" in page
    assert "INV/2026/00088" in page


def test_what_is_not_there_is_a_problem_like_any_other(client: FlaskClient) -> None:
    missing, wrong = client.get("/nowhere"), client.delete("/v1/events")

    assert (missing.status_code, missing.json["type"]) == (404, "/problems/not-found")
    assert (wrong.status_code, wrong.json["type"]) == (405, "/problems/method-not-allowed")
    assert "POST" in wrong.headers["Allow"]
    assert wrong.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/nowhere", "/healthz", "/static/door.css"])
def test_every_answer_carries_the_security_headers(path: str, client: FlaskClient) -> None:
    headers = client.get(path, buffered=True).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_the_log_names_the_event_and_no_person(
    sender: Sender, reminder: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = sender.post(reminder)
    refused = sender.post({**reminder, "id": "2", "data": {"recipient": reminder["data"]["recipient"]}})
    written = "".join(capsys.readouterr())

    assert answer.json["id"] in written
    assert refused.json["instance"].removeprefix("urn:uuid:") in written
    for personal in ("Marta", "34600111222", "marta@example.com", "access_token"):
        assert personal not in written
    assert json.dumps(reminder["data"]["invoice"]["portal_url"]) not in written


def test_silence_is_told_in_seconds() -> None:
    from webhooks.health import ticker_check

    words = ticker_check(lambda: {"ticker": timedelta(seconds=95), "queue:core": timedelta(0)})()

    assert words is not None
    assert "95 s" in words
