"""The tables of a simulation, as plain words: the terminal and the page show the same."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from postroom.cli.showing import shown
from postroom.domain.facts import Money
from postroom.domain.reckoning import Change, ChannelRow, Reckoning, TypeRow, periods
from postroom.domain.routing import TITLES

WAITS: Mapping[str, str] = {
    "quiet_hours": "quiet hours",
    "pace": "the provider's pace",
    "sms_budget": "the SMS budget",
    "ceiling": "the hourly ceiling",
}
REASONS: Mapping[str, str] = {
    "no_opt_in": "he has not agreed to be written to here",
    "no_template": "nothing is written for this channel",
}
MOST_REASONS = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    note: str = ""
    left: int = 1
    """How many columns are words; the others are figures."""


def sheets(reckoning: Reckoning, *, reveal: bool, most_a_day: int) -> Iterator[Sheet]:
    """Every table that has something to say."""
    made = (
        _types(reckoning.types),
        _channels(reckoning.channels),
        _silent(reckoning),
        _missed(reckoning),
        _companies(reckoning),
        _periods(reckoning),
        _listeners(reckoning, reveal=reveal, most_a_day=most_a_day),
        _unpriced(reckoning),
        _cards(reckoning),
    )
    yield from (sheet for sheet in made if sheet.rows)


def _types(rows: Sequence[TypeRow]) -> Sheet:
    columns = ("message type", "events", "heard of", "held by cut-off", "stale", "nobody reached", "cost", "fallbacks")
    lines = [
        (
            row.message_type,
            *map(_number, (row.events, row.heard, row.held, row.stale, row.silent)),
            moneys(row.cost.listed()),
            _in_case(row),
        )
        for row in rows
    ]
    note = "Every event is in exactly one of the four. Fallbacks: what they cost on top when first choices fail."
    return Sheet("What comes of the events", columns, lines, note)


def _in_case(row: TypeRow) -> str:
    unpriced = f"{_number(row.in_case_unpriced)} without a price" if row.in_case_unpriced else ""
    return ", ".join(filter(None, (moneys(row.in_case.listed(), none=""), unpriced))) or "–"


def _channels(rows: Sequence[ChannelRow]) -> Sheet:
    columns = (
        "message type",
        "channel",
        "people",
        "messages",
        "first choice",
        "fallback",
        "segments",
        "held",
        "stale",
        "wait for",
        "cost",
        "no price",
    )
    lines = [
        (
            row.message_type,
            TITLES[row.channel],
            *map(_number, (row.people, row.messages, row.first_choice, row.fallback)),
            _number(row.pieces if row.channel == "sms" else 0),
            *map(_number, (row.held, row.expired)),
            _waits(row.waited) or "–",
            moneys(row.cost.listed()),
            _number(row.unpriced),
        )
        for row in rows
        if row.messages or row.held or row.expired
    ]
    return Sheet("By message type and channel", columns, lines, left=2)


def _waits(waited: Counter[str]) -> str:
    return ", ".join(f"{WAITS.get(reason, reason)} {number:,}" for reason, number in waited.most_common())


def _silent(reckoning: Reckoning) -> Sheet:
    """Events that reach nobody."""
    reasons = [
        (number, (row.message_type, "; ".join(_reason(part) for part in reason.split("; ")), _number(number)))
        for row in reckoning.types
        for reason, number in row.silence.items()
    ]
    return _most("Events that would reach nobody", ("message type", "because", "events"), reasons, left=2)


def _missed(reckoning: Reckoning) -> Sheet:
    """Channels of a rule that are not used, be it the first choice or a fallback."""
    reasons = [
        (number, (row.message_type, TITLES[row.channel], REASONS.get(reason, reason), _number(number)))
        for row in reckoning.channels
        for reason, number in row.missed.items()
    ]
    columns = ("message type", "channel", "because", "messages")
    return _most("Channels that are left out, first choices and fallbacks", columns, reasons, left=3)


def _most(title: str, columns: tuple[str, ...], reasons: Sequence[tuple[int, tuple[str, ...]]], *, left: int) -> Sheet:
    lines = [line for _, line in sorted(reasons, key=lambda each: (-each[0], each[1]))]
    rest = f"{len(lines) - MOST_REASONS} more are in --json." if len(lines) > MOST_REASONS else ""
    return Sheet(title, columns, lines[:MOST_REASONS], rest, left=left)


def _reason(part: str) -> str:
    channel, _, reason = part.partition(": ")
    return f"{channel}: {REASONS.get(reason, reason)}"


def _companies(reckoning: Reckoning) -> Sheet:
    lines = [
        (
            row.company,
            *map(_number, (row.people, row.messages)),
            moneys(row.cost.listed()),
            _number(row.unpriced),
            hour(row.busiest),
        )
        for row in reckoning.companies
    ]
    return Sheet("By company", ("company", "people", "messages", "cost", "no price", "fullest hour (UTC)"), lines)


def _periods(reckoning: Reckoning) -> Sheet:
    unit, rows = periods(reckoning.days)
    used = list(dict.fromkeys(row.channel for row in reckoning.channels if row.messages))
    lines = [
        (f"{day} {day:%a}", *(_number(counts[each]) for each in used), _number(counts.total())) for day, counts in rows
    ]
    return Sheet(f"By {unit}", (unit, *(TITLES[each] for each in used), "all"), lines)


def _listeners(reckoning: Reckoning, *, reveal: bool, most_a_day: int) -> Sheet:
    lines = [
        (
            each.company,
            each.person,
            shown(each.address, reveal=reveal),
            _number(each.messages),
            f"{each.most_in_a_day} on {each.day}" + (" (!)" if each.most_in_a_day > most_a_day else ""),
        )
        for each in reckoning.listeners
    ]
    columns = ("company", "who", "address", "messages", "most in a day")
    note = ""
    if reckoning.overwhelmed:
        people = "person would" if reckoning.overwhelmed == 1 else "people would"
        note = f"{reckoning.overwhelmed:,} {people} hear more than {most_a_day} messages in a day."
    return Sheet("Who hears the most", columns, lines, note, left=3)


def _unpriced(reckoning: Reckoning) -> Sheet:
    lines = [(name, _number(number)) for name, number in reckoning.unpriced.items()]
    note = "They are in no sum. Add a card to config/prices.yaml: docs/simulate.md says how to read your own prices."
    return Sheet("Messages without a known price", ("channel and country", "messages"), lines, note)


def _cards(reckoning: Reckoning) -> Sheet:
    lines = [
        (TITLES[card.channel], card.category or "all", card.currency, str(card.as_of), card.source)
        for card in sorted(reckoning.cards, key=lambda card: (card.channel, card.category or "", card.as_of))
    ]
    return Sheet("Prices used", ("channel", "category", "currency", "as of", "source"), lines, left=5)


def changes_sheet(changes: Sequence[Change], here: str, there: str) -> Sheet:
    """What other rules would change."""
    lines = [(each.message_type, each.what, each.here, each.there, _difference(each)) for each in changes]
    return Sheet(f"Changes: {here} → {there}", ("message type", "figure", "now", "then", "difference"), lines, left=2)


def _difference(change: Change) -> str:
    return f"{Decimal(change.there) - Decimal(change.here):+f}"


def moneys(listed: Iterable[Money], *, none: str = "–") -> str:
    """Sums as people read them: cents, or more decimals where a sum is smaller than a cent."""
    return ", ".join(_money(each) for each in listed) or none


def _money(money: Money) -> str:
    places = "0.01" if money.amount >= Decimal("0.01") or not money.amount else "0.0001"
    return f"{money.amount.quantize(Decimal(places)):,} {money.currency}"


def hour(busiest: tuple[datetime, int] | None) -> str:
    """The fullest hour."""
    return f"{busiest[0].astimezone(UTC):%Y-%m-%d %H:00}, {busiest[1]:,}" if busiest else "–"


def _number(number: int) -> str:
    return f"{number:,}" if number else "–"
