"""The inbox page as a person meets it."""

from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sandbox.testing import Running, eventually
from tests.browser.axe import violations
from tests.browser.business import remind, write_mail


def open_person(page: Page, sandbox: Running, name: str) -> None:
    page.goto(sandbox.url)
    page.get_by_role("navigation", name="People").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("place", ["phone", "mail", "failed", "empty", "busy bench"])
def test_nothing_on_the_page_hinders_anybody(context: BrowserContext, theme: str, place: str, request: Any) -> None:
    sandbox: Running = request.getfixturevalue("empty" if place == "empty" else "post")
    page = context.new_page()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    people = {"phone": "Layla Haddad", "mail": "Tom Baker", "failed": "+447700909901", "busy bench": "Marta Ruiz"}
    if place == "empty":
        page.goto(sandbox.url)
    else:
        open_person(page, sandbox, people[place])
    if place == "busy bench":
        sandbox.send({"messaging_product": "whatsapp", "to": "600", "type": "text", "text": {"body": "x"}})
        sandbox.post("faults", channel="whatsapp", kind="throttled")
        sandbox.post("reply", recipient="+34600111222", text="*Hola*")
        expect(page.get_by_role("button", name="Disarm")).to_be_visible()
        for details in page.locator("details > summary").all():
            details.click()
    assert violations(page) == []


def test_a_message_appears_without_a_reload_and_is_told_as_read(page: Page, empty: Running) -> None:
    page.goto(empty.url)
    expect(page.get_by_role("heading", name="No post yet")).to_be_visible()

    wamid = remind(empty, "+34600111222", "es", "Marta", "INV/1", "10,00 €", "30/11")

    expect(page.get_by_role("log")).to_contain_text("Hola, Marta: la factura INV/1 por 10,00 €")
    eventually(lambda: "read" in empty.door.statuses(wamid), "the read receipt")
    assert empty.door.statuses(wamid) == ["sent", "delivered", "read"]
    expect(page.locator(".ticks.read")).to_have_count(1)


def test_others_stay_unread_while_one_conversation_is_open(page: Page, post: Running) -> None:
    open_person(page, post, "Marta Ruiz")
    expect(page.get_by_role("link", name="Layla Haddad")).to_contain_text("1 unread")
    layla = next(m for m in post.get("messages", recipient="+971501234567")["messages"])
    assert layla["told"] == "delivered"


def test_a_reply_goes_back_as_a_webhook(page: Page, post: Running) -> None:
    open_person(page, post, "Layla Haddad")
    reply = page.get_by_label("Reply as Layla Haddad")
    reply.fill("شكرا <b>لكم</b>")
    reply.press("Enter")

    [message] = eventually(lambda: post.door.values("messages"), "the reply")
    assert message["type"] == "text"
    assert message["text"]["body"] == "شكرا <b>لكم</b>"
    assert message["from"] == "971501234567"
    expect(page.locator(".row.own .text")).to_have_text("شكرا <b>لكم</b>")
    expect(reply).to_have_value("")
    expect(reply).to_be_focused()
    expect(page.get_by_text("The 24-hour window is open")).to_be_visible()


def test_a_pressed_button_goes_back_with_its_payload(page: Page, post: Running) -> None:
    open_person(page, post, "Marta Ruiz")
    page.get_by_role("button", name="Ya he pagado").click()

    [message] = eventually(lambda: post.door.values("messages"), "the press")
    assert message["button"] == {"payload": "paid:INV/2026/00088", "text": "Ya he pagado"}
    assert message["context"]["id"] == post.get("messages", recipient="+34600111222")["messages"][0]["id"]
    expect(page.get_by_role("button", name="Ya he pagado")).to_be_disabled()


def test_a_link_button_opens_elsewhere_and_tells_nobody_where_from(page: Page, post: Running) -> None:
    open_person(page, post, "Marta Ruiz")
    button = page.get_by_role("link", name="Pagar ahora")
    expect(button).to_have_attribute("href", "https://erp.example.com/my/invoices/88")
    expect(button).to_have_attribute("rel", "noopener noreferrer")


def test_a_message_that_never_arrived_says_so(page: Page, post: Running) -> None:
    open_person(page, post, "+447700909901")
    expect(page.get_by_text("Never arrived.")).to_contain_text("Message undeliverable (131026)")


