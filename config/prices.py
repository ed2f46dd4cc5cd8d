"""prices.yaml as rate cards: read whole or refused whole."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, one_of, text
from postroom.domain.channels import ChannelName
from postroom.domain.prices import ANYWHERE, Card, Prices

PRICES_FILE = Path(__file__).parent / "prices.yaml"
VERSION = 1
CATEGORIES = ("utility", "marketing", "authentication")
_PREFIX = re.compile(r"\+[1-9]\d{0,14}", re.ASCII)
_AMOUNT = re.compile(r"\d{1,6}(\.\d{1,8})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBERS = frozenset({ChannelName.WHATSAPP, ChannelName.SMS})
"""Channels whose addresses are telephone numbers, and so have a country."""


def load_prices(path: Path = PRICES_FILE) -> Prices:
    """The rate cards of a file. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_prices(source, file=str(path))


def read_prices(source: str, *, file: str) -> Prices:
    """The rate cards in a text."""
    document = read_yaml(source, file)
    reading = _PricesReading(document.faults)
    found = reading.mapping(document.root, {"version": Field(_version), "cards": Field(_listed)})
    cards = [card for here in found["cards"] or () if (card := reading.card(here))]
    reading.refuse_faults()
    return Prices(tuple(cards))


class _PricesReading(Reading):
    """Reads cards, and their prices."""

    def card(self, here: Located) -> Card | None:
        """One card; None when something is wrong with it."""
        before = len(self.faults)
        fields = self.mapping(here, CARD_FIELDS)
        channel = ChannelName(fields["channel"]) if fields["channel"] else None
        if fields["category"] and channel is not ChannelName.WHATSAPP:
            self.fault(here.at("category"), "only WhatsApp has categories", "Remove it.")
        prices = self._prices(fields["prices"], channel) if fields["prices"] else {}
        if len(self.faults) > before or channel is None:
            return None
        return Card(channel, fields["currency"], fields["source"], fields["as_of"], prices, fields["category"])

    def _prices(self, here: Located, channel: ChannelName | None) -> Mapping[str, Decimal]:
        entries = self.entries(here, 'Write them as {"+34": "0.02"}.')
        if isinstance(here.value, dict) and not entries:
            self.fault(here, "holds no price", 'Write at least one, as in {"+34": "0.02"}.')
        for prefix, child in entries.items():
            if prefix == ANYWHERE:
                continue
            if channel is not None and channel not in _NUMBERS:
                self.fault(child, f"{channel} has no countries", 'Write "*" for every address.')
            elif not _PREFIX.fullmatch(prefix):
                self.fault(
                    child, f"{prefix!r} is no beginning of a number", 'Write it as "+34", or "*" for all others.'
                )
        read = {prefix: self.value(child, _amount) for prefix, child in entries.items()}
        return {prefix: amount for prefix, amount in read.items() if amount is not None}


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _listed(here: Located) -> list[Located]:
    if not isinstance(here.value, list):
        raise Unreadable("must be a list of rate cards", "Write [] where there are none.")
    return here.value


def _amount(here: Located) -> Decimal:
    # In quotes, or YAML makes a binary fraction of it.
    if not isinstance(here.value, str) or not _AMOUNT.fullmatch(here.value):
        raise Unreadable(f"{here.value!r} is no exact price", 'Write it in quotes, as in "0.0083".')
    return Decimal(here.value)


def _currency(here: Located) -> str:
    if not isinstance(here.value, str) or not _CURRENCY.fullmatch(here.value):
        raise Unreadable(f"{here.value!r} is no currency of ISO 4217", "Write it as EUR.")
    return here.value


def _day(here: Located) -> date:
    try:
        return date.fromisoformat(str(here.value))
    except ValueError:
        raise Unreadable(
            f"{here.value!r} is no date", "Write the day on which it was read, as in 2026-11-22."
        ) from None


CARD_FIELDS: Mapping[str, Field] = {
    "channel": Field(one_of([channel.value for channel in ChannelName], "a channel")),
    "category": Field(one_of(CATEGORIES, "a category of WhatsApp's templates"), required=False),
    "currency": Field(_currency),
    "source": Field(text),
    "as_of": Field(_day),
    "prices": Field(lambda here: here),
}
"""The words of one card."""
