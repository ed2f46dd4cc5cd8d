"""Facts can do nothing: whatever a name holds, no link, mark-up, mention or header comes of it."""

import re
import unicodedata
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.template_files import load_templates
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.event_types import ORDER_CONFIRMED, PAYMENT_REMINDER
from postroom.domain.events import event_from
from postroom.domain.facts import Facts
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import render
from postroom.domain.safe_text import MAX_FACT, for_email, for_whatsapp
from postroom.domain.template_lint import GENEROUS
from postroom.domain.templates import TemplateVersion

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
TEMPLATES = load_templates()
REMINDER = sample_facts(PAYMENT_REMINDER.name)
ORDER = sample_facts(ORDER_CONFIRMED.name)


def write(version: TemplateVersion, facts: Facts) -> Rendered:
    return render(version, facts, language=version.language, capabilities=GENEROUS)


def reminder(channel: ChannelName, language: str = "en") -> TemplateVersion:
    return TEMPLATES.find("payment_reminder", [language], channel)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Eve http://evil.example", "Eve http: //evil. example"),
        ("Eve HTTPS:\\\\evil.example", "Eve HTTPS: \\\\evil. example"),
        ("www.evil.example/x", "www. evil. example/x"),
        ("eve@evil.example", "eve@ evil. example"),
        ("mailto:eve", "mailto: eve"),
        ("evil。中国 ｅｖｉｌ．com", "evil。 中国 ｅｖｉｌ． com"),
        ("evil.भारत", "evil. भारत"),
        ("@here @channel", "@ here @ channel"),
        ("Eve\r\nBcc: eve", "Eve Bcc: eve"),
        ("Eve\t\v\f\x85\u2028Smith", "Eve Smith"),
        ("abc\u202egnp.exe", "abcgnp. exe"),
        ("E\u200bv\u2060e\ufeff\u00ad", "Eve"),
        ("=?utf-8?q?Bcc=3A?=", "= ?utf-8?q?Bcc=3A?="),
        ("a\x00\x1bb\ud800", "ab"),
        ("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "é\u0301\u0301\u0301\u0301"),
        ("\u200b", "–"),
        ("Society of St. Mary, S.r.l.", "Society of St. Mary, S.r.l."),
        ("INV/2026.001 v1.2", "INV/2026.001 v1.2"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Ça & O'Neil <b>", "Ça & O'Neil <b>"),
    ],
)
def test_a_fact_keeps_its_words_and_loses_its_powers(name: str, expected: str):
    assert for_email(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("*bold* _it_ ~gone~ ```mono``` `c`", "bold it gone mono c"),
        ("INV_2026_1", "INV_2026_1"),
        ("evil.*com*", "evil. com"),
        ("evil.\u200b_com_", "evil. com"),
        ("h*ttp:/*/evil", "h*ttp: //evil"),
        ("***", "–"),
    ],
)
def test_whatsapps_own_marks_go_too(name: str, expected: str):
    assert for_whatsapp(name) == expected


def test_a_long_fact_is_bounded():
    assert for_email("a" * 5000) == "a" * (MAX_FACT - 1) + "…"


def test_markup_in_a_fact_is_shown_and_not_obeyed():
    rendered = write(reminder(EMAIL), {**REMINDER, "customer_name": '<img src=x onerror="alert(1)">'})

    assert "<img" not in (rendered.html or "")
    assert "&lt;img" in (rendered.html or "")


def test_a_fact_is_never_taken_for_a_template():
    rendered = write(reminder(EMAIL), {**REMINDER, "customer_name": "{{ invoice_number }} {% if x %} {{1}}"})

    assert "Hi {{ invoice_number }} {% if x %} {{1}}," in rendered.text


# Everything a hostile name is made of, and whatever Hypothesis thinks of.
PIECES = (
    *("http://", "https:", "//", "www.", "evil", ".", "com", "@", "here", "mailto:", "=?utf-8?b?", "?=", "Bcc: x"),
    *("*", "_", "~", "`", "\r", "\n", "\t", " ", "<a href=", ">", '"', "'", "&", "\u202e", "\u200b", "\u200d", "{{"),
)
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14).map("".join)

