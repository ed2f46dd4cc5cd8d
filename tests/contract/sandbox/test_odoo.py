"""The sandbox's Odoo: held against our channel and our fetching of documents, which were written apart from it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import requests
from pypdf import PdfReader

from postroom.domain.channels import Attachment, Button, ChannelName, Rendered, Verdict
from postroom.domain.safety import Wire
from sandbox.odoo.faults import ENDINGS, KINDS
from sandbox.odoo.pdf import one_page
from sandbox.testing import SECRET, Running
from workers.channels.base import ChannelError
from workers.channels.odoo import OdooConfig
from workers.channels.odoo.channel import Odoo
from workers.documents import Documents, check_pdf

R, F, P, S, A = Verdict.TRANSIENT, Verdict.FALLBACK, Verdict.PERMANENT, Verdict.SENDER_STOPPED, Verdict.UNKNOWN
DIGEST = Rendered(
    ChannelName.ODOO,
    "en",
    "Sales\n- Orders: 12",
    subject="Daily digest",
    buttons=(Button("Open in Odoo", url="https://erp.example.com/web"),),
)


@pytest.fixture
def odoo(sandbox: Running) -> Iterator[Odoo]:
    made = _odoo(sandbox)
    yield made
    made.close()


def _odoo(sandbox: Running, **changes: Any) -> Odoo:
    facts = {"database": "sandbox", "login": "postroom", "api_key": SECRET, "answer_timeout": 1.0, **changes}
    return Odoo(OdooConfig(f"{sandbox.url}/odoo", **facts))


def _call(sandbox: Running, service: str, method: str, *args: Any) -> Any:
    body = {"jsonrpc": "2.0", "method": "call", "params": {"service": service, "method": method, "args": args}, "id": 7}
    return requests.post(f"{sandbox.url}/odoo/jsonrpc", json=body, timeout=5).json()


def test_a_notification_reaches_the_inbox_of_its_user(sandbox: Running, odoo: Odoo) -> None:
    receipt = odoo.send(DIGEST, "user:7", key := uuid4())
    [message] = sandbox.get("messages", recipient="user:7")["messages"]
    assert message["id"] == receipt.provider_id
    assert (message["channel"], message["title"], message["key"]) == ("odoo", "Daily digest", str(key))
    assert message["text"] == "Sales\n• Orders: 12\n—\nOpen in Odoo: https://erp.example.com/web"


@pytest.mark.parametrize("address", ["user:7", "partner:7", "user:2147483647", "partner:2147483647"])
def test_a_user_and_a_partner_of_one_number_are_two_people(sandbox: Running, odoo: Odoo, address: str) -> None:
    odoo.send(DIGEST, address, uuid4())
    [person] = sandbox.get("messages")["people"]
    assert person["addresses"] == {"odoo": address}


def test_a_notification_belongs_to_the_person_with_that_address(sandbox: Running, odoo: Odoo) -> None:
    sandbox.post("people", name="Marta Ruiz", email="marta@example.net", odoo="user:7")
    odoo.send(DIGEST, "user:7", uuid4())
    [person] = sandbox.get("messages")["people"]
    assert (person["name"], person["addresses"]["odoo"]) == ("Marta Ruiz", "user:7")


def test_every_request_for_a_message_is_witnessed_by_our_key(sandbox: Running, odoo: Odoo) -> None:
    keys = [uuid4() for _ in range(3)]
    for key in keys:
        odoo.send(DIGEST, "user:7", key)
    assert sandbox.get("requests")["keys"] == {str(key): {"seen": 1, "taken": 1} for key in keys}


FAULTS = {
    "missing_user": (F, "odoo.exceptions.MissingError"),
    "access_denied": (S, "odoo.exceptions.AccessDenied"),
    "access_error": (S, "odoo.exceptions.AccessError"),
    "validation": (P, "odoo.exceptions.ValidationError"),
    "serialization": (R, "psycopg2.errors.SerializationFailure"),
    "database_down": (R, "psycopg2.OperationalError"),
    "unheard_of": (R, "odoo.addons.sandbox.exceptions.Strange"),
    "server_error": (A, "http_500"),
    "html": (A, "not_json"),
    "slow": (A, "read_timeout"),
    "hang": (A, "read_timeout"),
    "lost": (A, "dropped"),
    "dropped": (A, "dropped"),
    "gateway": (A, "http_502"),
    "commit_then_fault": (R, "smtplib.SMTPServerDisconnected"),
}


def test_every_fault_is_in_the_table_above() -> None:
    assert set(FAULTS) == set(KINDS)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_odoo_has_its_verdict(sandbox: Running, odoo: Odoo, kind: str) -> None:
    sandbox.post("faults", channel="odoo", kind=kind, times=1)
    with pytest.raises(ChannelError) as caught:
        odoo.send(DIGEST, "user:7", uuid4())
    assert (caught.value.fault.verdict, caught.value.fault.code) == FAULTS[kind]


def test_a_users_number_brings_a_fault_about(odoo: Odoo) -> None:
    by_kind = {kind: ending for ending, kind in ENDINGS.items()}
    with pytest.raises(ChannelError) as caught:
        odoo.send(DIGEST, f"user:{by_kind['validation']}", uuid4())
    assert caught.value.fault.code == "odoo.exceptions.ValidationError"
    with pytest.raises(ChannelError) as caught:
        odoo.send(DIGEST, f"user:{by_kind['missing_user']}", uuid4())
    assert caught.value.fault.code == "no_user"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"api_key": "wrong"}, "not_authenticated"), ({"database": "other"}, "psycopg2.OperationalError")],
)
def test_a_stranger_is_told_what_odoo_would_tell(sandbox: Running, changes: Any, code: str) -> None:
    stranger = _odoo(sandbox, **changes)
    with pytest.raises(ChannelError) as caught:
        stranger.send(DIGEST, "user:7", uuid4())
    assert (caught.value.fault.verdict, caught.value.fault.code) == (S, code)
    stranger.close()


def test_a_key_is_asked_for_with_every_call(sandbox: Running) -> None:
    answer = _call(sandbox, "object", "execute_kw", "sandbox", 2, "wrong", "res.users", "search_read", [[]], {})
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"


def test_its_version_is_told_to_everybody(sandbox: Running) -> None:
    assert _call(sandbox, "common", "version")["result"]["server_serie"] == "19.0"


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (("res.partner", "no_method", [[7]], {}), "builtins.AttributeError"),
        (("res.users", "search_read", [[["no_field", "=", "x"]]], {}), "builtins.ValueError"),
        (("mail.thread", "message_notify", [[]], {"message_id": "<a@b>", "partner_ids": [7]}), "builtins.ValueError"),
        (("mail.thread", "message_notify", [[]], {"partner_ids": "7"}), "builtins.ValueError"),
    ],
)
def test_what_odoo_does_not_take_is_not_taken_here(sandbox: Running, args: Any, name: str) -> None:
    answer = _call(sandbox, "object", "execute_kw", "sandbox", 2, SECRET, *args)
    assert answer["error"]["data"]["name"] == name
    assert sandbox.get("messages")["count"] == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"{"])
def test_a_body_that_is_no_call_is_a_page_and_400(sandbox: Running, raw: bytes) -> None:
    answer = requests.post(f"{sandbox.url}/odoo/jsonrpc", data=raw, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


# The portal ---------------------------------------------------------------------------------------------------------

YEAR = f"{datetime.now(UTC) - timedelta(days=10):%Y}"
INVOICE = "https://erp.example.com/my/invoices/91?access_token=t&report_type=pdf&download=true"


def _fetched(sandbox: Running, url: str) -> bytes:
    documents = Documents((), sandbox.url)
    enclosed = Attachment("INV_2026_00091.pdf", "application/pdf", url)
    rendered = Rendered(ChannelName.EMAIL, "en", "x", attachments=(enclosed,))
    try:
        return documents.enclosed(rendered, Wire.SANDBOX).attachments[0].content
    finally:
        documents.close()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", f"Invoice INV/{YEAR}/00091\nAmount due: 121.00 EUR"),
        ("&number=INV/2026/00091&amount=1250.00 EUR", "Invoice INV/2026/00091\nAmount due: 1250.00 EUR"),
        ("&number=(a)\\ñ€&amount=1)2", "Invoice (a)\\ñ€\nAmount due: 1)2"),
    ],
)
def test_an_invoice_is_a_pdf_that_says_its_number(sandbox: Running, query: str, words: str) -> None:
    content = _fetched(sandbox, INVOICE + query)
    text = "\n".join(PdfReader(BytesIO(content), strict=True).pages[0].extract_text().split("\n"))
    assert text.strip().startswith(words)


@pytest.mark.parametrize("token", ["", "expired"])
def test_a_token_that_opens_nothing_leads_to_a_login_page(sandbox: Running, token: str) -> None:
    with pytest.raises(ChannelError) as caught:
        _fetched(sandbox, INVOICE.replace("access_token=t", f"access_token={token}"))
    assert (caught.value.fault.verdict, caught.value.fault.code) == (P, "document_not_pdf")


def test_a_page_for_people_is_no_document(sandbox: Running) -> None:
    with pytest.raises(ChannelError) as caught:
        _fetched(sandbox, "https://erp.example.com/my/invoices/91?access_token=t")
    assert caught.value.fault.code == "document_not_pdf"


def test_a_handmade_pdf_keeps_the_format() -> None:
    for title, lines in (("Invoice", []), ("((", ["\\", "x" * 500]), ("発票", ["line"] * 20)):
        content = one_page(title, lines)
        check_pdf(content)
        assert len(PdfReader(BytesIO(content), strict=True).pages) == 1
