"""A server that speaks both of Odoo's protocols, and answers as a test says."""

import json
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from postroom.odoo.access import Access

UID, LOGIN, KEY, DATABASE = 7, "postroom", "a-key-nobody-should-see", "acme"
TIMEOUT = 0.5


@dataclass(frozen=True)
class Told:
    """What a method returns."""

    result: Any


@dataclass(frozen=True)
class Raised:
    """What a method raises."""

    name: str
    words: str = "said Odoo"
    status: int = 422
    """Of JSON-2; JSON-RPC says 200 whatever happened."""

    @property
    def data(self) -> dict[str, Any]:
        """As Odoo writes it down: with its traceback."""
        debug = f"Traceback (most recent call last):\n  {KEY}\n{self.name}: {self.words}"
        return {"name": self.name, "message": self.words, "arguments": [self.words], "context": {}, "debug": debug}


@dataclass(frozen=True)
class Page:
    """An answer that is not Odoo's own, and how the server misbehaves around it."""

    status: int = 200
    body: bytes = b"<html>a proxy's page</html>"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0
    drip: float = 0
    drop: bool = False
    cut: int = 0
    """Bytes that are promised and never come."""


Answer = Told | Raised | Page


@dataclass(frozen=True)
class Asked:
    """One call as it arrived, whatever carried it."""

    path: str
    method: str
    """model.method, or the method of a service."""
    body: Any
    headers: Mapping[str, str]
    connection: Any


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ScriptedOdoo"

    def do_GET(self) -> None:
        self._note("GET", None)
        self._send(self.server.page)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rpc = self.path.endswith("/jsonrpc")
        method = _by_rpc(body["params"]) if rpc else ".".join(self.path.split("/")[-2:])
        self._note(method, body)
        answer = self.server.answer(method)
        if isinstance(answer, Page):
            self._send(answer)
        elif rpc:
            said = {"result": answer.result} if isinstance(answer, Told) else _error(answer)
            if said == {"result": None}:
                said = {}  # as 17 does
            self._send(Page(body=json.dumps({"jsonrpc": "2.0", "id": body["id"], **said}).encode()))
        elif isinstance(answer, Raised):
            self._send(Page(answer.status, json.dumps(answer.data).encode()))
        else:
            self._send(Page(body=json.dumps(answer.result).encode()))

    def _note(self, method: str, body: Any) -> None:
        self.server.asked.append(Asked(self.path, method, body, dict(self.headers), self.client_address))

    def _send(self, page: Page) -> None:
        try:
            self._write(page)
        except OSError:
            self.close_connection = True

    def _write(self, page: Page) -> None:
        time.sleep(page.hang)
        if page.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body) + page.cut))
        self.end_headers()
        for piece in [page.body] if not page.drip else [bytes([one]) for one in page.body]:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(page.drip)
        self.close_connection = self.close_connection or page.cut > 0

    def log_message(self, *_args: object) -> None:
        """Silent."""


def _by_rpc(params: Mapping[str, Any]) -> str:
    return f"{params['args'][3]}.{params['args'][4]}" if params["method"] == "execute_kw" else str(params["method"])


def _error(answer: Raised) -> dict[str, Any]:
    return {"error": {"code": 200, "message": "Odoo Server Error", "data": answer.data}}


class ScriptedOdoo(ThreadingHTTPServer):
    """Knows one user; everything else is queued by method, the last answer again and again."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, certificate: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}"
        self.asked: list[Asked] = []
        self.page = Page(404)
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.will("version", Told({"server_version": "17.0"}))
        self.will("authenticate", Told(UID))
        self.will("res.users.context_get", Told({"lang": "en_US", "tz": "UTC", "uid": UID}))
        self.will("res.users.read", Told([{"id": UID, "login": LOGIN}]))

    def will(self, method: str, *answers: Answer) -> None:
        """What it answers to this method from now on."""
        self.answers[method] = list(answers)

    def answer(self, method: str) -> Answer:
        """The next one."""
        queue = self.answers[method] or [Raised("builtins.AssertionError", f"nobody said what {method} answers")]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def calls(self, method: str) -> list[Asked]:
        """What was asked of one method."""
        return [asked for asked in self.asked if asked.method == method]

    def access(self, **changes: Any) -> Access:
        """One of its users, in a hurry."""
        said = {"connect_timeout": 2.0, "answer_timeout": TIMEOUT, **changes}
        return Access(said.pop("url", self.url), DATABASE, said.pop("login", LOGIN), said.pop("api_key", KEY), **said)

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""
