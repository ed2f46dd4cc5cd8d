"""Real servers that answer as a test says: a stand-in for Meta, a stand-in for a mail relay."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IMPATIENT = 0.8
"""Seconds that a bench's channel waits for an answer."""

# A stand-in for Meta ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, and how the server misbehaves around it."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang: float = 0
    drop: bool = False
    then_close: bool = False
    """Close without having said so, as a provider does with a connection that idles."""
    drip: float = 0

    @property
    def payload(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.body).encode()


ACCEPTED = Reply(
    body={
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+34600111222", "wa_id": "34600111222"}],
        "messages": [{"id": "wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI5", "message_status": "accepted"}],
    }
)


class _MetaHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "MetaServer"

    def do_POST(self) -> None:
        body = self.server.read(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body, self.client_address))
        try:
            self._answer(self.server.reply_to(body))
        except OSError:
            self.close_connection = True

    def _answer(self, reply: Reply) -> None:
        time.sleep(reply.hang)
        if reply.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.payload)))
        self.end_headers()
        for byte in [reply.payload] if not reply.drip else [bytes([one]) for one in reply.payload]:
            self.wfile.write(byte)
            self.wfile.flush()
            time.sleep(reply.drip)
        self.close_connection = self.close_connection or reply.then_close

    def log_message(self, *_args: object) -> None:
        """Silent."""


class MetaServer(ThreadingHTTPServer):
    """Gives the replies that a test queued, then accepts; keeps every request."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, accepted: Reply = ACCEPTED, read: Callable[[bytes], Any] = json.loads) -> None:
        super().__init__(("127.0.0.1", 0), _MetaHandler)
        self.accepted = accepted
        self.read = read
        self.requests: list[tuple[str, dict[str, str], Any, Any]] = []
        self.replies: list[Reply] = []

    def reply_to(self, _body: Any) -> Reply:
        """The next reply that a test queued, or that the message is taken."""
        return self.replies.pop(0) if self.replies else self.accepted

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""


# A stand-in for a mail relay ----------------------------------------------------------------------------------------


@dataclass
class Script:
    """What the relay says at each step; None is the usual word, 'drop' hangs up, 'hang' stays silent."""

    greeting: str = "220 relay.example ESMTP"
    extensions: tuple[str, ...] = ("8BITMIME", "ENHANCEDSTATUSCODES")
    mail: str = "250 2.1.0 Ok"
    rcpt: str = "250 2.1.5 Ok"
    data: str = "354 End data with <CR><LF>.<CR><LF>"
    dot: str = "250 2.0.0 Ok: queued as 4F2A11C0"
    auth: str = "235 2.7.0 Authentication successful"
    rset: str = "250 2.0.0 Ok"


class _RelayHandler(socketserver.StreamRequestHandler):
    """SMTP by script. Real sockets; what aiosmtpd would do well by itself is exactly what a test must break."""

    server: "RelayServer"

    def handle(self) -> None:
        self.server.connections += 1
        with contextlib.suppress(_HungUp, OSError):
            self._say(self.server.script.greeting)
            while line := self.rfile.readline():
                self._step(line.decode("utf-8", "replace").rstrip("\r\n"))

    def _step(self, line: str) -> None:
        script, verb = self.server.script, line[:4].upper()
        self.server.lines.append(line)
        if verb in ("EHLO", "HELO"):
            words = ["relay.example", *script.extensions]
            self._say("\r\n".join(f"250{'-' if n < len(words) - 1 else ' '}{w}" for n, w in enumerate(words)))
        elif verb == "DATA":
            self._say(script.data)
            if script.data.startswith("354"):
                self._take_letter()
        elif verb == "QUIT":
            self._say("221 2.0.0 Bye")
            raise _HungUp
        else:
            words = {"MAIL": script.mail, "RCPT": script.rcpt, "AUTH": script.auth, "RSET": script.rset}
            self._say(words.get(verb, "250 2.0.0 Ok"))

    def _take_letter(self) -> None:
        if self.server.script.dot == "drop before":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raise _HungUp
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.letters.append(b"".join(lines))
        self._say(self.server.script.dot)

    def _say(self, words: str) -> None:
        if words == "drop":
            raise _HungUp
        if words == "hang":
            time.sleep(3 * IMPATIENT)
            raise _HungUp
        if words.startswith("drip "):
            for char in words[5:] + "\r\n":
                self.wfile.write(char.encode())
                time.sleep(0.05)
            return
        self.wfile.write(f"{words}\r\n".encode())


class _HungUp(Exception):
    """This connection is over."""


class RelayServer(socketserver.ThreadingTCPServer):
    """Speaks by its script; keeps every line and letter."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RelayHandler)
        self.script = Script()
        self.lines: list[str] = []
        self.letters: list[bytes] = []
        self.connections = 0

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""


@contextlib.contextmanager
def serving(server: MetaServer | RelayServer) -> Iterator[MetaServer | RelayServer]:
    """The server, answering in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)
