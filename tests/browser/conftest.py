"""A real browser, a real sandbox, and a little post in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sandbox.testing import Running, eventually, running_sandbox
from tests.browser.business import REMINDERS, register, remind, write_mail

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests are skipped, except in CI."""
    if not CHROMIUM.exists():
        remedy = f"no Chromium at {CHROMIUM}; install it: sudo apt-get install chromium (or set CHROMIUM)"
        if os.environ.get("CI") == "true":
            pytest.fail(remedy)
        pytest.skip(remedy)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    """One sandbox for all tests; each starts with an empty one (see `post`)."""
    with running_sandbox() as running:
        for language in REMINDERS:
            register(running, language)
        yield running


@pytest.fixture
def empty(sandbox: Running) -> Running:
    """The sandbox with nothing in it."""
    sandbox.post("reset")
    sandbox.door.posted.clear()
    return sandbox


@pytest.fixture
def post(empty: Running) -> Running:
    """The sandbox with some post in it."""
    empty.post("people", name="Marta Ruiz", whatsapp="+34600111222", email="marta@example.com")
    empty.post("people", name="Layla Haddad", whatsapp="+971501234567")
    remind(empty, "+971501234567", "ar", "ليلى", "INV/2026/00091", "1.250,00 د.إ", "30 نوفمبر 2026")
    remind(empty, "+447700909901", "en", "Tom", "INV/2026/00090", "£310.00", "30 November 2026")
    write_mail(empty, "Tom Baker", "tom@example.com", "Invoice INV/2026/00090 is due on 30 November 2026", "£310.00")
    write_mail(empty, "Marta Ruiz", "marta@example.com", "Order S00017 is confirmed", "310,00 €")
    remind(empty, "+34600111222", "es", "Marta", "INV/2026/00088", "1.250,00 €", "30 de noviembre de 2026")
    eventually(lambda: len(empty.door.values("statuses")) >= 5, "the receipts")
    return empty


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that may neither raise an error nor open a dialog."""
    troubles: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    yield page
    assert troubles == []
