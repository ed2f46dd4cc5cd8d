"""Each channel's messages as the page shows them, beside those of all others."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sandbox.channels import NAMES, Channel
from sandbox.testing import SECRET, Running, running_sandbox
from tests.browser.axe import violations
from tests.browser.every_channel import MACHINE, MARTA, write_journal

OF_PEOPLE = [channel for channel in Channel if channel is not Channel.CALLBACK]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<<>>"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox that remembers one conversation over every channel."""
    journal: Path = write_journal(tmp_path_factory.mktemp("sandbox") / "journal")
    with running_sandbox(SANDBOX_JOURNAL=str(journal)) as running:
        yield running


@pytest.fixture
def marta(page: Page, house: Running) -> Page:
    page.goto(f"{house.url}/people/{MARTA.id}")
    return page


def rows(page: Page, channel: Channel) -> list[str]:
    return page.locator(f".row.{channel} .dress").all_inner_texts()


@pytest.mark.parametrize("place", ["everything", "unfolded", "machine", *OF_PEOPLE])
def test_no_dress_hinders_anybody(context: BrowserContext, house: Running, theme: str, place: str) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    person = MACHINE if place == "machine" else MARTA
    page.goto(f"{house.url}/people/{person.id}?view={place}")
    if place == "unfolded":
        for details in page.locator(".row details > summary").all():
            details.click()
    assert violations(page) == []


def test_one_conversation_has_the_messages_of_all_channels_in_their_order(marta: Page) -> None:
    strips = marta.locator(".via b").all_inner_texts()
    assert strips == [
        NAMES[c] for c in (Channel.WHATSAPP, Channel.SMS, Channel.SLACK, Channel.TEAMS, Channel.EMAIL)
    ] + [NAMES[Channel.ODOO]]
    expect(marta.locator(".row")).to_have_count(9)


@pytest.mark.parametrize("channel", OF_PEOPLE)
def test_a_channel_can_be_looked_at_alone(marta: Page, channel: Channel) -> None:
    marta.get_by_role("list", name="Channels").get_by_role("link", name=NAMES[channel]).click()
    expect(marta.locator(".tabs [aria-current]")).to_contain_text(NAMES[channel])
    shown = marta.locator(".row")
    expect(shown).to_have_count(marta.locator(f".row.{channel}").count())
    assert shown.count() > 0


def test_the_dresses_can_be_told_apart_by_their_strips(marta: Page) -> None:
    colours = marta.locator(".via").evaluate_all("strips => strips.map(s => getComputedStyle(s).backgroundColor)")
    assert len(set(colours)) == len(colours) == 6


def test_an_sms_tells_how_many_it_takes_and_that_it_came(marta: Page) -> None:
    [first, own] = rows(marta, Channel.SMS)
    assert "2 segments" in first
    assert "Delivered" in first
    assert "segment" not in own


def test_slack_shows_header_fields_and_buttons_as_slack_does(marta: Page) -> None:
    post = marta.locator(".row.slack.leads")
    expect(post.get_by_role("heading", name="Approval needed: P00042")).to_be_visible()
    expect(post.locator(".facts > div").first).to_have_text("Amount 7,480.00 €", use_inner_text=True)
    expect(post.get_by_role("link", name="P00042", exact=True)).to_have_attribute(
        "href", "https://erp.example.com/odoo/purchase/42"
    )
    expect(post.locator(".mention")).to_have_text("@U0MARTA01")
    expect(post.get_by_text("(edited)")).to_be_visible()
    assert post.locator(".buttons button").evaluate_all("b => b.map(e => e.className.trim())") == ["primary", "danger"]
    expect(post.get_by_role("link", name="Open in Odoo")).to_have_attribute("rel", "noopener noreferrer")


def test_a_pressed_button_of_a_card_says_so_and_none_can_be_pressed_again(marta: Page) -> None:
    card = marta.locator(".row.teams .adaptive")
    expect(card.get_by_role("button", name="Order now (pressed)")).to_be_disabled()
    expect(card.get_by_role("button", name="Not now")).to_be_disabled()
    expect(card.locator("dt").first).to_have_text("Product")
    expect(marta.locator(".row.teams .seen")).to_have_text("Seen")


def test_receipts_stand_only_where_the_channel_has_them(marta: Page) -> None:
    with_receipts = {c for c in Channel if marta.locator(f".row.{c} :is(.ticks, .seen)").count()}
    assert with_receipts == {Channel.WHATSAPP, Channel.SMS, Channel.TEAMS}


