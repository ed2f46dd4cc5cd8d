"""Documents that an event does not name: had from the Odoo of the wire, by the record that they belong to."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from postroom.domain.channels import Attachment, ChannelName, Pace, Rendered, Verdict
from postroom.domain.safety import Wire
from postroom.odoo.connecting import connect
from tests.books import KEPT_PDF, PDF, Books, invoice, running_books
from workers import documents as module
from workers.channels.base import ChannelError
from workers.documents import MOST_BYTES, Documents, Library

RECORD = "account.move:88"


@pytest.fixture
def books() -> Iterator[Books]:
    with running_books(invoice(88)) as running:
        yield running


@pytest.fixture
def documents(books: Books) -> Iterator[Documents]:
    odoo = cache(lambda: connect(books.access))
    made = Documents(("127.0.0.1",), books.url, Library(lambda _: odoo(), {Wire.LIVE: books.url}))
    yield made
    made.close()


def enclosed(documents: Documents, url: str = "", record: str = RECORD) -> bytes:
    pdf = Attachment("INV.pdf", "application/pdf", url, record=record)
    whole = documents.enclosed(Rendered(ChannelName.EMAIL, "en", "Invoice", attachments=(pdf,)), Wire.LIVE)
    return whole.attachments[0].content


def fault(documents: Documents, url: str = "", record: str = RECORD) -> tuple[Verdict, str]:
    with pytest.raises(ChannelError) as caught:
        enclosed(documents, url, record)
    assert caught.value.fault.verdict is Verdict.PERMANENT or caught.value.fault.pace is Pace.BESIDE
    return caught.value.fault.verdict, caught.value.fault.code


def test_it_is_had_as_its_customer_would_download_it_and_once(documents: Documents, books: Books) -> None:
    assert [enclosed(documents) for _ in range(3)] == [PDF] * 3
    assert books.asked == ["account.move.get_portal_url", "GET /my/invoices/88"]


def test_where_the_portal_does_not_open_it_is_had_as_odoo_keeps_it(documents: Documents, books: Books) -> None:
    books.token = "another"
    assert enclosed(documents) == KEPT_PDF
    assert "account.move.send.wizard.action_send_and_print" in books.asked


def test_what_odoo_keeps_already_is_not_made_again(documents: Documents, books: Books) -> None:
    books.token = "another"
    books.invoices[88]["invoice_pdf_report_id"] = [7, "INV.pdf"]
    assert enclosed(documents) == KEPT_PDF
    assert not any("wizard" in each for each in books.asked)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("{books}/my/invoices/88?access_token=old&report_type=pdf", id="an old token"),
        pytest.param("https://elsewhere.example/invoice.pdf", id="another host"),
        pytest.param("{books}/my/invoices/99", id="no token"),
    ],
)
def test_an_address_that_opens_nothing_is_mended_by_the_record(documents: Documents, books: Books, url: str) -> None:
    assert enclosed(documents, url.format(books=books.url)) == PDF


def _gone(books: Books) -> None:
    books.invoices.clear()


def _broken(books: Books) -> None:
    books.status = 502


def _slow(books: Books) -> None:
    books.pause = 3.0


def _no_pdf(books: Books) -> None:
    books.portal_pdf = b"<html>Log in</html>" * 10


def _broken_pdf(books: Books) -> None:
    books.portal_pdf = b"%PDF-1.7 and nothing else"


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        pytest.param(_gone, (Verdict.PERMANENT, "document_refused"), id="gone"),
        pytest.param(_broken, (Verdict.TRANSIENT, "document_unavailable"), id="a proxy's error"),
        pytest.param(_slow, (Verdict.TRANSIENT, "document_unavailable"), id="slow"),
        pytest.param(_broken_pdf, (Verdict.PERMANENT, "document_broken"), id="a broken PDF"),
    ],
)
def test_what_goes_wrong_is_told_apart_and_never_the_senders_fault(
    documents: Documents,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Books], None],
    expected: tuple[Verdict, str],
) -> None:
    monkeypatch.setattr(module, "ALL_SECONDS", 1.0)
    trouble(books)
    assert fault(documents) == expected


def test_a_portal_that_shows_a_page_instead_leads_to_what_odoo_keeps(documents: Documents, books: Books) -> None:
    _no_pdf(books)
    assert enclosed(documents) == KEPT_PDF


def test_it_keeps_to_the_limit_of_what_we_send(
    documents: Documents, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.token = "another"
    monkeypatch.setattr(module, "MOST_BYTES", len(KEPT_PDF) - 1)
    assert MOST_BYTES == 10 * 1024 * 1024
    assert fault(documents) == (Verdict.PERMANENT, "document_too_large")


@pytest.mark.parametrize("record", ["", "alert:31", "account.move:x", "account.move:"])
def test_without_a_record_of_odoos_nobody_is_asked(documents: Documents, books: Books, record: str) -> None:
    assert fault(documents, record=record)[1] in ("document_unknown", "document_refused")
    assert not any(each.startswith("account.move") for each in books.asked)


def test_a_house_without_an_odoo_says_what_it_lacks() -> None:
    assert fault(Documents((), "http://127.0.0.1:1")) == (Verdict.PERMANENT, "document_unknown")
