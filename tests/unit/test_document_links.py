"""Links to documents: whom they believe, what they hold, who is taken for somebody, and how they wait for Odoo."""

import base64
import string
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from config.companies import read_companies
from config.faults import ConfigRefused
from postroom.domain.companies import DocumentLinks
from postroom.domain.event_types import INVOICE_POSTED, ORDER_CONFIRMED, PAYMENT_REMINDER
from postroom.domain.events import event_from, sample_event
from postroom.domain.facts import Document, Link, pdf_name
from postroom.domain.links import LASTS, Links, NotALink, Opening, Purpose, TooOld
from postroom.domain.own_links import with_own_links
from postroom.odoo.patience import Busy, Late, Patience
from webhooks.document_words import WORDS
from webhooks.visitors import only_looks

LINKS = Links("link-secret-for-tests", "https://post.example.com")
MESSAGE = UUID("019ab000-0000-7abc-8def-0123456789ab")
WRITTEN = datetime.fromtimestamp((MESSAGE.int >> 80) / 1000, UTC)
PAY = Opening(MESSAGE, Purpose.PAY)
TOKEN = LINKS.opening_token(PAY)


# Tokens ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_comes_back_as_it_was_made(purpose: Purpose) -> None:
    opening = Opening(MESSAGE, purpose)
    url = LINKS.document(opening)
    assert url.startswith(f"https://post.example.com/{'a' if purpose is Purpose.DECIDE else 'o'}/")
    assert LINKS.opening(url.rpartition("/")[2], WRITTEN) == opening


def test_a_link_is_short_and_fits_an_sms_without_costing_its_alphabet() -> None:
    assert len(TOKEN) == 39
    assert set(TOKEN) <= set(string.ascii_letters + string.digits + "-_")


def test_a_company_has_its_links_on_a_domain_of_its_own_and_they_are_the_same() -> None:
    own = LINKS.at("https://pay.acme.example")
    assert own.document(PAY) == f"https://pay.acme.example/o/{TOKEN}"


def _with(position: int, token: str = TOKEN) -> str:
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a", id="a letter"),
        pytest.param(TOKEN[:-1], id="cut short"),
        pytest.param(TOKEN + "A", id="a letter more"),
        pytest.param(TOKEN + "==", id="padded"),
        pytest.param("x" * 10_000, id="very long"),
        pytest.param("ñ" * 39, id="no ascii"),
        pytest.param("%" * 39, id="no base64"),
        pytest.param(Links("another secret", "").opening_token(PAY), id="signed by another"),
        pytest.param(base64.urlsafe_b64encode(b"p" + MESSAGE.bytes + bytes(12)).decode(), id="not signed"),
        *(pytest.param(_with(at), id=f"character {at}") for at in range(39)),
    ],
)
def test_what_we_did_not_make_opens_nothing(token: str) -> None:
    with pytest.raises(NotALink):
        LINKS.opening(token, WRITTEN)


def test_a_link_says_no_more_than_a_message_and_what_for() -> None:
    raw = base64.urlsafe_b64decode(TOKEN + "=")
    assert raw[:1] == b"p"
    assert UUID(bytes=raw[1:17]) == MESSAGE
    assert len(raw) == 1 + 16 + 12


def test_a_link_lasts_as_long_as_its_message_is_kept() -> None:
    assert LINKS.opening(TOKEN, WRITTEN + LASTS) == PAY
    with pytest.raises(TooOld):
        LINKS.opening(TOKEN, WRITTEN + LASTS + timedelta(seconds=1))


# Facts ----------------------------------------------------------------------------------------------------------------


def _without(shape: str, document: str, *left_out: str) -> dict[str, object]:
    event = {"id": "1", "source": "/odoo/x", "type": shape}
    sample = {"odoo.invoice.posted": INVOICE_POSTED, "odoo.sale.order_confirmed": ORDER_CONFIRMED}[shape].sample
    told = {name: value for name, value in sample[document].items() if name not in left_out}
    return {**event, "data": {**sample, document: told}}


def test_an_invoice_without_any_address_has_its_links_and_its_pdf_all_the_same() -> None:
    event = event_from(_without("odoo.invoice.posted", "invoice", "portal_url", "pdf"))
    facts = with_own_links(event.facts, INVOICE_POSTED, LINKS, MESSAGE)
    assert facts["payment_url"] == Link(f"https://post.example.com/o/{TOKEN}", TOKEN)
    assert facts["pdf"] == Document("INV_2026_00091.pdf", None, record="account.move:91")


def test_our_links_remember_where_the_event_leads() -> None:
    facts = with_own_links(sample_event(PAYMENT_REMINDER).facts, PAYMENT_REMINDER, LINKS, MESSAGE)
    portal = facts["portal_url"]
    assert isinstance(portal, Link)
    assert portal.host == "post.example.com"
    assert portal.direct == "https://erp.example.com/my/invoices/88?access_token=sample"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV/2026/00088", "INV_2026_00088.pdf"),
        ("../../etc/passwd", "etc_passwd.pdf"),
        ("Factura nº 7", "Factura_nº_7.pdf"),
        ("///", "document.pdf"),
        ("A" * 300, "A" * 95 + ".pdf"),
    ],
)
def test_a_document_is_named_after_its_number_and_its_name_is_no_path(number: str, name: str) -> None:
    assert pdf_name(number) == name


