"""CloudEvents become events, or are refused with every fault and its pointer."""

import contextlib
import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.domain import addresses, languages
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import APPROVAL_REQUESTED, ORDER_CONFIRMED, PAYMENT_REMINDER
from postroom.domain.events import ContactRole, EventRefused, event_from
from postroom.domain.facts import Amount, Line, Link, Money


def cloud_event(shape: Any = PAYMENT_REMINDER, **changes: Any) -> dict[str, Any]:
    payload = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/odoo/acme-prod",
        "type": shape.name,
        "time": "2026-11-22T09:00:00Z",
        "subject": "INV/2026/00088",
        "data": copy.deepcopy(dict(shape.sample)),
    }
    for pointer, value in changes.items():
        *way, last = pointer.split("__")
        place = payload
        for step in way:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return payload


def faults_of(payload: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(EventRefused) as refused:
        event_from(payload)
    return {fault.pointer: fault.problem for fault in refused.value.faults}


def test_a_payment_reminder_becomes_an_event_with_typed_facts():
    event = event_from(cloud_event())

    assert (event.key, event.source, event.document) == ("e-1", "/odoo/acme-prod", "account.move:88")
    assert event.time == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert event.recipient_key == "partner:42"
    assert event.company.id == "1"
    assert event.facts["amount"] == Amount(Decimal("1250.00"), "EUR")
    assert event.facts["amount_due"] == Money(Decimal("1250.00"), "EUR")
    assert event.facts["due_date"] == date(2026, 11, 30)


def test_an_order_without_its_optional_facts_carries_them_as_none():
    event = event_from(cloud_event(ORDER_CONFIRMED, data__order__expected_date=..., data__order__lines=...))

    assert event.document == "sale.order:17"
    assert event.facts["expected_date"] is None
    assert event.facts["lines"] is None


def test_order_lines_keep_their_exact_quantities():
    event = event_from(cloud_event(ORDER_CONFIRMED, data__order__lines=[{"name": "Cable", "quantity": "2.5"}]))

    assert event.facts["lines"] == (Line("Cable", Decimal("2.5")),)


def test_the_portal_page_stands_in_for_a_missing_payment_link():
    own = event_from(cloud_event(data__invoice__payment_url="https://pay.example.com/88"))
    without = event_from(cloud_event())

    assert own.facts["payment_url"] == Link("https://pay.example.com/88")
    assert without.facts["payment_url"] == without.facts["portal_url"]


def test_every_fault_is_told_at_once_with_its_pointer():
    faults = faults_of(
        cloud_event(
            id=...,
            time="yesterday",
            data__company__country="Spain",
            data__invoice__amount_due=1250.0,
            data__invoice__due_date="30/11/2026",
            data__invoice__portal_url="http://erp.example.com/",
        )
    )

    assert set(faults) == {
        "/id",
        "/time",
        "/data/company/country",
        "/data/invoice/amount_due",
        "/data/invoice/due_date",
        "/data/invoice/portal_url",
    }
    assert faults["/id"] == "is missing"
    assert '"1250.00"' in faults["/data/invoice/amount_due"]


def test_several_approvers_are_named_once_each_and_all_their_faults_are_told():
    approvers = [{"partner_id": 7, "name": "Ana", "user_id": 7}, {"partner_id": 8, "name": "Bea", "user_id": 8}]
    event = event_from(cloud_event(APPROVAL_REQUESTED, data__approvers=approvers))
    assert [approver.key for approver in event.approvers] == ["partner:7", "partner:8"]

    wrong = [*approvers, {"partner_id": 8, "name": "Bea", "email": "bea@example.com"}, {"partner_id": 9}, "Carl"]
    assert faults_of(cloud_event(APPROVAL_REQUESTED, data__approvers=wrong)) == {
        "/data/approvers/2/partner_id": "is that of /data/approvers/1; name him once",
        "/data/approvers/3/name": "is missing",
        "/data/approvers/3": "has no phone, email, slack, teams or user_id; give at least one",
        "/data/approvers/4/partner_id": "is missing",
        "/data/approvers/4/name": "is missing",
        "/data/approvers/4": "has no phone, email, slack, teams or user_id; give at least one",
    }
    for nobody in ([], {"partner_id": 7}, [approvers[0]] * 51):
        assert (
            "a list of 1 to 50 people"
            in faults_of(cloud_event(APPROVAL_REQUESTED, data__approvers=nobody))["/data/approvers"]
        )


def test_an_unknown_event_type_is_refused_with_the_likely_one():
    faults = faults_of(cloud_event(type="odoo.invoice.payment_remainder"))

    assert faults == {"/type": "is not an event type of ours; did you mean odoo.invoice.payment_reminder?"}


def test_a_recipient_without_any_address_is_refused():
    faults = faults_of(cloud_event(data__recipient__phone="", data__recipient__email=...))

    assert faults == {"/data/recipient": "has no phone, email, slack, teams or user_id; give at least one"}


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example.com/x",
        "https://",
        "https:///x",
        "javascript:alert(1)",
        "https://erp.example.com@evil.example/x",
        "https://erp.example.com/a b",
        "https://erp.example.com/\r\nBcc:x",
        "https://erp.example.com:port/",
        'https://erp.example.com/"onclick="x',
        "https://exämple.com/",
        "https://[::1/",
        "https://erp.example.com/" + "a" * 2000,
        88,
    ],
)
def test_a_link_must_be_plain_https(url: object):
    assert "/data/invoice/portal_url" in faults_of(cloud_event(data__invoice__portal_url=url))