LOOKS_LIKE_A_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*:[/\\]{2}|www\.\w|(?:mailto|tel|javascript|data):\S"
    r"|[^\W_][.\u3002\uff0e\uff61][^\W\d_](?:[\w-]|[^\x00-\x7f])|\S[@\uff20]\S",
    re.IGNORECASE,
)


@settings(deadline=None, max_examples=300)
@given(hostile)
@example("evil.*com*")
@example("a\u200b.\u200bcom")
def test_no_link_markup_or_hidden_character_survives_in_a_fact(name: str):
    for clean in (for_email(name), for_whatsapp(name)):
        assert not LOOKS_LIKE_A_LINK.search(clean), clean
        assert clean == " ".join(clean.split())
        assert len(clean) <= 3 * MAX_FACT
        assert not {unicodedata.category(char) for char in clean} & {"Cc", "Cs", "Co", "Cn"}
        assert "\u202e" not in clean


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_no_mark_stands_where_whatsapp_would_format(name: str):
    clean = for_whatsapp(name)

    assert "`" not in clean
    for before, mark, after in zip(f"  {clean}", f" {clean} ", f"{clean}  ", strict=True):
        if mark in "*_~":
            inside = all(char.isalnum() or char in "*_~" for char in (before, after))
            assert inside, clean


@settings(deadline=None, max_examples=150)
@given(hostile, hostile, st.sampled_from(["en", "es", "fr", "de"]))
def test_whatsapp_values_hold_nothing_that_meta_refuses(name: str, number: str, language: str):
    rendered = write(reminder(WHATSAPP, language), {**REMINDER, "customer_name": name, "invoice_number": number})

    assert rendered.template is not None
    for value in dict(rendered.template.body).values():
        assert value
        assert not re.search(r"[\n\r\t]| {4,}", value)


class _Page(HTMLParser):
    """The links and tags of a page, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def page(html: str | None) -> _Page:
    parsed = _Page()
    parsed.feed(html or "")
    return parsed


PLAIN_PAGE = page(write(reminder(EMAIL), REMINDER).html)
URLS = re.compile(r"[a-z]+:[/\\]{2}\S+|www\.\w+", re.IGNORECASE)


@settings(deadline=None, max_examples=150)
@given(hostile, hostile)
def test_a_name_adds_no_tag_and_no_link_to_an_email(name: str, number: str):
    rendered = write(
        reminder(EMAIL), {**REMINDER, "customer_name": name, "company_name": name, "invoice_number": number}
    )

    hostile_page, plain_page = page(rendered.html), PLAIN_PAGE
    assert hostile_page.tags == plain_page.tags
    assert hostile_page.links == plain_page.links
    assert set(URLS.findall(rendered.text)) == {button.url for button in rendered.buttons if button.url}
    assert {urlsplit(url).netloc for url in URLS.findall(rendered.text)} == {"post.example.com"}


@settings(deadline=None, max_examples=150)
@given(hostile, hostile)
def test_a_rendered_email_parses_to_the_headers_that_were_meant(name: str, number: str):
    rendered = write(reminder(EMAIL), {**REMINDER, "customer_name": name, "invoice_number": number})
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = "a@example.com", "b@example.com", rendered.subject
    letter.set_content(rendered.text)
    letter.add_alternative(rendered.html, subtype="html")

    parsed = message_from_bytes(letter.as_bytes(), policy=policy.SMTP)

    assert parsed.keys() == letter.keys()
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert _unfolded(parsed["Subject"]) == _unfolded(rendered.subject)


def _unfolded(subject: str | None) -> str:
    """Folding may move spaces; it may add no word."""
    return "".join((subject or "").split())


def test_the_order_lines_of_a_hostile_shop_are_cleaned_as_well():
    order = {**ORDER_CONFIRMED.sample["order"], "lines": [{"name": "<b>@here http://evil.example", "quantity": "1"}]}
    data = {**ORDER_CONFIRMED.sample, "order": order}
    facts = event_from({"id": "1", "source": "/odoo/x", "type": ORDER_CONFIRMED.name, "data": data}).facts

    rendered = write(TEMPLATES.find("order_confirmation", ["en"], EMAIL), facts)

    assert "1 × <b>@ here http: //evil. example" in rendered.text
    assert "&lt;b&gt;@ here http: //evil. example" in (rendered.html or "")