def test_what_the_provider_got_is_there_for_the_developer_and_holds_no_secret(marta: Page) -> None:
    post = marta.locator(".row.slack.leads")
    post.get_by_text("What the provider got").click()
    expect(post.locator("pre")).to_contain_text('"unfurl_links": false')
    assert SECRET not in marta.content()


def test_a_machines_log_is_a_log(page: Page, house: Running) -> None:
    page.goto(f"{house.url}/people/{MACHINE.id}")
    row = page.locator(".row.callback")
    expect(row.locator(".call")).to_contain_text("postroom.message.delivered")
    expect(row.locator(".code")).to_have_text("200")
    row.get_by_text("Body").click()
    expect(row.locator("pre")).to_contain_text('"attempts": 1')
    expect(page.get_by_text("A machine: it takes what it is told")).to_be_visible()
    expect(page.locator(".composer")).to_have_count(0)


def test_machines_stand_after_people_although_they_hear_last(page: Page, house: Running) -> None:
    page.goto(house.url)
    assert page.locator(".card .who").all_inner_texts() == ["Marta Ruiz", "erp.example.com"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta Ruiz")


@pytest.mark.parametrize("width", [360, 768])
def test_no_dress_scrolls_sideways_on_a_narrow_screen(browser: Browser, house: Running, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(f"{house.url}/people/{MARTA.id}")
    for summary in page.locator(".raw summary").all():
        summary.click()
    too_wide = page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('.wall, .dress')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    )
    assert too_wide == []
    context.close()


def test_an_unfolded_message_stays_unfolded_when_its_receipt_comes(page: Page, empty: Running) -> None:
    body = {"to": "+34600111222", "type": "template", "messaging_product": "whatsapp"}
    hello = {"name": "hello_world", "language": {"code": "en_US"}}
    empty.post("faults", channel="whatsapp", kind="no_receipts")
    wamid = empty.send({**body, "template": hello}).json()["messages"][0]["id"]
    page.goto(empty.url)
    page.get_by_text("What the provider got").click()
    empty.send({**body, "type": "reaction", "reaction": {"message_id": wamid, "emoji": "👍"}})
    empty.post("reply", recipient="+34600111222", text="hi")
    empty.send({**body, "type": "reaction", "reaction": {"message_id": wamid, "emoji": "👍"}})
    expect(page.locator(".reaction")).to_be_visible()
    expect(page.locator(f'.row[data-key="{wamid}"] pre')).to_be_visible()


def write_with(sandbox: Running, name: str, kind: str, content: bytes) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Acme <a@acme.example>", "marta@example.com", "Invoice"
    mail["Date"], mail["Message-ID"] = formatdate(), f"<{uuid4()}@post.acme.example>"
    mail.set_content("Here it is.\n")
    mail.add_alternative("<p>Here it is.</p>", subtype="html")
    main, sub = kind.split("/")
    mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail, from_addr=f"bounce+{'0' * 32}@post.acme.example", to_addrs=["marta@example.com"])


def test_a_pdf_that_came_with_a_mail_opens(page: Page, empty: Running) -> None:
    write_with(empty, "factura ñ.pdf", "application/pdf", PDF)
    page.goto(empty.url)
    link = page.get_by_role("list", name="Attachments").get_by_role("link", name="factura ñ.pdf")
    answer = requests.get(empty.url + str(link.get_attribute("href")), timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "application/pdf", PDF)
    assert "Content-Disposition" not in answer.headers


def test_a_page_that_came_with_a_mail_is_saved_and_never_run(empty: Running) -> None:
    write_with(empty, "evil.html", "text/html", b"<script>alert(1)</script>")
    [message] = empty.get("messages")["messages"]
    answer = requests.get(empty.url + message["attachments"][0]["url"], timeout=5)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_document_that_is_forgotten_says_so(empty: Running) -> None:
    answer = requests.get(f"{empty.url}/files/{'0' * 32}/x.pdf", timeout=5)
    assert (answer.status_code, answer.text) == (404, "This document is no longer here.")


def test_without_javascript_one_can_still_write_by_any_channel(browser: Browser, empty: Running) -> None:
    empty.post("people", name="Marta Ruiz", whatsapp="+34600111222", email="marta@example.com")
    write_with(empty, "a.pdf", "application/pdf", PDF)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(empty.url)
    page.get_by_label("By which channel").select_option("whatsapp")
    page.get_by_label("Reply as Marta Ruiz").first.fill("Hola")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator(".row.whatsapp.own .text")).to_have_text("Hola")
    page.get_by_label("By which channel").select_option("email")
    page.get_by_label("Reply as Marta Ruiz").first.fill("Gracias")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator(".row.email.own .text")).to_have_text("Gracias")
    context.close()