def test_a_mail_is_shown_but_cannot_act(page: Page, context: BrowserContext, empty: Running) -> None:
    blocked: dict[str, str | None] = {}
    context.on("requestfailed", lambda request: blocked.update({request.url: request.failure}))
    finished: list[str] = []
    context.on("requestfinished", lambda request: finished.append(request.url))
    hostile = (
        "<!doctype html><title>x</title><h1>Invoice</h1><script>top.document.title='owned';alert(1)</script>"
        "<img src='http://tracker.example/p.gif' onerror='top.location=\"//evil.example\"'>"
        "<form action='http://evil.example/'><button>Pay</button></form>"
    )
    write_mail(empty, "Tom", "tom@example.com", "<img src=x onerror=alert(2)>", "1", html=hostile)
    page.goto(empty.url)

    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Invoice")).to_be_visible()
    frame.get_by_role("button", name="Pay").click()
    expect(page.locator(".email h2")).to_have_text("<img src=x onerror=alert(2)>")
    assert "owned" not in page.title()
    assert blocked == {"http://tracker.example/p.gif": "csp"}
    assert [url for url in finished if not url.startswith(empty.url)] == []


def test_a_mail_is_answered_from_the_page(page: Page, post: Running) -> None:
    open_person(page, post, "Tom Baker")
    page.get_by_text("Answer", exact=True).click()
    page.get_by_label("Answer as Tom Baker").fill("When is it due?")
    page.get_by_role("button", name="Send the answer").click()

    [mail] = eventually(post.door.mails, "the answer")
    assert mail.headers["X-Envelope-To"] == "billing@acme.example"
    assert b"In-Reply-To: <" in mail.body
    expect(page.locator(".row.email.own")).to_contain_text("When is it due?")


def test_the_next_message_fails_as_the_bench_says(page: Page, post: Running) -> None:
    open_person(page, post, "Layla Haddad")
    page.get_by_label("What happens").select_option("whatsapp/not_on_whatsapp")
    page.get_by_label("To whom").select_option("971501234567")
    page.get_by_role("button", name="Arm it").click()
    expect(page.locator(".armed li")).to_contain_text("not on WhatsApp")

    wamid = remind(post, "+971501234567", "ar", "ليلى", "INV/2", "1", "2")

    expect(page.locator(".armed li")).to_have_count(0)
    expect(page.get_by_text("Never arrived.")).to_be_visible()
    eventually(lambda: post.door.statuses(wamid) == ["failed"], "the failed receipt")


def test_a_refused_request_appears_in_the_strip_with_its_reason(page: Page, post: Running) -> None:
    open_person(page, post, "Layla Haddad")
    post.send({"messaging_product": "whatsapp", "to": "+971501234567", "type": "text", "text": {"body": ""}})
    expect(page.locator(".refused").first).to_contain_text("131009")
    expect(page.locator(".refused").first).to_contain_text("/text/body")


def test_the_theme_is_kept(page: Page, empty: Running) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(empty.url)
    page.get_by_role("button", name="Switch to the dark theme").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 22, 26)"


def test_a_half_written_reply_survives_what_arrives_meanwhile(page: Page, post: Running) -> None:
    open_person(page, post, "Layla Haddad")
    reply = page.get_by_label("Reply as Layla Haddad")
    reply.fill("half a sent")
    remind(post, "+971501234567", "ar", "ليلى", "INV/3", "1", "2")
    expect(page.locator(".row")).to_have_count(2)
    expect(reply).to_have_value("half a sent")
    expect(reply).to_be_focused()


def test_every_action_can_be_reached_by_keyboard(page: Page, post: Running) -> None:
    open_person(page, post, "Layla Haddad")
    page.goto(page.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the conversation")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(e => e?.getAttribute('aria-label') || e?.textContent?.trim())(document.activeElement)")
        )
    assert {"لقد دفعت", "ادفع الآن", "Send the reply", "Arm it", "Switch to the dark theme"} <= reached


@pytest.mark.parametrize("width", [360, 768, 1100])
def test_a_narrow_screen_never_scrolls_sideways(browser: Browser, post: Running, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    open_person(page, post, "Tom Baker")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    context.close()


def test_everything_works_without_javascript(browser: Browser, post: Running) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_person(page, post, "Layla Haddad")
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_be_hidden()
    page.get_by_role("button", name="لقد دفعت").click()
    expect(page.locator(".row.own")).to_have_count(1)
    page.get_by_label("Reply as Layla Haddad").fill("Done")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator(".row.own")).to_have_count(2)
    page.get_by_role("button", name="Arm it").click()
    expect(page.locator(".armed li")).to_have_count(1)

    eventually(lambda: len(post.door.values("messages")) == 2, "both answers")
    eventually(lambda: "read" in post.door.statuses(), "the read receipt")
    context.close()


def test_the_page_loads_nothing_from_elsewhere(page: Page, post: Running) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_person(page, post, "Tom Baker")
    page.wait_for_load_state("load")
    assert [url for url in asked if not url.startswith(post.url)] == []
    policy = requests.get(post.url, timeout=5).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
