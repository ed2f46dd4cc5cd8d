"""What is written: in the reader's language, and unable to do anything but be read."""

import itertools
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.template_files import load_templates
from postroom.domain import formats
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.event_types import ORDER_CONFIRMED, PAYMENT_REMINDER
from postroom.domain.events import sample_event
from postroom.domain.facts import Amount, Facts, Link, Money
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.template_lint import GENEROUS, SUPPOSED
from postroom.domain.templates import TemplateVersion, template_from

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
TEMPLATES = load_templates()
REMINDER = sample_facts(PAYMENT_REMINDER.name)
ORDER = sample_facts(ORDER_CONFIRMED.name)
SAMPLES = {version.event_type: sample_facts(version.event_type) for version in TEMPLATES}
KEY_WORDS = {
    "payment_reminder": ["Marta Ruiz", "INV/2026/00088"],
    "order_confirmation": ["Marta Ruiz", "S00017"],
    "approval_request": ["purchase order", "Pablo Soler"],
    "approval_reminder": ["purchase order", "Pablo Soler"],
    "approval_escalation": ["purchase order", "Pablo Soler"],
    "approval_outcome": ("P00042 is approved", "carried out in Odoo"),
    "decision_code": ["407193", "P00042"],
    "payment_statement": ["INV/2026/00088", "INV/2026/00091"],
    "payment_overdue": ["INV/2026/00088", "INV/2026/00091"],
    "payment_notice": ["INV/2026/00088", "INV/2026/00091"],
    "collection_approval": ["Please call Cliente Demo SL", "has just left"],
    "collection_task": ["Please call Cliente Demo SL", "has just left"],
    "delivery_update": ["WH/OUT/00012", "shipped"],
    "daily_digest": ["Sales", "14", "Overdue invoices", "Sales manager"],
    "critical_alert": ["Cable 3 m is out of stock", "26 pieces"],
    "alert_taken": ["Ana Sanz", "nobody is reminded"],
    "sales_follow_up": ["Marta Ruiz", "Laura Gil", "S00023"],
    "invoice_delivery": ["Marta Ruiz", "INV/2026/00091"],
}
"""Without these a message of the type would be of no use."""
SHOWS_BUTTONS = replace(GENEROUS, reply_buttons=True)


def write(version: TemplateVersion, facts: Facts, language: str = "", **options: Any) -> Rendered:
    options.setdefault("capabilities", SUPPOSED[version.channel])
    return render(version, facts, language=language or version.language, **options)


def reminder(channel: ChannelName, language: str = "en") -> TemplateVersion:
    return TEMPLATES.find("payment_reminder", [language], channel)


def changed(version: TemplateVersion, **changes: Any) -> TemplateVersion:
    return template_from({**version.spec, **changes})


# What the seed asked for --------------------------------------------------------------------------------------------


def test_the_english_reminder_is_worded_as_the_product_owner_worded_it():
    rendered = write(reminder(WHATSAPP), REMINDER)

    words = "Hi Marta Ruiz, invoice INV/2026/00088 for 1,250.00 EUR\nis due on November 30, 2026."
    assert rendered.text.startswith(words)
    assert [button.title for button in rendered.buttons] == ["Pay Now", "View Invoice", "Contact Us"]


def test_whatsapp_gets_its_approved_template_with_named_values_in_order():
    rendered = write(reminder(WHATSAPP, "es"), REMINDER)

    assert rendered.template is not None
    assert (rendered.template.name, rendered.template.language) == ("payment_reminder", "es")
    assert rendered.template.body == (
        ("customer_name", "Marta Ruiz"),
        ("invoice_number", "INV/2026/00088"),
        ("amount", "1.250,00"),
        ("currency", "EUR"),
        ("due_date", "30 de noviembre de 2026"),
    )
    pay, view, contact = rendered.buttons
    assert [pay.url, view.url] == [f"https://post.example.com/o/{each.url_suffix}" for each in (pay, view)]
    assert pay.url_suffix != view.url_suffix
    assert (contact.payload, contact.url) == ("contact_us", None)


