"""Money, numbers and dates as a language writes them."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from postroom.domain.facts import Amount, Money
from postroom.domain.languages import LAST_RESORT

# CLDR's currencySpacing, which Babel leaves out: a code of letters keeps its distance, KWD 1,250.125.
_CODE_EDGE = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@lru_cache(maxsize=128)
def locale_of(tag: str) -> Locale:
    """The rules of a language; those of its base, then English, where nobody wrote them down."""
    for candidate in (tag, tag.partition("_")[0]):
        try:
            return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(LAST_RESORT)


def money(value: Money | Amount, tag: str) -> str:
    """With its currency: 1.250,00 €."""
    return _CODE_EDGE.sub("\xa0", format_currency(value.amount, value.currency, locale=locale_of(tag)))


def amount(value: Money | Amount, tag: str) -> str:
    """Without its currency, but with its decimals: 1.250,00 for euros, 1.250 for yen."""
    return format_currency(value.amount, value.currency, _bare_pattern(tag), locale=locale_of(tag))


@lru_cache(maxsize=128)
def _bare_pattern(tag: str) -> str:
    pattern = str(locale_of(tag).currency_formats["standard"].pattern).partition(";")[0]
    return pattern.replace("¤", "").strip(" \xa0\u200e\u200f")


def number(value: Decimal, tag: str) -> str:
    """A bare number: 2,5."""
    return format_decimal(value, locale=locale_of(tag))


def day(value: date, tag: str) -> str:
    """A date in words: 30 de noviembre de 2026."""
    return format_date(value, "long", locale=locale_of(tag))


def moment(value: datetime, tag: str) -> str:
    """A point in time by its own zone: 23 nov 10:02; with UTC behind it where that is the zone."""
    pattern = "d MMM HH:mm z" if value.tzname() == "UTC" else "d MMM HH:mm"
    return format_datetime(value, pattern, tzinfo=value.tzinfo, locale=locale_of(tag))


def direction(tag: str) -> str:
    """`ltr` or `rtl`."""
    return str(locale_of(tag).text_direction)
