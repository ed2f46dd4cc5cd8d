"""The page behind an approval's link as an approver has it in front of him: light and dark, on a phone, no script."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from postroom.domain.channels import ChannelName
from postroom.domain.links import Links
from tests.approvers import Office, chains
from tests.builders import StubChannel, rooms_with

PHONE = {"width": 360, "height": 740}
SHOTS = os.environ.get("POSTROOM_SHOTS")
"""A folder for pictures of each page, for whoever wants to look at them."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A door that really listens, and the house behind it."""

    office: Office
    url: str


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[Desk]:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    slack, email = StubChannel(ChannelName.SLACK), StubChannel(ChannelName.EMAIL)
    rooms = rooms_with(database_url, redis_url, slack, email, chains=chains())
    office = Office(replace(rooms, links=Links("link-secret-for-tests", address)), slack, email)
    server.app = office.app
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Desk(office, address)
    server.shutdown()
    thread.join()
    server.server_close()
    rooms.senders.shutdown()
    rooms.engine.dispose()


def _look(page: Page, name: str, theme: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    smallest = page.eval_on_selector_all(
        "a.way, button:not([hidden]), input:not([type=hidden])",
        "all => Math.min(99, ...all.map(one => one.offsetHeight))",
    )
    assert smallest >= 44
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"deciding-{name}-{theme}.png"), full_page=True)


def test_an_approver_decides_on_his_phone_without_a_script(browser: Browser, theme: str, desk: Desk) -> None:
    link = desk.office.ask(language="de_DE")
    context = browser.new_context(viewport=PHONE, color_scheme=theme, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{desk.url}{link}?open=1")
    _look(page, "read", theme)
    page.get_by_role("button", name="Code per Slack senden").click()
    desk.office.mail()
    page.get_by_label("Code aus sechs Ziffern").fill("000000")
    page.keyboard.press("Enter")  # in the field: decides nothing
    assert "Noch hat niemand entschieden." in page.get_by_role("status").inner_text()
    page.get_by_label("Code aus sechs Ziffern").fill(desk.office.code())
    page.get_by_label("Grund").fill("Zu teuer")
    _look(page, "code", theme)
    page.get_by_role("button", name="Ablehnen").click()
    assert "„Ablehnen“ geantwortet" in page.get_by_role("status").inner_text()
    _look(page, "decided", theme)
    page.reload()
    assert desk.office.votes() == [("partner:107", "reject", "link:email")]
    context.close()


def test_the_page_has_nothing_that_bars_anybody(browser: Browser, theme: str, desk: Desk) -> None:
    link = desk.office.ask()
    desk.office.ask_for_code(link)
    context = browser.new_context(viewport=PHONE, color_scheme=theme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{desk.url}{link}?open=1")
    page.get_by_label("Code of six digits").fill("12")
    page.get_by_role("button", name="Approve").click()
    assert "Type the six digits" in page.get_by_role("alert").inner_text()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    _look(page, "wrong", theme)
    context.close()
