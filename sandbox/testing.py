"""A sandbox process that runs as long as a `with` block, with a door that takes its webhooks: for tests."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
SECRET = "sandbox-test-secret"  # noqa: S105  (a test's own)
NUMBER_ID = "100000000000001"
PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Posted:
    """One webhook as it came to the door."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def changes(self) -> list[dict[str, Any]]:
        """The changes inside a webhook of Meta's."""
        return [change for entry in json.loads(self.body)["entry"] for change in entry["changes"]]


@dataclass(slots=True)
class Door:
    """Takes webhooks; answers 200, or what it is told to answer."""

    url: str
    posted: list[Posted] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses for the next posts; 200 when it is empty."""

    def statuses(self, message_id: str = "") -> list[str]:
        """The receipts so far, in the order in which they came."""
        return [r["status"] for r in self.values("statuses") if not message_id or r["id"] == message_id]

    def values(self, kind: str) -> list[dict[str, Any]]:
        """All `statuses` or `messages` so far."""
        metas = [posted for posted in tuple(self.posted) if posted.path == "/webhooks/meta"]
        values = [change["value"] for posted in metas for change in posted.changes()]
        return [one for value in values for one in value.get(kind, ())]

    def mails(self) -> list[Posted]:
        """The mails that came back so far."""
        return [posted for posted in tuple(self.posted) if posted.path == "/webhooks/email"]


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox process and the door that it posts to."""

    url: str
    smtp_port: int
    door: Door
    process: "subprocess.Popen[bytes]"

    def get(self, deed: str, **query: str) -> Any:
        """GET /_sandbox/<deed>."""
        answer = requests.get(f"{self.url}/_sandbox/{deed}", params=query, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def post(self, deed: str, **fields: Any) -> Any:
        """POST /_sandbox/<deed>."""
        answer = requests.post(f"{self.url}/_sandbox/{deed}", json=fields, timeout=5)
        assert answer.ok, answer.text
        return answer.json()

    def send(self, body: Mapping[str, Any], *, token: str = SECRET, timeout: float = 5) -> requests.Response:
        """Send a message as a business does."""
        return requests.post(
            f"{self.url}/v23.0/{NUMBER_ID}/messages",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
        )


def eventually(probe: Any, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until the probe is true; its value. Fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return value


@contextmanager
def open_door() -> Iterator[Door]:
    """A door that takes webhooks on a free port."""

    class Keeper(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            door.posted.append(Posted(self.path, dict(self.headers), body, time.monotonic()))
            self.send_response(door.answers.pop(0) if door.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeper) as server:
        server.daemon_threads = True
        door = Door(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield door
        finally:
            server.shutdown()


@contextmanager
def running_sandbox(**environ: str) -> Iterator[Running]:
    """A sandbox on free ports with a door of its own; stopped at the end."""
    with open_door() as door:
        port, smtp_port = _free_ports(2)
        settings = {
            "PATH": os.environ["PATH"],
            "SANDBOX_PORT": str(port),
            "SANDBOX_SMTP_PORT": str(smtp_port),
            "SANDBOX_SECRET": SECRET,
            "SANDBOX_WEBHOOK_URL": door.url,
            "SANDBOX_RECEIPT_DELAY_MS": "10-30",
            **environ,
        }
        process = subprocess.Popen([sys.executable, "-m", "sandbox"], env=settings, cwd=ROOT, stderr=subprocess.PIPE)
        try:
            running = Running(f"http://127.0.0.1:{port}", smtp_port, door, process)
            _await_start(running)
            yield running
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _await_start(running: Running) -> None:
    for _ in range(200):
        if running.process.poll() is not None:
            _, errors = running.process.communicate()
            raise AssertionError(f"the sandbox did not start: {errors.decode()}")
        try:
            requests.get(f"{running.url}/_sandbox/healthz", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the sandbox did not answer within 10 s")


def _free_ports(number: int) -> list[int]:
    """So many that are free, all held until the last is found: none is found twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
