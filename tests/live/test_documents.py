"""Customers get their documents: a PDF that opens, and links that lead to Odoo's own pages."""

from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import requests
from pypdf import PdfReader

from postroom.odoo.client import Odoo
from postroom.odoo.documents import Named, kept_pdf, look, payment_path, portal_path
from postroom.odoo.versions import PAYMENT_LINKS
from tests.live.place import Place, needs, newest
from tests.live.sheet import NotRun, Sheet

PATIENCE_SECONDS = 60
POSTED: list[Any] = [["move_type", "=", "out_invoice"], ["state", "=", "posted"]]


def invoice(erp: Odoo) -> Named:
    needs(erp, "account.move")
    return Named("account.move", newest(erp, "account.move", [*POSTED, ["payment_state", "=", "not_paid"]])["id"])


def fetched(place: Place, path: str) -> requests.Response:
    address = urljoin(place.access.url + "/", path.lstrip("/")) if not path.startswith("http") else path
    return requests.get(address, timeout=PATIENCE_SECONDS, allow_redirects=False)


def pages(content: bytes) -> int:
    reader = PdfReader(BytesIO(content))
    assert not reader.is_encrypted
    return len(reader.pages)


def test_an_invoices_pdf_is_fetched_and_opened(erp: Odoo, place: Place, sheet: Sheet) -> None:
    record = invoice(erp)
    path = portal_path(erp, record, pdf=True)
    answer = fetched(place, path)
    sheet.add("account.move.get_portal_url, GET", f"{answer.status_code} {answer.headers['Content-Type']}", "")
    assert answer.status_code == 200
    count = pages(answer.content)
    sheet.add("opened by pypdf", f"{len(answer.content)} bytes", f"{record.model}:{record.id} {count} pages")
    assert count > 0


def test_a_portal_link_shows_the_document_and_a_wrong_one_does_not(erp: Odoo, place: Place, sheet: Sheet) -> None:
    needs(erp, "sale.order")
    record = Named("sale.order", newest(erp, "sale.order", [["state", "in", ["sent", "sale"]]])["id"])
    path = portal_path(erp, record)
    right, wrong = fetched(place, path), fetched(place, path.partition("?")[0] + "?access_token=wrong")
    sheet.add("sale.order.get_portal_url, GET", right.status_code, path.partition("?")[0])
    sheet.add("the same with a wrong token", wrong.status_code, wrong.headers.get("Location", ""))
    assert right.status_code == 200
    assert wrong.status_code == 303


def test_an_invoice_is_looked_at_as_it_is_now(erp: Odoo, sheet: Sheet) -> None:
    record = invoice(erp)
    paper = look(erp, record)
    sheet.add("documents.look", f"{paper}", f"{record.model}:{record.id}")
    assert paper is not None
    assert paper.standing == "open"


def test_a_link_to_pay_leads_to_the_invoice(erp: Odoo, place: Place, sheet: Sheet) -> None:
    """As an accountant: our own user's lead to the portal's page, where one pays as well."""
    record = invoice(erp)
    if erp.version not in PAYMENT_LINKS:
        raise NotRun("links to pay by key alone came with 19: here one pays on the portal's page")
    sheet.add("documents.payment_path as our user", payment_path(erp, record) or "the portal's")
    path = payment_path(place.as_role(erp, "accountant"), record)
    assert path is not None
    answer = fetched(place, path)
    sheet.add("documents.payment_path as accountant, GET", answer.status_code, path.partition("?")[0])
    assert answer.status_code == 200


def test_a_pdf_that_odoo_keeps_is_read_by_key_alone(erp: Odoo, place: Place, sheet: Sheet) -> None:
    """As an accountant: our own user may not make one, and does without."""
    record = invoice(erp)
    content = kept_pdf(place.as_role(erp, "accountant"), record)
    assert content is not None
    sheet.add("documents.kept_pdf as accountant", f"{len(content)} bytes", f"{pages(content)} pages")
