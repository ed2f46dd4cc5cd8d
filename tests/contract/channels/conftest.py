"""Real servers that answer as a test says, and one bench per channel that speaks to them."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Protocol
from uuid import UUID

import pytest

from postroom.domain.channels import Button, ChannelName, ProviderTemplate, Rendered
from postroom.domain.safety import Wire
from workers.channels.base import Channel, ChannelError
from workers.channels.email import EmailConfig, Security
from workers.channels.registry import CHANNELS, build
from workers.channels.whatsapp import WhatsAppConfig

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
KEY = UUID("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
SECRET = "a secret of sixteen or more"
WHSEC = "whsec_" + base64.b64encode(SECRET.encode()).decode()
IMPATIENT = 0.4
"""Seconds that a bench's channel waits for an answer."""

MATERIAL = Rendered(
    channel=ChannelName.WHATSAPP,
    language="es_ES",
    text="Hola Marta, la factura INV/2026/00088 vence el 30 nov 2026.",
    template=ProviderTemplate("payment_reminder_v1", "es", (("customer_name", "Marta"), ("amount", "1.250,00 €"))),
    buttons=(Button("Pagar", url="https://erp.example.com/pay", url_suffix="88?t=a"), Button("Ayuda", payload="help")),
)
LETTER = Rendered(
    channel=ChannelName.EMAIL,
    language="es_ES",
    text="Hola Marta,\n.un punto al principio\nla factura vence.\n",
    subject="Factura INV/2026/00088 – vence el 30",
    html="<p>Hola Marta, <b>la factura</b> vence.</p>",
)


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
    server: "_MetaServer"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), json.loads(body), self.client_address))
        try:
            self._answer(self.server.replies.pop(0) if self.server.replies else ACCEPTED)
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


class _MetaServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MetaHandler)
        self.requests: list[tuple[str, dict[str, str], Any, Any]] = []
        self.replies: list[Reply] = []

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""


@pytest.fixture
def meta() -> Iterator[_MetaServer]:
    server = _MetaServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


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

    server: "_RelayServer"

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


class _RelayServer(socketserver.ThreadingTCPServer):
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


@pytest.fixture
def relay() -> Iterator[_RelayServer]:
    server = _RelayServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


# The benches: what the battery needs to know of each channel --------------------------------------------------------


class Bench(Protocol):
    """One channel on a real wire whose other end does as it is told."""

    channel: Channel
    built: list[Any]
    """Every channel that was made, to be closed at the end."""
    material: Rendered
    to: str
    scenarios: Mapping[str, Callable[[], None]]
    """For each row of TRANSPORT that a server can bring about: how."""

    def heal(self) -> None:
        """The other end is well again; the same channel goes on, unless a scenario had put another in its place."""

    def refuse(self, code: str) -> None:
        """The next attempt is refused with this code, in words that quote the recipient."""

    def signed(self, raw: bytes) -> dict[str, str]:
        """The headers with which the provider would post these bytes."""

    def seen(self) -> int:
        """How many messages the other end was asked to take."""

    def deaf(self) -> Channel:
        """The same channel without a secret to verify with."""