@pytest.mark.parametrize("amount", ["1,250.00", "1e3", "NaN", "Infinity", "", " 1", "١٢", 1, None])
def test_an_amount_must_be_a_decimal_string(amount: object):
    assert "/data/invoice/amount_due" in faults_of(cloud_event(data__invoice__amount_due=amount))


def test_a_naive_time_is_refused():
    assert "time zone" in faults_of(cloud_event(time="2026-11-22T09:00:00"))["/time"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
POINTERS = [
    ("data",),
    ("id",),
    ("type",),
    ("data", "company"),
    ("data", "recipient"),
    ("data", "recipient", "phone"),
    ("data", "order"),
    ("data", "order", "lines"),
    ("data", "order", "amount_total"),
    ("data", "order", "portal_url"),
    ("data", "order", "id"),
]


@settings(deadline=None)
@given(st.sampled_from(POINTERS), json_values)
def test_whatever_stands_in_an_event_it_is_read_or_refused_and_nothing_else(way: tuple[str, ...], value: Any):
    payload = cloud_event(ORDER_CONFIRMED, **{"__".join(way): value})
    with contextlib.suppress(EventRefused):
        assert event_from(payload).document == f"sale.order:{payload['data']['order']['id']}"


# Addresses and languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("+34 600 11 12 22", None, "+34600111222"),
        ("600 111 222", "ES", "+34600111222"),
        ("0034600111222", "es", "+34600111222"),
        ("(020) 7946-0018", "GB", "+442079460018"),
    ],
)
def test_a_phone_number_is_kept_in_e164(raw: str, country: str | None, expected: str):
    assert addresses.phone(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "country", "why"),
    [
        ("600111222", None, "its company has no country"),
        ("+34 600", "ES", "too few digits"),
        ("call me", "ES", "cannot be read"),
        ("+999 12345678", None, "a code that no country has"),
        ("", "ES", "cannot be read"),
    ],
)
def test_what_cannot_be_a_phone_number_says_why(raw: str, country: str | None, why: str):
    with pytest.raises(addresses.NotAnAddress, match=why):
        addresses.phone(raw, country)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" Marta.Ruiz@Example.COM ", "Marta.Ruiz@example.com"),
        ("marta@münchen.example", "marta@xn--mnchen-3ya.example"),
        ("a+b@x.example.com", "a+b@x.example.com"),
    ],
)
def test_an_email_address_has_one_spelling(raw: str, expected: str):
    assert addresses.email(raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["marta", "@example.com", "a@b", "a b@example.com", "a@ex ample.com", "a@example.com\r\nBcc: x@y.z", "a@-x.com"],
)
def test_what_cannot_be_an_email_address_is_refused(raw: str):
    with pytest.raises(addresses.NotAnAddress):
        addresses.email(raw)


@settings(deadline=None)
@given(st.sampled_from(ChannelName), st.text(max_size=60), st.sampled_from(["ES", "US", None]))
def test_a_normal_address_is_its_own_normal_form(channel: ChannelName, raw: str, country: str | None):
    try:
        once = addresses.normal(channel, raw, country)
    except addresses.NotAnAddress:
        return
    assert addresses.normal(channel, once, country) == once
    assert once.isprintable()
    assert " " not in once


@pytest.mark.parametrize(
    ("recipient", "company", "expected"),
    [
        ("pt_BR", "es_ES", ["pt_BR", "pt", "es_ES", "es", "en"]),
        ("pt-br", "pt_PT", ["pt_BR", "pt", "pt_PT", "en"]),
        ("en_GB", None, ["en_GB", "en"]),
        (None, None, ["en"]),
        ("not a language", "de", ["de", "en"]),
        ("sr@latin", None, ["sr_Latn", "sr", "en"]),
        ("zh_Hant_TW", None, ["zh_Hant_TW", "zh_Hant", "zh", "en"]),
    ],
)
def test_the_language_chain_widens_the_recipients_wish_then_the_companys(
    recipient: str | None, company: str | None, expected: list[str]
):
    assert [choice.tag for choice in languages.chain(recipient, company)] == expected


def test_the_choice_of_a_language_explains_itself():
    choices = languages.chain("pt_BR", "es_ES")

    assert languages.explain(choices, "es") == (
        "es: the company's language es_ES without its region (nothing written in pt_BR, pt, es_ES)"
    )


def test_numbers_follow_the_readers_region_where_it_speaks_the_templates_language():
    assert languages.locale_for("es", ["es_MX", "es", "en"]) == "es_MX"
    assert languages.locale_for("en", ["pt_BR", "pt", "en"]) == "en"


INVOICES = {"partner_id": 43, "name": "Accounts", "email": "accounts@example.com"}


def test_an_invoice_goes_to_the_contact_for_invoices_and_else_to_the_customer():
    event = event_from(cloud_event(data__contacts={"invoice": INVOICES}))

    assert event.for_contact(ContactRole.INVOICE).recipient.partner == "43"
    assert event.for_contact(ContactRole.INVOICE).facts["customer_name"] == "Accounts"
    assert event.for_contact(ContactRole.DELIVERY).recipient.partner == "42"
    assert event.for_contact(None).recipient.partner == "42"
    assert event.for_recipient("partner:43").recipient.email == "accounts@example.com"


def test_a_contact_is_read_as_strictly_as_a_recipient():
    faults = faults_of(cloud_event(data__contacts={"invoice": {"partner_id": 43, "name": "Accounts"}}))

    assert list(faults) == ["/data/contacts/invoice"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", 7, "Europe/"])
def test_a_time_zone_that_nobody_knows_is_refused(zone: Any):
    assert list(faults_of(cloud_event(data__recipient__timezone=zone))) == ["/data/recipient/timezone"]