def test_an_email_says_the_same_in_text_and_html_with_a_subject():
    rendered = write(reminder(EMAIL, "es"), REMINDER)

    assert rendered.subject == "La factura INV/2026/00088 vence el 30 de noviembre de 2026"
    assert rendered.html is not None
    for words in ("1.250,00\xa0€", "INV/2026/00088", "Pagar ahora", "https://post.example.com/o/"):
        assert words in rendered.text
        assert words in rendered.html
    assert 'lang="es"' in rendered.html


@pytest.mark.parametrize("version", TEMPLATES.versions, ids=lambda version: version.title)
@pytest.mark.parametrize("language", ["", "de_CH", "ar", "hi"])
def test_every_template_is_written_whole_in_any_readers_numbers(version: TemplateVersion, language: str):
    rendered = write(version, SAMPLES[version.event_type], language)

    parts = (rendered.text, rendered.subject or "", rendered.html or "", *map(str, rendered.fields))
    assert all(any(str(word) in part for part in parts) for word in KEY_WORDS[version.name])
    for part in parts:
        assert not re.search(r"\{[{%]|None|Money|Decimal|undefined", part)


def test_an_order_without_date_and_lines_is_written_without_them():
    bare = {**ORDER, "expected_date": None, "lines": None}

    rendered = write(TEMPLATES.find("order_confirmation", ["en"], EMAIL), bare)

    assert "Expected" not in rendered.text
    assert "×" not in rendered.text
    assert "\n\n\n" not in rendered.text


@pytest.mark.parametrize(
    ("amount", "currency", "language", "with_currency", "bare"),
    [
        ("1250", "EUR", "es_ES", "1.250,00\xa0€", "1.250,00"),
        ("1250", "EUR", "en", "€1,250.00", "1,250.00"),
        ("1250.5", "EUR", "fr", "1\u202f250,50\xa0€", "1\u202f250,50"),
        ("1250", "JPY", "ja", "￥1,250", "1,250"),
        ("1250.125", "KWD", "en", "KWD\xa01,250.125", "1,250.125"),
        ("123456789", "INR", "hi", "₹12,34,56,789.00", "12,34,56,789.00"),
        ("-3", "CHF", "de_CH", "CHF-3.00", "-3.00"),
    ],
)
def test_money_is_written_as_its_language_writes_it(
    amount: str, currency: str, language: str, with_currency: str, bare: str
):
    assert formats.money(Money(Decimal(amount), currency), language) == with_currency
    assert formats.amount(Amount(Decimal(amount), currency), language) == bare


def test_a_language_that_nobody_described_falls_back_to_its_base_and_then_to_english():
    assert formats.day(date(2026, 11, 30), "es_XX") == "30 de noviembre de 2026"
    assert formats.day(date(2026, 11, 30), "qq") == "November 30, 2026"


# Degrading and refusing ---------------------------------------------------------------------------------------------


def test_a_reply_button_becomes_a_letter_to_us_where_mail_has_none():
    rendered = write(reminder(EMAIL), REMINDER, reply_to="acme+reply@example.com")

    contact = rendered.buttons[-1]
    assert contact.url is not None
    assert contact.url.startswith("mailto:acme%2Breply@example.com?subject=Re%3A%20Invoice")
    assert "Contact Us: mailto:acme%2Breply@example.com\n" in rendered.text


def test_a_reply_button_becomes_a_sentence_where_there_is_nowhere_to_answer_to():
    rendered = write(reminder(EMAIL), REMINDER)

    assert [button.title for button in rendered.buttons] == ["Pay Now", "View Invoice"]
    assert "Questions? Simply reply to this email." in rendered.text
    assert "Questions? Simply reply to this email." in (rendered.html or "")


def test_a_reply_button_without_its_sentence_is_refused_rather_than_lost():
    silent = changed(reminder(EMAIL), buttons=[{"title": "Contact Us", "reply": "contact_us"}])

    with pytest.raises(RenderingFault, match=r"Contact Us.*instead"):
        write(silent, REMINDER)


def test_a_channel_without_subject_gets_it_as_the_first_line():
    bare = replace(GENEROUS, subject=False, html=False)

    rendered = write(reminder(EMAIL), REMINDER, capabilities=bare)

    assert rendered.subject is None
    assert rendered.html is None
    assert rendered.text.startswith("Invoice INV/2026/00088 is due on November 30, 2026\n")