# Companies ------------------------------------------------------------------------------------------------------------


def _companies(entry: str) -> str:
    return f'version: 1\ndefault:\n  timezone: UTC\n  hours: {{mon: "09:00-18:00"}}\n{entry}'


def test_a_company_may_have_a_domain_and_want_its_links_direct() -> None:
    read = read_companies(
        _companies("  domain: post.example.com\ncompanies:\n  1: {domain: pay.acme.example, links: direct}\n"), file="c"
    )
    assert (read.default.address, read.default.links) == ("https://post.example.com", DocumentLinks.RESOLVED)
    assert (read.of("1").address, read.of("1").links) == ("https://pay.acme.example", DocumentLinks.DIRECT)
    assert read.of("2").address == "https://post.example.com"


@pytest.mark.parametrize(
    "domain",
    [
        "https://pay.acme.example",
        "pay.acme.example/",
        "pay.acme.example:8443",
        "user@pay.acme.example",
        "acme",
        "127.0.0.1",
        "Pay.Acme.example",
        "-pay.acme.example",
        "pay..example",
        "päy.example",
        "''",
        "3",
    ],
)
def test_a_domain_that_is_no_host_is_refused_with_its_remedy(domain: str) -> None:
    with pytest.raises(ConfigRefused, match=r"is not a domain.*as in pay\.acme\.example"):
        read_companies(_companies(f"  domain: {domain}\ncompanies: {{}}\n"), file="c")


# Visitors -------------------------------------------------------------------------------------------------------------

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("method", "headers", "looks"),
    [
        pytest.param("GET", {"User-Agent": PHONE}, False, id="a phone"),
        pytest.param("GET", {"User-Agent": DESKTOP}, False, id="a computer"),
        pytest.param("GET", {}, False, id="who says nothing"),
        pytest.param("HEAD", {"User-Agent": PHONE}, True, id="HEAD"),
        pytest.param("GET", {"User-Agent": DESKTOP, "Sec-Purpose": "prefetch;prerender"}, True, id="prerender"),
        pytest.param("GET", {"User-Agent": DESKTOP, "Purpose": "prefetch"}, True, id="prefetch"),
        pytest.param("GET", {"User-Agent": PHONE, "X-Purpose": "preview"}, True, id="Safari's top sites"),
        pytest.param("GET", {"User-Agent": "WhatsApp/2.23.20.0"}, True, id="WhatsApp's preview"),
        pytest.param("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0"}, True, id="Slack"),
        pytest.param("GET", {"User-Agent": "Mozilla/5.0 SkypeUriPreview Preview/0.5"}, True, id="Teams"),
        pytest.param("GET", {"User-Agent": "facebookexternalhit/1.1"}, True, id="Meta"),
        pytest.param("GET", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, True, id="bing"),
        pytest.param("GET", {"User-Agent": "python-requests/2.32"}, True, id="a program"),
    ],
)  # fmt: skip
def test_who_only_looks_is_told_apart(method: str, headers: dict[str, str], looks: bool) -> None:
    assert only_looks(method, headers) is looks


def test_every_language_says_everything_with_the_same_values() -> None:
    for name in WORDS["en"].__slots__:
        for words in WORDS.values():
            said, model = getattr(words, name), getattr(WORDS["en"], name)
            assert said.strip()
            assert {each for each in ("{number}", "{amount}", "{day}") if each in said} == {
                each for each in ("{number}", "{amount}", "{day}") if each in model
            }


# Patience -------------------------------------------------------------------------------------------------------------


def test_nobody_waits_longer_than_he_said_and_the_answer_serves_who_asks_next() -> None:
    patience, go, asked = Patience(1), threading.Event(), []

    def question() -> str:
        asked.append(1)
        go.wait(5)
        return "paid"

    began = time.monotonic()
    with pytest.raises(Late):
        patience.ask("one", question, 0.05)
    assert time.monotonic() - began < 4  # of the five that the question takes
    go.set()
    assert patience.ask("one", question, 5) == "paid"
    assert asked == [1]


def test_too_many_questions_are_refused_at_once_and_the_next_is_asked_when_one_has_ended() -> None:
    patience, go = Patience(2), threading.Event()
    for name in ("one", "two"):
        with pytest.raises(Late):
            patience.ask(name, lambda: go.wait(5), 0.01, in_line=False)
    with pytest.raises(Busy):
        patience.ask("three", lambda: True, 5, in_line=False)
    go.set()
    for name in ("one", "two"):
        assert patience.ask(name, lambda: False, 5) is True
    assert patience.ask("three", lambda: "asked", 5, in_line=False) == "asked"


def test_what_a_question_raises_is_raised_and_not_kept() -> None:
    patience = Patience(1)

    def question() -> int:
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            patience.ask("one", question, 5, in_line=False)
    assert patience.ask("one", lambda: 1, 5, in_line=False) == 1
