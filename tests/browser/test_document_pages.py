"""The pages behind a link to a document as a person has them in front of him: light and dark, on a phone, no script."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from postroom.domain.links import Links, Opening, Purpose
from postroom.domain.safety import Wire
from postroom.odoo.connecting import connect
from postroom.odoo.patience import Patience
from postroom.store.ids import new_id
from postroom.store.openings import Carried
from tests.books import PAID, Books, invoice, running_books
from tests.builders import reminder
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.documents import DocumentDesk

PHONE = {"width": 360, "height": 740}
SHOTS = os.environ.get("POSTROOM_SHOTS")
"""A folder for pictures of each page, for whoever wants to look at them."""


@dataclass(frozen=True, slots=True)
class OneMessage:
    """A memory of one message, about invoice 88."""

    id: UUID
    language: str = "de"

    def carried(self, opening: Opening, *, clicked: bool) -> Carried | None:
        event = reminder(88)
        return Carried("1", "account.move:88", Wire.SANDBOX, self.language, ("de_AT",), event)


@dataclass(frozen=True, slots=True)
class Served:
    """A door that really listens, and the books behind it."""

    url: str
    books: Books


@pytest.fixture
def served() -> Iterator[Served]:
    message = new_id()
    with running_books(invoice(88)) as books:
        server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
        links = Links("link-secret-for-tests", f"http://127.0.0.1:{server.server_port}")
        odoo = cache(lambda: connect(books.access))
        desk = DocumentDesk(links, OneMessage(message), lambda _: odoo(), {}, lambda _: "Acme Iberia SL", Patience(2))
        server.app = create_app(replace(door_over(None, Recorder(), None), document_desk=desk))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Served(links.document(Opening(message, Purpose.PAY)), books)
        server.shutdown()
        thread.join()
        server.server_close()


STANDINGS: dict[str, tuple[dict[str, Any], str]] = {
    "paid": (PAID, "Bezahlt, danke"),
    "credited": ({"payment_state": "reversed"}, "Gutgeschrieben"),
    "cancelled": ({"state": "cancel"}, "Storniert"),
    "revised": ({"state": "draft"}, "In Korrektur"),
}


def _look(page: Page, name: str, theme: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{theme}-{page.viewport_size['width']}.png"))  # type: ignore[index]


@pytest.mark.parametrize("name", [*STANDINGS, "later", "gone", "unknown"])
def test_each_page_fits_a_phone_says_what_holds_and_bars_nobody(
    browser: Browser, theme: str, served: Served, name: str
) -> None:
    fields, title = STANDINGS.get(name, ({}, ""))
    served.books.invoices[88].update(fields)
    if name == "later":
        served.books.status, title = 502, "Bitte versuchen Sie es"
    if name == "gone":
        served.books.invoices.clear()
        title = "gibt es nicht mehr"
    url = served.url if name != "unknown" else served.url[:-3]
    context = browser.new_context(viewport=PHONE, color_scheme=theme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{url}?open=1")
    assert title in page.get_by_role("heading", level=1).inner_text()
    _look(page, name, theme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    smallest = page.eval_on_selector_all("a.way", "all => Math.min(99, ...all.map(one => one.offsetHeight))")
    assert smallest >= 44
    context.close()


def test_a_paid_invoice_offers_its_pdf_and_its_page_without_javascript(
    browser: Browser, theme: str, served: Served
) -> None:
    served.books.invoices[88].update(PAID)
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme=theme,  # type: ignore[arg-type]
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(f"{served.url}?open=1")
    assert "1.250,00" in page.locator("main").inner_text()
    assert "21. November 2026" in page.locator("main").inner_text()
    pdf = page.get_by_role("link", name="PDF herunterladen").get_attribute("href") or ""
    assert pdf.startswith("https://erp.example.com/my/invoices/88?")
    assert page.get_by_role("link", name="Im Portal öffnen").get_attribute("rel") == "noreferrer"
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"paid-{theme}-wide.png"))
    context.close()
