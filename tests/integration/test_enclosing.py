"""An invoice on its way: its PDF is fetched before it leaves, and what is wrong with that is not the sender's fault."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from sandbox.odoo.pdf import one_page
from tests.builders import StubChannel, keep, legs, of_type, query
from workers.documents import Documents
from workers.tasks import deliver, route
from workers.wiring import Rooms

PDF = one_page("Invoice INV/2026/00091", ["Amount due: 1250.00 EUR"])


class Portal(ThreadingHTTPServer):
    """Answers every request for a document as the test says."""

    daemon_threads = True
    status = 200
    asked = 0


class _Asked(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/pdf")
        self.end_headers()
        self.wfile.write(PDF if self.server.status == 200 else b"")

    def log_message(self, *_args: object) -> None:
        """Silent."""


@pytest.fixture
def portal() -> Iterator[Portal]:
    server = Portal(("127.0.0.1", 0), _Asked)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def email() -> StubChannel:
    return StubChannel(ChannelName.EMAIL)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], portal: Portal, email: StubChannel) -> Rooms:
    made = make_rooms(StubChannel(ChannelName.WHATSAPP), email)
    return replace(made, documents=Documents((), f"http://127.0.0.1:{portal.server_port}"))


def _post_invoice(rooms: Rooms) -> None:
    """One invoice to somebody whom only mail reaches, sorted and sent."""
    keep(rooms.engine, of_type("odoo.invoice.posted", phone=None))
    route.drain(rooms)
    for lane in Urgency:
        deliver.drain(rooms, ChannelName.EMAIL, lane)


def test_a_letter_leaves_with_its_invoice(rooms: Rooms, email: StubChannel, portal: Portal) -> None:
    _post_invoice(rooms)
    [(rendered, _, _)] = email.sent
    assert [each.content for each in rendered.attachments] == [PDF]
    assert portal.asked == 1


def test_an_erp_that_cannot_serve_it_now_is_asked_again_and_the_sender_stays_well(
    rooms: Rooms, email: StubChannel, portal: Portal
) -> None:
    portal.status = 503
    for _ in range(6):
        _post_invoice(rooms)
    assert email.sent == []
    assert {(leg.state, leg.reason) for leg in legs(rooms.engine)} == {("queued", "document_unavailable")}
    assert query(rooms.engine, "SELECT 1 FROM circuit WHERE state <> 'closed' OR failures > 0") == []


def test_an_invoice_that_is_gone_fails_and_the_sender_stays_well(
    rooms: Rooms, email: StubChannel, portal: Portal
) -> None:
    portal.status = 404
    _post_invoice(rooms)
    assert email.sent == []
    [leg] = [leg for leg in legs(rooms.engine) if leg.channel == "email"]
    assert (leg.state, leg.reason) == ("failed", "document_refused")
    assert query(rooms.engine, "SELECT 1 FROM circuit WHERE state <> 'closed' OR failures > 0") == []
