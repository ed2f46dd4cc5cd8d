"""Documents fetched from a real server that does as a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from pypdf import PdfWriter

from postroom.domain.channels import Attachment, ChannelName, Fault, Pace, Rendered, Verdict
from postroom.domain.safety import Wire
from workers import documents as module
from workers.channels.base import ChannelError
from workers.documents import MOST_BYTES, Documents

Handler = Callable[[BaseHTTPRequestHandler], None]


def _pdf(password: str = "") -> bytes:
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


PDF = _pdf()


class Erp(ThreadingHTTPServer):
    """Serves what a test put at a path; keeps the address of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.pages: dict[str, Handler] = {}
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Erp

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        with suppress(OSError):
            self.server.pages[self.path.partition("?")[0]](self)

    def log_message(self, *_args: object) -> None:
        """Silent."""


def serves(body: bytes = PDF, status: int = 200, **headers: str) -> Handler:
    """A page that is served whole."""

    def serve(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Type": "application/pdf", "Content-Length": str(len(body)), **told}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return serve


@pytest.fixture
def erp() -> Iterator[Erp]:
    server = Erp()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def documents(erp: Erp) -> Iterator[Documents]:
    made = Documents(("127.0.0.1",), erp.url)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_SECONDS", 0.4)


def _fetch(documents: Documents, url: str, wire: Wire = Wire.LIVE) -> bytes:
    pdf = Attachment("INV_2026_00091.pdf", "application/pdf", url)
    rendered = Rendered(ChannelName.EMAIL, "en", "Your invoice", subject="Invoice", attachments=(pdf,))
    [enclosed] = documents.enclosed(rendered, wire).attachments
    assert (enclosed.name, enclosed.media_type, enclosed.url) == (pdf.name, pdf.media_type, pdf.url)
    return enclosed.content


def _fault(documents: Documents, url: str) -> Fault:
    with pytest.raises(ChannelError) as caught:
        _fetch(documents, url)
    return caught.value.fault


def test_a_document_comes_with_its_message(erp: Erp, documents: Documents) -> None:
    erp.pages["/my/invoices/91"] = serves()
    assert _fetch(documents, f"{erp.url}/my/invoices/91?access_token=t&report_type=pdf") == PDF
    assert erp.asked == ["/my/invoices/91?access_token=t&report_type=pdf"]


@pytest.mark.parametrize("media_type", ["application/pdf", "pdf", "application/octet-stream", "Application/PDF; x=y"])
def test_each_spelling_of_a_pdf_is_taken(erp: Erp, documents: Documents, media_type: str) -> None:
    erp.pages["/x"] = serves(Content_Type=media_type)
    assert _fetch(documents, f"{erp.url}/x") == PDF


def test_the_sandboxes_wire_asks_the_sandboxes_odoo_whatever_host_is_named(erp: Erp, documents: Documents) -> None:
    erp.pages["/odoo/my/invoices/91"] = serves()
    assert _fetch(documents, "https://erp.example.com/my/invoices/91?access_token=t", Wire.SANDBOX) == PDF
    assert erp.asked == ["/odoo/my/invoices/91?access_token=t"]


def test_one_document_is_fetched_once_for_several_attempts(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves()
    assert {_fetch(documents, f"{erp.url}/x") for _ in range(3)} == {PDF}
    assert len(erp.asked) == 1


def test_what_is_remembered_is_forgotten_again(erp: Erp, documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.05)
    erp.pages["/x"] = serves()
    _fetch(documents, f"{erp.url}/x")
    time.sleep(0.1)
    _fetch(documents, f"{erp.url}/x")
    assert len(erp.asked) == 2


def test_no_more_is_remembered_than_there_is_room_for(
    erp: Erp, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 2 * len(PDF))
    for name in ("/a", "/b", "/c", "/a"):
        erp.pages[name] = serves()
        _fetch(documents, erp.url + name)
    assert erp.asked == ["/a", "/b", "/c", "/a"]


def test_a_document_that_failed_is_asked_for_again(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves(b"", 503)
    _fault(documents, f"{erp.url}/x")
    erp.pages["/x"] = serves()
    assert _fetch(documents, f"{erp.url}/x") == PDF


def test_many_threads_share_it(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: _fetch(documents, f"{erp.url}/x"), range(40))) == {PDF}


# What is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "code"),
    [
        pytest.param(serves(b"", 404), "document_refused", id="404"),
        pytest.param(serves(b"", 403), "document_refused", id="403"),
        pytest.param(serves(b"", 204), "document_refused", id="204"),
        pytest.param(serves(b"<title>Log in</title>", Content_Type="text/html"), "document_not_pdf", id="a page"),
        pytest.param(serves(b"<title>Log in</title>"), "document_not_pdf", id="a page that says it is a PDF"),
        pytest.param(serves(_pdf("secret")), "document_encrypted", id="encrypted"),
        pytest.param(serves(PDF[:300]), "document_broken", id="broken"),
        pytest.param(serves(b"%PDF-" + bytes(MOST_BYTES)), "document_too_large", id="too large, and says so"),
    ],
)
def test_a_document_that_cannot_go_is_not_asked_for_again(
    erp: Erp, documents: Documents, page: Handler, code: str
) -> None:
    erp.pages["/x"] = page
    fault = _fault(documents, f"{erp.url}/x?access_token=secret-token")
    assert (fault.verdict, fault.code) == (Verdict.PERMANENT, code)
    assert "secret-token" not in fault.detail


def test_a_document_that_does_not_say_how_large_it_is_is_left_at_ten_megabytes(erp: Erp, documents: Documents) -> None:
    sent = []

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/pdf")
        request.send_header("Connection", "close")
        request.end_headers()
        for _ in range(100):
            sent.append(request.wfile.write(b"%PDF-" + bytes(1024 * 1024)))
        request.close_connection = True

    erp.pages["/x"] = endless
    assert _fault(documents, f"{erp.url}/x").code == "document_too_large"
    assert sum(sent) < 2 * MOST_BYTES


# What may succeed later ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_host_that_cannot_serve_now_is_asked_later(erp: Erp, documents: Documents, status: int) -> None:
    erp.pages["/x"] = serves(b"", status)
    fault = _fault(documents, f"{erp.url}/x")
    assert (fault.verdict, fault.code, fault.pace) == (Verdict.TRANSIENT, "document_unavailable", Pace.BESIDE)


def test_its_retry_after_is_honoured(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves(b"", 503, Retry_After="7")
    assert _fault(documents, f"{erp.url}/x").retry_after == timedelta(seconds=7)


def _hangs(request: BaseHTTPRequestHandler) -> None:
    time.sleep(1)
    request.close_connection = True


def _drips(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/pdf")
    request.send_header("Content-Length", str(len(PDF)))
    request.end_headers()
    for byte in PDF:
        request.wfile.write(bytes([byte]))
        time.sleep(0.05)


def _breaks_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/pdf")
    request.send_header("Content-Length", str(len(PDF)))
    request.end_headers()
    request.wfile.write(PDF[:100])
    request.close_connection = True


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("page", [_hangs, _drips, _breaks_off])
def test_a_host_that_does_not_come_to_an_end_is_asked_later(erp: Erp, documents: Documents, page: Handler) -> None:
    erp.pages["/x"] = page
    started = time.monotonic()
    fault = _fault(documents, f"{erp.url}/x")
    assert (fault.verdict, fault.code, fault.pace) == (Verdict.TRANSIENT, "document_unreachable", Pace.BESIDE)
    assert time.monotonic() - started < 10


def test_a_host_that_is_down_is_asked_later(erp: Erp, documents: Documents) -> None:
    erp.shutdown()
    erp.server_close()
    fault = _fault(documents, f"{erp.url}/x")
    assert (fault.verdict, fault.code, fault.pace) == (Verdict.TRANSIENT, "document_unreachable", Pace.BESIDE)


# Redirects ----------------------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_is_followed(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves(b"", 303, Location="/es/x?access_token=t")
    erp.pages["/es/x"] = serves()
    assert _fetch(documents, f"{erp.url}/x") == PDF


@pytest.mark.parametrize(
    "where", ["https://evil.example/x", "http://localhost:{port}/x", "http://127.0.0.1:1/x", "//evil.example/x"]
)
def test_a_redirect_to_another_host_is_not(erp: Erp, documents: Documents, where: str) -> None:
    erp.pages["/x"] = serves(b"", 302, Location=where.format(port=erp.server_port))
    fault = _fault(documents, f"{erp.url}/x")
    assert (fault.verdict, fault.code) == (Verdict.PERMANENT, "document_moved")
    assert erp.asked == ["/x"]


def test_a_redirect_in_circles_ends(erp: Erp, documents: Documents) -> None:
    erp.pages["/x"] = serves(b"", 302, Location="/x")
    assert _fault(documents, f"{erp.url}/x").code == "document_moved"
    assert len(erp.asked) == 4


@pytest.mark.usefixtures("impatient")
def test_redirects_share_one_deadline(erp: Erp, documents: Documents) -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.25)
        serves(b"", 302, Location="/x")(request)

    erp.pages["/x"] = slow
    started = time.monotonic()
    assert _fault(documents, f"{erp.url}/x").code == "document_unreachable"
    assert time.monotonic() - started < 10
