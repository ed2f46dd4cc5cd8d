"""The door as it runs in production: granian's WSGI server, started by the line of the Procfile."""

import base64
import http.client
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT
from tests.contract.door.senders import ODOO, example, signature

JSON_EVENT = {"Content-Type": "application/cloudevents+json"}


@pytest.fixture
def port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def web(database_url: str, redis_url: str, port: int, log: Path, tmp_path: Path) -> Iterator[int]:
    """A running door; gives its port."""
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EVENT_SECRETS": f"odoo={ODOO}",
        "SEALING_KEYS": "k1=" + base64.b64encode(b"s" * 32).decode(),
        "BLIND_KEY": "blind",
        "SANDBOX_SECRET": "sandbox-secret-for-tests-only",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(_procfile_line(port), cwd=ROOT, env={**os.environ, **settings}, stderr=output)
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _procfile_line(port: int) -> list[str]:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line[:12])
    command = shlex.split(lines["web"].replace("$WEB_PORT", str(port)))
    return [str(Path(sys.executable).parent / command[0]), *command[1:]]


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "the door ended at its start"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the door never listened")


def ask(
    port: int, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}), encode_chunked=False)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_door_takes_counts_and_logs_an_event_and_ends_cleanly(web: int, log: Path) -> None:
    raw = json.dumps(example("odoo.invoice.payment_reminder")).encode()
    headers = {**JSON_EVENT, **signature(raw, ODOO, "msg_1")}

    whole = ask(web, "POST", "/v1/events", raw, headers)
    # Chunked: no Content-Length says beforehand how long it is.
    chunked = ask(web, "POST", "/v1/events", iter([raw[:100], raw[100:]]), headers)

    assert whole[0] == chunked[0] == 202
    assert whole[1] == chunked[1]
    event_id = json.loads(whole[1])["id"]
    kept = [line for line in map(json.loads, log.read_text().splitlines()) if line.get("event") == "event_kept"]
    assert [(line["event_id"], line["process"]) for line in kept] == [(event_id, "web")]
    assert "Marta" not in log.read_text()
    metrics = ask(web, "GET", "/metrics")[1]
    assert 'postroom_events_total{outcome="kept",signer="odoo",type="odoo.invoice.payment_reminder"} 1.0' in metrics
    assert 'postroom_hints_total{task="route"} 1.0' in metrics
    assert "postroom_store_up 1.0" in metrics


def test_a_body_without_end_is_refused_at_the_limit(web: int) -> None:
    piece = b" " * 65536
    announced = ask(web, "POST", "/v1/events", b"", {**JSON_EVENT, "Content-Length": str(10**9)})
    streamed = _stream(web, piece, 40)

    assert announced[0] == 413
    assert streamed == 413
    assert ask(web, "GET", "/healthz")[0] == 200


def _stream(port: int, piece: bytes, pieces: int) -> int:
    """Send chunk after chunk until the door has had enough."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n")
        line.sendall(b"Content-Type: application/cloudevents+json\r\n\r\n")
        try:
            for _ in range(pieces):
                line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        except OSError:
            pass  # closed on us, with its answer already on the way
        return int(line.recv(64).split()[1])


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\xfe\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nwebhook-id: \xe9\r\nwebhook-timestamp: 1\r\n"
        b"webhook-signature: \xff,\xff\r\nce-id: \x80\r\n\r\n{}",
        b"GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /webhooks/meta?hub.mode=%ff&hub.verify_token=%00&hub.challenge=%ed%a0%80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["a header", "signature headers", "a path", "a query"],
)
def test_bytes_that_are_no_text_are_never_our_failure(raw: bytes, web: int, log: Path) -> None:
    with socket.create_connection(("127.0.0.1", web), timeout=20) as line:
        line.sendall(raw)
        status = int(line.recv(64).split()[1])

    assert status < 500
    assert "door_failed" not in log.read_text()
