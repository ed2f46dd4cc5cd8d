"""PUBLIC_URL, proven by a round trip: each way in which it may lead elsewhere is told apart."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from postroom.cli.connect.url import Met, Reach, check_url, meet
from postroom.cli.findings import Health
from postroom.domain.links import Links
from postroom.domain.proof import PATH
from tests.contract.door.senders import door_over
from webhooks.app import create_app
from webhooks.links import Desk

SECRET, ANOTHER = "the secret of this house", "the secret of another house"


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def door(secret: str | None, below: str = "", *, at_root_only: bool = False) -> Iterator[str]:
    """A door on loopback; behind a proxy that strips a path, or that knows no path but the root's."""
    nobody: Any = None
    desk = Desk(Links(secret, "http://127.0.0.1"), nobody, lambda _: None) if secret else None
    app = create_app(replace(door_over(nobody, nobody, nobody), desk=desk))

    def proxied(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if not environ["PATH_INFO"].startswith(below or PATH):
            start("404 Not Found", [("Content-Type", "text/html")])
            return [b"<h1>Welcome to nginx!</h1>"]
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(below)
        return app(environ, start)

    with make_server("127.0.0.1", 0, proxied if below or at_root_only else app, handler_class=_Silent) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def site(status: int, body: bytes = b"", tls: ssl.SSLContext | None = None, **headers: str) -> Iterator[str]:
    """Somebody who answers everything alike."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A caller who hangs up is no news."""

    with Server(("127.0.0.1", 0), Answer) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def believed_by_nobody(tmp_path: Path) -> ssl.SSLContext:
    """A certificate that its owner signed himself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "postroom.example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path / "both.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_this_house_is_known_by_its_secret() -> None:
    with door(SECRET) as url:
        assert meet(url, SECRET) == Met(Reach.PROVEN)
        assert meet(f"{url}/", SECRET) == Met(Reach.PROVEN)


def test_another_house_is_not_taken_for_this_one() -> None:
    with door(ANOTHER) as url:
        assert meet(url, SECRET).reach is Reach.OTHER_HOUSE


def test_a_door_without_a_secret_proves_nothing_and_says_so() -> None:
    with door(None) as url:
        assert meet(url, SECRET).reach is Reach.UNARMED


def test_a_path_that_the_proxy_strips_is_as_good_as_none() -> None:
    with door(SECRET, below="/postroom") as url:
        assert meet(f"{url}/postroom", SECRET) == Met(Reach.PROVEN)


def test_a_path_that_the_proxy_hands_on_is_told_from_one_that_it_does_not_know() -> None:
    with door(SECRET) as url:
        assert meet(f"{url}/postroom", SECRET).reach is Reach.PREFIX_KEPT


def test_a_path_that_only_public_url_knows_is_found_out() -> None:
    with door(SECRET, at_root_only=True) as url:
        assert meet(f"{url}/postroom", SECRET).reach is Reach.PREFIX_LOST
    with site(404, b"nginx") as url:
        assert meet(f"{url}/postroom", SECRET).reach is Reach.STRANGER


@pytest.mark.parametrize(
    ("status", "body", "headers", "met"),
    [
        pytest.param(200, b"<html>It works!</html>", {}, Reach.STRANGER, id="another site"),
        pytest.param(200, b'{"house": "another"}', {}, Reach.STRANGER, id="another site with JSON"),
        pytest.param(200, b'{"house": "postroom", "proof": "00"}', {}, Reach.OTHER_HOUSE, id="a house that lies"),
        pytest.param(301, b"", {"Location": "https://www.example.com/"}, Reach.REDIRECTED, id="a redirect"),
        pytest.param(502, b"<h1>Bad gateway</h1>", {}, Reach.GATEWAY, id="a proxy before nothing"),
        pytest.param(404, b'{"type": "https://x/problems/other"}', {}, Reach.STRANGER, id="another's problem"),
    ],
)
def test_strangers_are_told_apart(status: int, body: bytes, headers: dict[str, str], met: Reach) -> None:
    with site(status, body, **headers) as url:
        assert meet(url, SECRET).reach is met


def test_where_a_redirect_leads_is_told() -> None:
    with site(308, Location="https://www.example.com/") as url:
        assert meet(url, SECRET).detail == "https://www.example.com/"


def test_a_certificate_that_nobody_believes(believed_by_nobody: ssl.SSLContext) -> None:
    with site(200, tls=believed_by_nobody) as url:
        assert meet(url, SECRET).reach is Reach.TLS


def test_nobody_at_home_is_not_somebody_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        assert meet(url, SECRET).reach is Reach.REFUSED
        monkeypatch.setattr("postroom.cli.connect.url.ANSWER_SECONDS", 0.2)
        probe.listen()
        assert meet(url, SECRET).reach is Reach.SILENT


# The rows that a person reads ----------------------------------------------------------------------------------------


def rows(url: str, *found: str, secret: str = SECRET) -> dict[str, Health]:
    def resolve(_: str) -> tuple[str, ...]:
        if not found:
            raise socket.gaierror(-2, "Name or service not known")
        return found

    return {each.what: each.health for each in check_url(url, secret, resolve=resolve)}


def test_a_name_that_leads_nowhere_is_not_visited() -> None:
    assert rows("https://postroom.invalid") == {"name": Health.FAIL, "https": Health.OK}


def test_a_private_address_without_tls_works_from_here_and_is_doubtful_all_the_same() -> None:
    with door(SECRET) as url:
        assert rows(url, "127.0.0.1", "10.0.0.7") == {"name": Health.WARN, "https": Health.WARN, "door": Health.OK}
        assert rows(url, "8.8.8.8")["name"] is Health.OK


@pytest.mark.parametrize("url", ["", "postroom.example.com", "ftp://example.com", "https://", "http://x:99999"])
def test_what_is_no_address_is_refused_before_anything_is_asked(url: str) -> None:
    assert rows(url, "8.8.8.8") == {"address": Health.FAIL}


def test_without_a_secret_there_is_nothing_to_prove_it_with() -> None:
    with door(SECRET) as url:
        (found,) = [each for each in check_url(url, "") if each.what == "door"]
    assert (found.health, "LINK_SECRET" in found.remedy) == (Health.FAIL, True)