def with_prefix(prefix: str) -> TemplateVersion:
    """The reminder as a company has it that wants its links direct."""
    spec = reminder(WHATSAPP).spec
    buttons = [{**each, "url": f"{prefix}{{{{1}}}}"} if "fact" in each else each for each in spec["buttons"]]
    return template_from({**spec, "buttons": buttons})


def test_a_button_with_a_beginning_of_its_own_opens_the_events_own_link():
    rendered = write(with_prefix("https://erp.example.com/"), REMINDER)

    assert rendered.buttons[0].url_suffix == "my/invoices/88?access_token=sample"
    assert rendered.buttons[0].url == "https://erp.example.com/my/invoices/88?access_token=sample"


def test_a_button_for_our_own_links_is_refused_where_links_are_direct():
    with pytest.raises(RenderingFault, match=r"leads to erp\.example\.com.*Set LINK_SECRET") as refused:
        write(reminder(WHATSAPP), sample_event(PAYMENT_REMINDER).facts)

    assert refused.value.reason == "link_prefix"


def test_a_link_outside_the_approved_prefix_is_refused_with_both_hosts():
    elsewhere = {**REMINDER, "portal_url": Link("https://evil.example/my/invoices/88")}

    with pytest.raises(RenderingFault, match=r"https://erp\.example\.com/.*leads to evil\.example") as refused:
        write(with_prefix("https://erp.example.com/"), elsewhere)

    assert refused.value.reason == "link_prefix"
    assert "evil.example" in write(reminder(EMAIL), elsewhere).text


def test_a_fact_that_the_events_do_not_carry_is_named_with_the_remedy():
    wrong = changed(reminder(WHATSAPP), event=ORDER_CONFIRMED.name, body="Dear {{due_date}} and {{amount_due}} of ours")

    with pytest.raises(RenderingFault) as refused:
        write(wrong, ORDER)

    assert str(refused.value).startswith(
        "Template 'payment_reminder/en/whatsapp' uses {amount_due}, {due_date}, which order events do not carry. "
        "Add the fact in domain/event_types.py or drop it from the template."
    )


def test_a_fact_that_one_event_leaves_out_is_refused_on_whatsapp():
    order = changed(TEMPLATES.find("order_confirmation", ["en"], WHATSAPP), body="It comes on {{expected_date}} to you")

    with pytest.raises(RenderingFault, match=r"needs \{expected_date\}, which this event leaves out"):
        write(order, {**ORDER, "expected_date": None})


def test_a_text_longer_than_the_channel_carries_is_refused():
    short = replace(GENEROUS, max_text=40)

    with pytest.raises(RenderingFault, match="email carries 40"):
        write(reminder(EMAIL), REMINDER, capabilities=short)


def test_more_buttons_than_the_channel_carries_are_refused():
    with pytest.raises(RenderingFault, match="3 buttons; email carries 2"):
        write(reminder(EMAIL), REMINDER, capabilities=replace(SHOWS_BUTTONS, max_buttons=2))


@pytest.mark.parametrize(
    "source",
    [
        "{{ customer_name.__class__ }}",
        "{{ lipsum }}",
        "{{ customer_name|upper }}",
        "{{ customer_name.upper() }}",
        "{% include 'x' %}",
        "{% macro x() %}{% endmacro %}",
        "{{ amount_due.amount.__init__ }}",
        "{{ invoice_nummer }}",
        "{% if %}",
    ],
)
def test_a_template_that_reaches_beyond_the_facts_is_refused(source: str):
    with pytest.raises(RenderingFault, match="payment_reminder/en/email"):
        write(changed(reminder(EMAIL), text=source), REMINDER)


# The page ---------------------------------------------------------------------------------------------------------


def test_what_a_button_opens_is_shown_under_it():
    html = write(reminder(EMAIL), REMINDER).html or ""

    assert html.count(">post.example.com</div>") == 2


def test_the_layout_is_light_and_dark_narrow_and_free_of_remote_parts():
    html = write(reminder(EMAIL), REMINDER).html or ""

    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    assert not re.search(r"<(img|script|link|iframe|form|object|style [^>]*src)\b|@import|url\(", html)


def test_rendering_is_the_same_every_time():
    pairs = itertools.product(TEMPLATES, range(2))
    written = {(version.title, write(version, SAMPLES[version.event_type])) for version, _ in pairs}

    assert len(written) == len(TEMPLATES.versions)
