"""The sums of a simulation: by message type and channel, by company, by day and by person; each event counted once."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies
from postroom.domain.departures import Departure, Ending
from postroom.domain.facts import Money
from postroom.domain.messages import Role
from postroom.domain.prices import Card, Purse
from postroom.domain.simulation import Errand

TOP = 10


class Outcome(StrEnum):
    """What comes of one rule for one event."""

    HEARD = "heard"
    HELD = "held"
    STALE = "stale"
    SILENT = "silent"


@dataclass(slots=True)
class ChannelRow:
    """The messages of one type on one channel."""

    message_type: str
    channel: ChannelName
    people: int = 0
    messages: int = 0
    first_choice: int = 0
    fallback: int = 0
    held: int = 0
    expired: int = 0
    waited: Counter[str] = field(default_factory=Counter)
    """Those that leave later than they could have, by what they waited for."""
    pieces: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    """Legs that could not have been sent, by the reason."""
    cost: Purse = field(default_factory=Purse)
    unpriced: int = 0


@dataclass(slots=True)
class TypeRow:
    """The events of one message type: every one of them is in exactly one of the four."""

    message_type: str
    heard: int = 0
    held: int = 0
    stale: int = 0
    silent: int = 0
    silence: Counter[str] = field(default_factory=Counter)
    """Why nobody would have been reached."""
    cost: Purse = field(default_factory=Purse)
    in_case: Purse = field(default_factory=Purse)
    in_case_unpriced: int = 0

    @property
    def events(self) -> int:
        """All of them."""
        return self.heard + self.held + self.stale + self.silent


@dataclass(slots=True)
class CompanyRow:
    """The messages of one company."""

    company: str
    people: int = 0
    messages: int = 0
    cost: Purse = field(default_factory=Purse)
    unpriced: int = 0
    busiest: tuple[datetime, int] | None = None
    """Its fullest hour, and how many left in it."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who hears a lot."""

    company: str
    person: str
    address: str
    messages: int
    most_in_a_day: int
    day: date


@dataclass(frozen=True, slots=True)
class Reckoning:
    """All sums."""

    types: tuple[TypeRow, ...]
    channels: tuple[ChannelRow, ...]
    companies: tuple[CompanyRow, ...]
    days: Mapping[date, Counter[ChannelName]]
    """Messages that leave, by each company's own calendar; days in between are there with none."""
    busiest: tuple[datetime, int] | None
    listeners: tuple[Listener, ...]
    overwhelmed: int
    """How many people would hear more in a day than is thought right."""
    cost: tuple[Money, ...]
    in_case: tuple[Money, ...]
    unpriced: Mapping[str, int]
    """Messages without a price, by channel and country prefix."""
    cards: tuple[Card, ...]
    """The rate cards that were used."""

    @property
    def messages(self) -> int:
        """How many leave."""
        return sum(row.messages for row in self.channels)


def reckon(
    errands: Sequence[Errand], departures: Sequence[Departure], companies: Companies, *, most_a_day: int
) -> Reckoning:
    """Sum up; `departures` are those of all errands' messages, in their order."""
    sums = _Sums(companies)
    queue = iter(departures)
    for errand in errands:
        sums.add(errand, [next(queue) for _ in errand.messages])
    return sums.reckoning(most_a_day)


