"""What a message costs: rate cards by channel, category and country prefix. What no card names has no price."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from postroom.domain.channels import ChannelName
from postroom.domain.facts import Money
from postroom.domain.sms_text import segments

ANYWHERE = "*"
"""In place of a country prefix: every address."""


@dataclass(frozen=True, slots=True)
class Card:
    """One provider's prices for one channel, as somebody read them on a day."""

    channel: ChannelName
    currency: str
    source: str
    """Where the prices were read, for whoever wants to check them."""
    as_of: date
    prices: Mapping[str, Decimal]
    """By the beginning of the number (+34), or `*`."""
    category: str | None = None
    """WhatsApp's: utility, marketing, authentication; None: all."""

    def price(self, address: str, category: str | None) -> Decimal | None:
        """Of one message, or of one segment where it is sold by the segment; the longest prefix speaks."""
        if self.category is not None and self.category != category:
            return None
        for length in range(len(address), 0, -1):
            if (found := self.prices.get(address[:length])) is not None:
                return found
        return self.prices.get(ANYWHERE)


@dataclass(frozen=True, slots=True)
class Quote:
    """What one message costs, and the card that says so."""

    money: Money
    card: Card


@dataclass(frozen=True, slots=True)
class Prices:
    """All rate cards; a later one speaks before an earlier one, so that a contract stands below the list prices."""

    cards: tuple[Card, ...] = ()

    def quote(
        self, channel: ChannelName, address: str, *, category: str | None = None, pieces: int = 1
    ) -> Quote | None:
        """What a message of so many pieces costs; None when no card knows it, which is not the same as nothing."""
        for card in reversed(self.cards):
            if card.channel is channel and (price := card.price(address, category)) is not None:
                return Quote(Money(price * pieces, card.currency), card)
        return None


def pieces_of(channel: ChannelName, text: str) -> int:
    """How many pieces of a message are paid for: SMS goes by the segment, all else by the message."""
    return segments(text).count if channel is ChannelName.SMS else 1


@dataclass(slots=True)
class Purse:
    """Sums of money, each currency by itself."""

    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, money: Money, times: Decimal = Decimal(1)) -> None:
        """Count one amount."""
        self.sums[money.currency] = self.sums.get(money.currency, Decimal()) + money.amount * times

    def add_all(self, other: "Purse") -> None:
        """Count another purse."""
        for currency, amount in other.sums.items():
            self.add(Money(amount, currency))

    def listed(self) -> tuple[Money, ...]:
        """By currency."""
        return tuple(Money(amount, currency) for currency, amount in sorted(self.sums.items()))