class WhatsAppBench:
    """WhatsApp before a stand-in for Meta."""

    material = MATERIAL
    to = "+34600111222"

    def __init__(self, meta: _MetaServer) -> None:
        self.meta = meta
        self.built: list[Any] = []
        self.config = WhatsAppConfig(
            api_url=f"http://127.0.0.1:{meta.server_port}",
            api_version="v23.0",
            phone_number_id="100000000000001",
            access_token="a-token-nobody-should-see",
            app_secret=SECRET,
            verify_token="verify-me",
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "no_message_id": Reply(body={"messaging_product": "whatsapp", "messages": []}),
            "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
            "http_408": Reply(408, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_401": Reply(401, raw=b""),
            "http_403": Reply(403, body={"error": "no"}),
            "http_404": Reply(404, raw=b"nothing here"),
            "http_3xx": Reply(302, raw=b"", headers={"Location": f"http://127.0.0.1:{meta.server_port}/elsewhere"}),
            "http_4xx": Reply(418, raw=b"teapot"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios = {name: lambda reply=reply: self.meta.replies.append(reply) for name, reply in answers.items()}
        self.scenarios["connect"] = self._unplug
        self.scenarios["misconfigured"] = lambda: self.rebuild(api_url="http://.example.com")
        self.scenarios["bad_address"] = lambda: setattr(self, "to", "not a number")
        self.scenarios["unsendable"] = self._empty

    def _built(self, config: WhatsAppConfig) -> Any:
        self.built.append(build(ChannelName.WHATSAPP, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def _unplug(self) -> None:
        self.point_at(_closed_port())

    def point_at(self, port: int) -> None:
        """Another server stands in for Meta from now on."""
        self.rebuild(api_url=f"http://127.0.0.1:{port}")

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _empty(self) -> None:
        self.material = Rendered(ChannelName.WHATSAPP, "en", "  ")

    def heal(self) -> None:
        self.material, self.to = type(self).material, type(self).to
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        details = f"not delivered to {self.to} (34600111222, marta@example.net)"
        error = {"message": f"(#{code}) said the provider", "type": "OAuthException", "code": int(code)}
        body = {"error": {**error, "error_data": {"messaging_product": "whatsapp", "details": details}}}
        self.meta.replies.append(Reply(400, body))

    def signed(self, raw: bytes) -> dict[str, str]:
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}

    def seen(self) -> int:
        return len(self.meta.requests)

    def deaf(self) -> Channel:
        return self._built(replace(self.config, app_secret=""))


class EmailBench:
    """Email before a relay that goes by a script."""

    material = LETTER
    to = "marta@example.net"
    BASIC: ClassVar[Mapping[str, str]] = {"4": "455", "5": "550"}

    def __init__(self, relay: _RelayServer) -> None:
        self.relay = relay
        self.built: list[Any] = []
        self.config = EmailConfig(
            host="127.0.0.1",
            port=relay.server_address[1],
            sender="Postroom <postroom@example.com>",
            bounce_domain="bounces.example.com",
            inbound_secrets=(WHSEC,),
            security=Security.NONE,
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        self.scenarios = {
            "connect": self._unplug,
            "broken_before_end": lambda: self.say(data="drop"),
            "no_answer_to_data": lambda: self.say(dot="drop"),
            "starttls_missing": lambda: self.rebuild(security=Security.STARTTLS),
            "auth_missing": lambda: self.rebuild(user="u", password="p"),
            "smtputf8_missing": lambda: setattr(self, "to", "márta@example.net"),
            "bad_address": lambda: setattr(self, "to", "marta@example.net\r\nRCPT TO:<eve@example.net>"),
            "unsendable": lambda: setattr(self, "material", replace(LETTER, subject="a\r\nBcc: eve@example.net")),
        }

    def _built(self, config: EmailConfig) -> Any:
        self.built.append(build(ChannelName.EMAIL, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def say(self, **words: Any) -> None:
        """The relay's words from now on, by step."""
        self.relay.script = replace(self.relay.script, **words)

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _unplug(self) -> None:
        self.rebuild(port=_closed_port())

    def heal(self) -> None:
        self.material, self.to, self.relay.script = type(self).material, type(self).to, Script()
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        enhanced = code.replace("x", "9") if "." in code else ""
        basic = self.BASIC[code[0]] if enhanced else code
        self.say(rcpt=f"{basic} {enhanced} <{self.to}>: said the provider, call 0034600111222".replace("  ", " "))

    def signed(self, raw: bytes) -> dict[str, str]:
        stamp = str(int(datetime.now(UTC).timestamp()))
        signature = hmac.new(SECRET.encode(), f"msg_1.{stamp}.".encode() + raw, hashlib.sha256).digest()
        value = "v1," + base64.b64encode(signature).decode()
        return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": value}

    def seen(self) -> int:
        return sum(line.upper().startswith("RCPT") for line in self.relay.lines)

    def deaf(self) -> Channel:
        return self._built(replace(self.config, inbound_secrets=()))


BENCHES: Mapping[ChannelName, tuple[str, Callable[[Any], Bench]]] = {
    ChannelName.WHATSAPP: ("meta", WhatsAppBench),
    ChannelName.EMAIL: ("relay", EmailBench),
}


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The bench of the channel that the test is parametrised with."""
    stand, make = BENCHES[request.param]
    yield from _closing(make(request.getfixturevalue(stand)))


@pytest.fixture
def whatsapp(meta: _MetaServer) -> Iterator[Bench]:
    yield from _closing(WhatsAppBench(meta))


@pytest.fixture
def email(relay: _RelayServer) -> Iterator[Bench]:
    yield from _closing(EmailBench(relay))


def _closing(bench: Bench) -> Iterator[Bench]:
    yield bench
    for channel in bench.built:
        channel.close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


def _closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def refusal(bench: Bench) -> ChannelError:
    """The error of one attempt that must fail."""
    with pytest.raises(ChannelError) as caught:
        bench.channel.send(bench.material, bench.to, KEY)
    return caught.value


@pytest.fixture
def fail() -> Callable[[Bench], ChannelError]:
    return refusal


@pytest.fixture
def key() -> UUID:
    return KEY


@pytest.fixture
def shared() -> Path:
    """Contracts and real payloads that are kept beside the repository."""
    found = Path(os.environ.get("POSTROOM_SHARED", ROOT.parent / "shared"))
    if not found.is_dir():
        message = "no contracts beside the repository; set POSTROOM_SHARED to their folder"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return found


def fixture_files(name: ChannelName) -> list[Path]:
    """A channel's payloads, by name."""
    return sorted(path for path in (FIXTURES / name).iterdir() if "__" in path.name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The battery asks for `bench`, and perhaps for each row, span end, scenario or payload of its channel."""
    if "bench" not in metafunc.fixturenames:
        return
    kinds: Mapping[str, Callable[[ChannelName], list[Any]]] = {
        "code": _codes,
        "scenario": _scenarios,
        "payload": fixture_files,
    }
    asked = next((kind for kind in kinds if kind in metafunc.fixturenames), None)
    if asked is None:
        metafunc.parametrize("bench", list(CHANNELS), indirect=True, ids=str)
        return
    rows = [(name, value) for name in CHANNELS for value in kinds[asked](name)]
    ids = [f"{name}-{value.stem if isinstance(value, Path) else value}" for name, value in rows]
    metafunc.parametrize(("bench", asked), rows, indirect=["bench"], ids=ids)


def _codes(name: ChannelName) -> list[str]:
    from workers.channels.reference import verdict_tables

    tables = verdict_tables(name)
    ends = [str(end) for span in getattr(tables, "SPANS", ()) for end in (span.first, span.last)]
    return [*tables.VERDICTS, *ends]


def _scenarios(name: ChannelName) -> list[str]:
    from workers.channels.reference import verdict_tables

    # A bounce comes by webhook; it has its own fixtures.
    return [row for row in verdict_tables(name).TRANSPORT if row != "bounce"]
