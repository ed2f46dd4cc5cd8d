"""prices.yaml, and what a message costs by it."""

from decimal import Decimal

import pytest

from config.faults import ConfigRefused
from config.prices import load_prices, read_prices
from postroom.domain.channels import ChannelName
from postroom.domain.facts import Money
from postroom.domain.prices import Prices, Purse, pieces_of

CARD = """
  - channel: {channel}
    currency: EUR
    source: our contract
    as_of: 2026-11-01
    prices: {prices}
    {more}
"""


def read(*cards: str) -> Prices:
    return read_prices(f"version: 1\ncards:{''.join(cards) or ' []'}\n", file="prices.yaml")


def card(channel: str, prices: str, more: str = "") -> str:
    return CARD.format(channel=channel, prices=prices, more=more)


def faults_of(*cards: str) -> str:
    with pytest.raises(ConfigRefused) as refused:
        read(*cards)
    return "\n".join(str(fault) for fault in refused.value.faults)


def test_every_shipped_price_names_where_and_when_it_was_read() -> None:
    cards = load_prices().cards
    assert cards
    assert all(len(each.source) > 20 and each.as_of.year >= 2025 for each in cards)


def test_the_shipped_file_has_no_price_for_email_which_only_its_owner_knows() -> None:
    assert load_prices().quote(ChannelName.EMAIL, "marta@example.com") is None


def test_the_longest_prefix_speaks() -> None:
    prices = read(card("sms", '{"+1": "0.0083", "+1416": "0.0079", "*": "0.10"}'))

    def cost(number: str) -> Decimal:
        quote = prices.quote(ChannelName.SMS, number)
        assert quote is not None
        return quote.money.amount

    assert [cost(number) for number in ("+12125550100", "+14165550100", "+34600111222")] == [
        Decimal("0.0083"),
        Decimal("0.0079"),
        Decimal("0.10"),
    ]


def test_a_later_card_speaks_before_an_earlier_one_where_it_has_a_price() -> None:
    prices = read(card("sms", '{"+34": "0.08", "+33": "0.07"}'), card("sms", '{"+34": "0.05"}'))
    costs = [prices.quote(ChannelName.SMS, number) for number in ("+34600111222", "+33600111222")]
    assert [quote and quote.money for quote in costs] == [Money(Decimal("0.05"), "EUR"), Money(Decimal("0.07"), "EUR")]


def test_what_no_card_names_has_no_price_rather_than_none_to_pay() -> None:
    prices = read(card("whatsapp", '{"+34": "0.02"}', "category: utility"))
    assert prices.quote(ChannelName.WHATSAPP, "+34600111222", category="marketing") is None
    assert prices.quote(ChannelName.WHATSAPP, "+49600111222", category="utility") is None
    assert prices.quote(ChannelName.SMS, "+34600111222") is None


def test_sms_is_paid_by_the_segment_and_everything_else_by_the_message() -> None:
    long = "x" * 161
    assert pieces_of(ChannelName.SMS, long) == 2
    assert pieces_of(ChannelName.WHATSAPP, long) == 1
    quote = read(card("sms", '{"*": "0.0075"}')).quote(ChannelName.SMS, "+34600111222", pieces=2)
    assert quote is not None
    assert quote.money.amount == Decimal("0.0150")


def test_currencies_are_never_added_up() -> None:
    purse = Purse()
    for amount, currency in (("0.1", "EUR"), ("0.2", "EUR"), ("0.5", "USD")):
        purse.add(Money(Decimal(amount), currency))
    assert purse.listed() == (Money(Decimal("0.3"), "EUR"), Money(Decimal("0.5"), "USD"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (card("fax", '{"*": "1"}'), "fax"),
        (card("sms", '{"34": "1"}'), "'34' is no beginning of a number"),
        (card("sms", '{"+34": 0.02}'), 'Write it in quotes, as in "0.0083".'),
        (card("sms", '{"+34": "-1"}'), "'-1' is no exact price"),
        (card("sms", "{}"), "holds no price"),
        (card("slack", '{"+34": "1"}'), "slack has no countries"),
        (card("sms", '{"*": "1"}', "category: utility"), "only WhatsApp has categories"),
        (card("sms", '{"*": "1"}').replace("EUR", "euro"), "no currency"),
        (card("sms", '{"*": "1"}').replace("2026-11-01", "lately"), "no date"),
        (card("sms", '{"*": "1"}').replace("source", "whence"), "'source' is missing"),
    ],
    ids=lambda each: each if "\n" not in each else "",
)
def test_a_wrong_card_is_refused_with_its_place(wrong: str, said: str) -> None:
    found = faults_of(wrong)
    assert said in found
    assert "prices.yaml:" in found


def test_all_faults_are_told_at_once() -> None:
    found = faults_of(card("sms", '{"34": "1"}'), card("slack", '{"*": "many"}'))
    assert "is no beginning of a number" in found
    assert "'many' is no exact price" in found
