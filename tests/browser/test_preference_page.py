"""The preference page as a person has it in front of him: without JavaScript, in light and dark, on a phone."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from config.rules import ROUTING_FILE, read_routing
from postroom.domain.channels import ChannelName
from postroom.domain.links import Holder, Links
from postroom.store.contacts import Address, contact_points
from postroom.store.engine import connect
from tests.builders import SEALER, query
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.choices import StoreChoices
from webhooks.links import Desk

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    """The page of somebody who is reached by email and WhatsApp, at a door that really listens."""
    engine = connect(database_url)
    with engine.begin() as connection:
        contact_points(
            connection,
            SEALER,
            [
                Address("1", "42", ChannelName.EMAIL, "marta@example.com", "Marta"),
                Address("1", "42", ChannelName.WHATSAPP, "+34600111222", "Marta"),
            ],
        )
    rules = read_routing(ROUTING_FILE.read_text("utf-8"), file="routing.yaml", templates=None).rules
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    links = Links("link-secret-for-tests", f"http://127.0.0.1:{server.server_port}")
    desk = Desk(links, StoreChoices(engine, rules), lambda company: "Acme Iberia SL")
    server.app = create_app(replace(door_over(None, Recorder(), None), desk=desk))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield links.preferences(Holder("1", "partner:42", "de_AT", "order_confirmation", datetime.now(UTC)))
    server.shutdown()
    thread.join()
    server.server_close()
    assert query(engine, "select count(*) from message_channel_preference")[0][0] == 1
    engine.dispose()


@pytest.fixture
def sheet(browser: Browser, theme: str) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, color_scheme=theme, java_script_enabled=False)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def test_a_person_turns_one_message_off_by_keyboard_alone_and_is_told_so(sheet: Page, address: str) -> None:
    sheet.goto(address)
    assert sheet.locator("html").get_attribute("lang") == "de"
    box = sheet.get_by_role("group", name="Auftragsbestätigungen").get_by_role("checkbox", name="WhatsApp")
    box.focus()
    sheet.keyboard.press("Space")
    sheet.get_by_role("button", name="Speichern").focus()
    sheet.keyboard.press("Enter")
    told = sheet.get_by_role("status")
    assert "Auftragsbestätigungen per WhatsApp: Sie erhalten sie nicht mehr." in told.inner_text()
    assert not box.is_checked()
    assert sheet.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_page_has_nothing_that_bars_anybody(browser: Browser, theme: str, address: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=theme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.get_by_role("checkbox", name="WhatsApp", exact=True).uncheck()
    page.get_by_role("button", name="Speichern").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    smallest = page.eval_on_selector_all("label, button", "all => Math.min(...all.map(one => one.offsetHeight))")
    assert smallest >= 44
    context.close()
