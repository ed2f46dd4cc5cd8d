"""A small Odoo 19 that really listens: invoices by JSON-2 and in its portal, as slow and as broken as a test says."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from postroom.odoo.access import Access
from sandbox.odoo.pdf import one_page

PDF = one_page("Invoice", ["Amount due: 1250.00 EUR"])
KEPT_PDF = one_page("Invoice", ["As Odoo keeps it"])
TOKEN = "t0k3n"
Row = dict[str, Any]


def invoice(number: int, **fields: Any) -> Row:
    """A posted invoice of which nothing is paid."""
    return {
        "id": number,
        "name": f"INV/2026/{number:05}",
        "state": "posted",
        "payment_state": "not_paid",
        "amount_total": 1250.0,
        "currency_id": [1, "EUR"],
        "invoice_payments_widget": False,
        "invoice_pdf_report_id": False,
        **fields,
    }


PAID = {
    "payment_state": "paid",
    "invoice_payments_widget": {"content": [{"date": "2026-11-20"}, {"date": "2026-11-21"}]},
}


@dataclass
class Books:
    """What this Odoo holds, how it behaves, and what it was asked."""

    invoices: dict[int, Row] = field(default_factory=dict)
    pause: float = 0.0
    status: int = 200
    portal_pdf: bytes = PDF
    token: str = TOKEN
    base_url: str | None = None
    payment_links: bool = True
    asked: list[str] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)
    """Nobody gets an answer before it is set, as it is at first."""
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""

    @property
    def access(self) -> Access:
        return Access(self.url, "books", "postroom", "key", version="19", answer_timeout=5.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    books: Books

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is what some tests are about."""


class _Asked(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        books = self.server.books
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        model, method = self.path.removeprefix("/json/2/").split("/")
        if model == "res.users":  # who we are: asked for once by each client
            ours = {"uid": 2} if method == "context_get" else [{"id": 2, "login": books.access.login}]
            self._tell(200, json.dumps(ours).encode(), "application/json")
            return
        books.asked.append(f"{model}.{method}")
        with counted(books), suppress(OSError):
            time.sleep(books.pause)
            books.answers.wait(10)
            if books.status != 200:
                self._tell(books.status, b"<html>Bad Gateway</html>", "text/html")
                return
            try:
                answer = _answer(books, model, method, body)
            except Refused as error:
                told = {"name": error.args[0], "message": "no", "arguments": ["no"], "context": {}, "debug": ""}
                self._tell(error.args[1], json.dumps(told).encode(), "application/json")
            else:
                self._tell(200, json.dumps(answer).encode(), "application/json")

    def do_GET(self) -> None:
        books = self.server.books
        books.asked.append(f"GET {urlsplit(self.path).path}")
        given = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
        if given != books.token or books.status != 200:
            self.send_response(303)
            self.send_header("Location", "/my")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._tell(200, books.portal_pdf, "application/pdf")

    def _tell(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Silent."""


class Refused(Exception):
    """The name of the exception inside Odoo, and its status."""


@contextmanager
def counted(books: Books) -> Iterator[None]:
    """How many questions are under way."""
    books.at_once += 1
    books.most_at_once = max(books.most_at_once, books.at_once)
    try:
        yield
    finally:
        books.at_once -= 1


def _answer(books: Books, model: str, method: str, body: Row) -> Any:
    if model == "account.move":
        return _of_invoices(books, method, body)
    if method == "create" and model in ("payment.link.wizard", "account.move.send.wizard"):
        if model == "payment.link.wizard" and not books.payment_links:
            raise Refused("odoo.exceptions.AccessError", 403)
        return [int(body.get("context", {}).get("active_id") or body["vals_list"][0]["move_id"])]
    if model == "payment.link.wizard":
        [number] = body["ids"]
        return [
            {"id": number, "link": f"{books.url}//my/invoices/{number}?access_token={TOKEN}&payment=True#portal_pay"}
        ]
    if method == "action_send_and_print":
        books.invoices[body["ids"][0]]["invoice_pdf_report_id"] = [7, "INV.pdf"]
        return {"type": "ir.actions.act_window_close"}
    if model == "ir.attachment":
        return [{"id": 7, "datas": base64.b64encode(KEPT_PDF).decode()}]
    raise Refused("werkzeug.exceptions.NotFound", 404)


def _of_invoices(books: Books, method: str, body: Row) -> Any:
    if method == "read":
        wanted = [books.invoices[number] for number in body["ids"] if number in books.invoices]
        return [{name: row[name] for name in ("id", *body["fields"])} for row in wanted]
    [number] = body["ids"]
    if number not in books.invoices:
        raise Refused("odoo.exceptions.MissingError", 404)
    if method == "get_base_url" and books.base_url:
        return books.base_url
    if method == "get_portal_url":
        pdf = "&report_type=pdf&download=true" if body.get("report_type") == "pdf" else ""
        return f"/my/invoices/{number}?access_token={TOKEN}{pdf}"
    raise Refused("werkzeug.exceptions.NotFound", 404)


@contextmanager
def running_books(*rows: Row) -> Iterator[Books]:
    """The server, with these invoices."""
    server = _Server(("127.0.0.1", 0), _Asked)
    server.books = Books({row["id"]: row for row in rows}, url=f"http://127.0.0.1:{server.server_port}")
    server.books.answers.set()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.books
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