class _Sums:
    """Counts errand by errand."""

    def __init__(self, companies: Companies) -> None:
        self._practices = companies
        self._types: dict[str, TypeRow] = {}
        self._channels: dict[tuple[str, ChannelName], ChannelRow] = {}
        self._companies: dict[str, CompanyRow] = {}
        self._people: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        self._hours: Counter[tuple[str, datetime]] = Counter()
        self._days: defaultdict[date, Counter[ChannelName]] = defaultdict(Counter)
        self._heard: Counter[tuple[str, str, date]] = Counter()
        self._address: dict[tuple[str, str], str] = {}
        self._unpriced: Counter[str] = Counter()
        self._cards: dict[int, Card] = {}

    def add(self, errand: Errand, departures: Sequence[Departure]) -> None:
        """Count one errand, and its messages."""
        row = self._types.setdefault(errand.message_type, TypeRow(errand.message_type))
        outcome = outcome_of(departures)
        setattr(row, outcome.value, getattr(row, outcome.value) + 1)
        if outcome is Outcome.SILENT:
            row.silence.update(["; ".join(errand.silence) or "the rule has no channel"])
        for missed in errand.missed:
            self._channel(errand.message_type, missed.channel).missed[missed.reason] += 1
        if outcome is Outcome.HEARD:
            for money in errand.in_case:
                row.in_case.add(money)
            row.in_case_unpriced += errand.in_case_unpriced
        for departure in departures:
            self._message(row, departure)

    def _channel(self, message_type: str, channel: ChannelName) -> ChannelRow:
        return self._channels.setdefault((message_type, channel), ChannelRow(message_type, channel))

    def _message(self, type_row: TypeRow, departure: Departure) -> None:
        message = departure.message
        row = self._channel(message.message_type, message.channel)
        if departure.at is None:
            row.held += departure.ending is Ending.HELD
            row.expired += departure.ending is Ending.EXPIRED
            return
        company = self._companies.setdefault(message.company, CompanyRow(message.company))
        row.messages += 1
        row.first_choice += message.role is Role.PRIMARY
        row.fallback += message.role is Role.FALLBACK
        row.pieces += message.pieces
        row.waited.update(departure.waits)
        company.messages += 1
        self._cost(departure, type_row, row, company)
        self._people[message.message_type, message.channel].add(f"{message.company}/{message.person}")
        self._people[(message.company,)].add(message.person)
        self._time(departure, departure.at)

    def _cost(self, departure: Departure, type_row: TypeRow, row: ChannelRow, company: CompanyRow) -> None:
        message = departure.message
        if message.quote is None:
            row.unpriced += 1
            company.unpriced += 1
            self._unpriced[_unpriced_name(message.channel, message.address)] += 1
            return
        self._cards.setdefault(id(message.quote.card), message.quote.card)
        for purse in (type_row.cost, row.cost, company.cost):
            purse.add(message.quote.money)

    def _time(self, departure: Departure, at: datetime) -> None:
        message = departure.message
        day = at.astimezone(ZoneInfo(self._practices.of(message.company).hours.zone)).date()
        self._days[day][message.channel] += 1
        self._heard[message.company, message.person, day] += 1
        self._address.setdefault((message.company, message.person), message.address)
        self._hours[message.company, at.replace(minute=0, second=0, microsecond=0)] += 1

    def reckoning(self, most_a_day: int) -> Reckoning:
        """The sums."""
        for (message_type, channel), row in self._channels.items():
            row.people = len(self._people[message_type, channel])
        for company, company_row in self._companies.items():
            company_row.people = len(self._people[(company,)])
            own = {hour: n for (name, hour), n in self._hours.items() if name == company}
            company_row.busiest = _fullest(own)
        total, in_case = Purse(), Purse()
        for type_row in self._types.values():
            total.add_all(type_row.cost)
            in_case.add_all(type_row.in_case)
        return Reckoning(
            types=tuple(self._types[name] for name in sorted(self._types)),
            channels=tuple(sorted(self._channels.values(), key=lambda row: (row.message_type, -row.messages))),
            companies=tuple(sorted(self._companies.values(), key=lambda row: (-row.messages, row.company))),
            days=_whole(self._days),
            busiest=_fullest(_all_together(self._hours)),
            listeners=self._listeners(),
            overwhelmed=len({(who, person) for (who, person, _), n in self._heard.items() if n > most_a_day}),
            cost=total.listed(),
            in_case=in_case.listed(),
            unpriced=dict(self._unpriced.most_common()),
            cards=tuple(self._cards.values()),
        )

    def _listeners(self) -> tuple[Listener, ...]:
        totals: Counter[tuple[str, str]] = Counter()
        fullest: dict[tuple[str, str], tuple[int, date]] = {}
        for (company, person, day), number in self._heard.items():
            who = company, person
            totals[who] += number
            fullest[who] = max(fullest.get(who, (0, day)), (number, day))
        top = sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:TOP]
        return tuple(Listener(*who, self._address[who], number, *fullest[who]) for who, number in top)


def outcome_of(departures: Sequence[Departure]) -> Outcome:
    """What comes of a rule, by its messages: heard if one leaves."""
    endings = {each.ending for each in departures}
    if not endings:
        return Outcome.SILENT
    if Ending.LEAVES in endings:
        return Outcome.HEARD
    return Outcome.HELD if Ending.HELD in endings else Outcome.STALE


def _fullest(hours: Mapping[datetime, int]) -> tuple[datetime, int] | None:
    return max(hours.items(), key=lambda each: (each[1], -each[0].timestamp()), default=None)


def _all_together(hours: Mapping[tuple[str, datetime], int]) -> Counter[datetime]:
    summed: Counter[datetime] = Counter()
    for (_, hour), number in hours.items():
        summed[hour] += number
    return summed


def _whole(days: Mapping[date, Counter[ChannelName]]) -> dict[date, Counter[ChannelName]]:
    """Every day from the first to the last."""
    if not days:
        return {}
    first, last = min(days), max(days)
    return {day: days.get(day, Counter()) for day in (first + timedelta(n) for n in range((last - first).days + 1))}


@lru_cache(maxsize=65536)
def _unpriced_name(channel: ChannelName, address: str) -> str:
    """The channel, and the country where it has one: 'sms +34'."""
    import phonenumbers

    if not address.startswith("+"):
        return channel.value
    try:
        return f"{channel} +{phonenumbers.parse(address).country_code}"
    except phonenumbers.NumberParseException:
        return channel.value


# By weeks, and against other rules ------------------------------------------------------------------------------------

A_LOT_OF_DAYS = 35


def periods(days: Mapping[date, Counter[ChannelName]]) -> tuple[str, list[tuple[date, Counter[ChannelName]]]]:
    """Days, or weeks (from Monday) when there are many; and what they are called."""
    if len(days) <= A_LOT_OF_DAYS:
        return "day", list(days.items())
    weeks: defaultdict[date, Counter[ChannelName]] = defaultdict(Counter)
    for day, counts in days.items():
        weeks[day - timedelta(days=day.weekday())].update(counts)
    return "week", sorted(weeks.items())


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that other rules would change."""

    message_type: str
    what: str
    here: str
    there: str


def changes(here: Reckoning, there: Reckoning) -> tuple[Change, ...]:
    """What differs between two reckonings of the same events, by message type."""
    ours, theirs = _figures(here), _figures(there)
    return tuple(
        Change(*key, ours.get(key, "0"), theirs.get(key, "0"))
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key, "0") != theirs.get(key, "0")
    )


def _figures(reckoning: Reckoning) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for row in reckoning.types:
        for outcome in Outcome:
            found[row.message_type, f"events {outcome}"] = str(getattr(row, outcome.value))
        for money in row.cost.listed():
            found[row.message_type, f"cost in {money.currency}"] = f"{money.amount.normalize():f}"
    for each in reckoning.channels:
        found[each.message_type, f"messages by {each.channel}"] = str(each.messages)
        found[each.message_type, f"people by {each.channel}"] = str(each.people)
        if each.unpriced:
            found[each.message_type, f"messages by {each.channel} without a price"] = str(each.unpriced)
    return found
