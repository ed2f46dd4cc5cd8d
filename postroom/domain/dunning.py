"""What to do about what a customer owes: which statement he gets, when, or why none. Pure: no clock, no I/O."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from postroom.domain.cadences import Cadence, Level
from postroom.domain.quiet_hours import Hours, instant, next_allowed

DAY = timedelta(days=1)


class Act(StrEnum):
    """What is done."""

    SEND = "send"  # the customer gets a statement
    NUDGE = "nudge"  # only who looks after him hears of it
    ASK = "ask"  # a person must agree first
    HAND_OVER = "hand_over"  # it is a person's from here on
    TELL = "tell"  # an accountant has to look at it
    WAIT = "wait"
    STOP = "stop"


ACTS = frozenset({Act.SEND, Act.NUDGE, Act.ASK, Act.HAND_OVER, Act.TELL})
"""What is to be done now."""


class Why(StrEnum):
    """Why nothing is sent, or not yet."""

    PAID = "paid"
    BLOCKED = "blocked"
    PAUSED = "paused"
    REPLIED = "replied"
    DISPUTED = "disputed"
    PROMISED = "promised"
    MANUAL = "manual"
    NEXT_REMINDER = "next_reminder"
    PAYMENT = "payment"
    TODAY = "today"
    NOT_DUE = "not_due"
    STALE = "stale"
    INTERVAL = "interval"
    APPROVAL = "approval"
    WINDOW = "window"
    DUE = "due"


WORDS: Mapping[Why, str] = {
    Why.PAID: "nothing is owed that is worth asking for",
    Why.BLOCKED: "the customer is blocked: only a person writes to him",
    Why.PAUSED: "an operator paused him",
    Why.REPLIED: "he wrote, and a person is to answer him first",
    Why.DISPUTED: "everything that he owes is disputed or handed over",
    Why.PROMISED: "he promised to pay",
    Why.MANUAL: "Odoo says that he is reminded by hand",
    Why.NEXT_REMINDER: "Odoo names a later day for his next reminder",
    Why.PAYMENT: "a payment of his that is not matched yet covers it; an accountant should match it",
    Why.TODAY: "he had a statement today",
    Why.NOT_DUE: "no further level is due",
    Why.STALE: "the bank feed is too old to know what was paid",
    Why.INTERVAL: "he heard about these invoices too recently",
    Why.APPROVAL: "a person must agree first",
    Why.WINDOW: "it is no hour to write about money where he lives",
    Why.DUE: "it is due",
}


# What is known --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """An open invoice, as Odoo had it a moment ago."""

    invoice: int
    number: str
    due: date
    residual: Decimal
    total: Decimal
    currency: str

    @property
    def revision(self) -> str:
        """What its schedule hangs on."""
        return f"{self.due}/{self.total}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a customer owes, and all that Odoo says about it."""

    company: str
    customer: str
    """partner:<id>, the commercial partner."""
    lines: tuple[Line, ...]
    country: str = ""
    zones: tuple[str, ...] = ()
    """Where he may live, the likeliest first."""
    in_flight: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency, payments and credit notes of his that are not matched with an invoice."""
    fed_on: date | None = None
    """The day of the last bank transaction; None: nobody knows."""
    manual: bool = False
    next_reminder: date | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What he last heard about one invoice."""

    level: int
    at: datetime
    residual: Decimal
    revision: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for a while; without an end until somebody resumes."""

    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What became of a customer so far."""

    told: Mapping[int, Told] = field(default_factory=dict)
    """By invoice."""
    disputed: frozenset[int] = frozenset()
    handed_over: frozenset[int] = frozenset()
    last_day: date | None = None
    """The customer's day of his last statement."""
    pause: Pause | None = None
    promised: date | None = None
    approved: int | None = None
    """The level that a person agreed to."""
    asked: int | None = None
    """The level that a person was asked about."""
    seen: bool = False
    """His last statement was read. That it was not is not known, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a customer now."""

    act: Act
    why: Why
    until: datetime | None = None
    """When to look again; None: not before something changes."""
    level: int | None = None
    lines: tuple[Line, ...] = ()
    """What the statement lists."""
    raised: tuple[int, ...] = ()
    """The invoices of these that reach the level by it; the others are listed, and keep theirs."""
    skipped: tuple[int, ...] = ()
    """Levels that were overdue as well, and are passed over."""

    @property
    def owed(self) -> Decimal:
        """The sum of its lines."""
        return sum((line.residual for line in self.lines), Decimal())

    @property
    def oldest(self) -> Line:
        """The line that is due the longest."""
        return min(self.lines, key=lambda line: (line.due, line.invoice))


# Deciding -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    ledger: Ledger
    history: History
    cadence: Cadence
    hours: Hours
    now: datetime

    @property
    def zones(self) -> tuple[str, ...]:
        return self.ledger.zones or (self.hours.zone,)

    @property
    def today(self) -> date:
        return local_day(self.ledger, self.hours, self.now)

    @property
    def open(self) -> tuple[Line, ...]:
        """What may be asked for."""
        away = self.history.disputed | self.history.handed_over
        return tuple(each for each in self.ledger.lines if each.invoice not in away)

    def opening(self, day: date) -> datetime:
        """The first moment of a day, or after it, at which he may be written to."""
        return next_allowed(instant(day, time.min, ZoneInfo(self.zones[0])), self.hours, self.zones)

    def wait(self, why: Why, until: datetime | None) -> Decision:
        return Decision(Act.WAIT, why, until)


@dataclass(frozen=True, slots=True)
class _Group:
    """Invoices that one statement lists, and how far it goes."""

    lines: tuple[Line, ...]
    level: int
    raised: tuple[Line, ...]
    skipped: tuple[int, ...]


def local_day(ledger: Ledger, hours: Hours, now: datetime) -> date:
    """The day of the customer: of the likeliest of his clocks."""
    return now.astimezone(ZoneInfo(ledger.zones[0] if ledger.zones else hours.zone)).date()


def plan(ledger: Ledger, history: History, cadence: Cadence, company: Hours, now: datetime) -> Decision:
    """What to do about a customer now. `company`: the hours of whom he owes."""
    case = _Case(ledger, history, cadence, cadence.hours(ledger.country, company), now)
    found = next((decision for rule in RULES if (decision := rule(case)) is not None), None)
    return found or _about(case)


def _paid(case: _Case) -> Decision | None:
    owed = sum((line.residual for line in case.ledger.lines), Decimal())
    return Decision(Act.STOP, Why.PAID) if owed <= case.cadence.tolerance else None


def _blocked(case: _Case) -> Decision | None:
    return Decision(Act.STOP, Why.BLOCKED) if case.ledger.blocked else None


def _paused(case: _Case) -> Decision | None:
    pause = case.history.pause
    if pause is None or (pause.until is not None and pause.until <= case.now):
        return None
    return case.wait(pause.why, pause.until)


def _nothing_left(case: _Case) -> Decision | None:
    return None if case.open else case.wait(Why.DISPUTED, None)


def _by_hand(case: _Case) -> Decision | None:
    if case.ledger.manual:
        return case.wait(Why.MANUAL, None)
    named = case.ledger.next_reminder
    return case.wait(Why.NEXT_REMINDER, case.opening(named)) if named and named > case.today else None


def _promised(case: _Case) -> Decision | None:
    promised = case.history.promised
    if promised is None:
        return None
    resumes = case.opening(business_day_after(promised, 1, case.hours))
    return case.wait(Why.PROMISED, resumes) if case.now < resumes else None


def _today(case: _Case) -> Decision | None:
    if case.history.last_day is None or case.history.last_day < case.today:
        return None
    return case.wait(Why.TODAY, case.opening(max(case.today, case.history.last_day) + DAY))


RULES: Sequence[Callable[[_Case], Decision | None]] = (
    _paid,
    _blocked,
    _paused,
    _nothing_left,
    _by_hand,
    _promised,
    _today,
)
"""What stops or holds everything about a customer, in this order."""


def _about(case: _Case) -> Decision:
    """The statement that is due: of several the hardest, and of those the largest; one a day."""
    groups = sorted(_groups(case), key=lambda each: (-each.level, -sum(line.residual for line in each.lines)))
    if not groups:
        return _next_level(case)
    decided = [_decide(case, group) for group in groups]
    acting = next((each for each in decided if each.act in ACTS), None)
    return acting or min(decided, key=lambda each: (each.until is None, each.until or case.now))


def _decide(case: _Case, group: _Group) -> Decision:
    cadence, level = case.cadence, case.cadence.levels[group.level]
    held = next((why for rule in HOLDS if (why := rule(case, group)) is not None), None)
    if held is not None:
        return held
    if level.hand_over:
        return _decision(Act.HAND_OVER, group, group.raised)
    if level.approval and case.history.approved != group.level:
        return _ask(case, group)
    quiet = case.ledger.customer in cadence.strategic and group.level < cadence.strategic_from
    return _decision(Act.NUDGE if quiet or not level.by else Act.SEND, group, group.lines)


def _ask(case: _Case, group: _Group) -> Decision:
    if case.history.asked == group.level:
        return case.wait(Why.APPROVAL, None)
    return _decision(Act.ASK, group, group.lines)


def _decision(act: Act, group: _Group, lines: tuple[Line, ...]) -> Decision:
    raised = tuple(line.invoice for line in group.raised)
    return Decision(act, Why.DUE, level=group.level, lines=lines, raised=raised, skipped=group.skipped)


def _window(case: _Case, _group: _Group) -> Decision | None:
    opens = next_allowed(case.now, case.hours, case.zones)
    return case.wait(Why.WINDOW, opens) if opens > case.now else None


def _interval(case: _Case, group: _Group) -> Decision | None:
    told = [case.history.told[line.invoice].at for line in group.lines if line.invoice in case.history.told]
    earliest = max(told, default=None)
    if earliest is None or earliest + case.cadence.min_interval <= case.now:
        return None
    return case.wait(Why.INTERVAL, next_allowed(earliest + case.cadence.min_interval, case.hours, case.zones))


def _stale(case: _Case, group: _Group) -> Decision | None:
    fed = case.ledger.fed_on
    if group.level < case.cadence.stale_from or (fed is not None and case.today - fed <= case.cadence.stale_after):
        return None
    return case.wait(Why.STALE, case.opening(case.today + DAY))


def _in_flight(case: _Case, group: _Group) -> Decision | None:
    owed = sum((line.residual for line in group.lines), Decimal())
    covered = case.ledger.in_flight.get(group.lines[0].currency, Decimal())
    if covered + case.cadence.tolerance < owed:
        return None
    return Decision(Act.TELL, Why.PAYMENT, case.opening(case.today + DAY), group.level, group.lines)


HOLDS: Sequence[Callable[[_Case, _Group], Decision | None]] = (_interval, _window, _in_flight, _stale)
"""What holds one statement back, in this order."""


# Levels ---------------------------------------------------------------------------------------------------------------


def _groups(case: _Case) -> Iterator[_Group]:
    """What is to be told, by currency; by invoice for whom wants it so."""
    apart = case.ledger.customer in case.cadence.one_by_one
    found: dict[tuple[str, int], list[Line]] = {}
    for line in case.open:
        if _days(line, case.today) >= case.cadence.levels[0].after:
            found.setdefault((line.currency, line.invoice if apart else 0), []).append(line)
    for lines in found.values():
        reached = {line.invoice: level for line in lines if (level := reach(case, line)) is not None}
        if reached and sum(line.residual for line in lines) > case.cadence.tolerance:
            yield _group(case, lines, reached)


def _group(case: _Case, lines: Sequence[Line], reached: Mapping[int, int]) -> _Group:
    level = max(reached.values())
    raised = tuple(line for line in lines if reached.get(line.invoice) == level)
    last = min(_last(case.history, line) for line in raised)
    return _Group(_in_order(lines), level, raised, tuple(range(last + 1, level)))


def reach(case: _Case, line: Line) -> int | None:
    """The level that is to be told about an invoice now; None: he has heard what there is to say.

    Of several that are overdue the highest, once; what is grave only after the level before it.
    """
    levels, last = case.cadence.levels, _last(case.history, line)
    due = [number for number, level in enumerate(levels) if level.after <= _days(line, case.today)]
    if not due or due[-1] <= last:
        return None
    told = case.history.told.get(line.invoice)
    if told is not None and told.revision == line.revision and line.residual < told.residual:
        return last  # he paid a part: he hears how much is left before he hears a harder word
    return max((each for each in due if each > last and _reachable(levels, each, last)), default=None)


def _reachable(levels: Sequence[Level], number: int, last: int) -> bool:
    return not levels[number].grave or last == number - 1


def _last(history: History, line: Line) -> int:
    told = history.told.get(line.invoice)
    return told.level if told else -1


def _days(line: Line, today: date) -> int:
    return (today - line.due).days


def _in_order(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.due, line.invoice)))


def _next_level(case: _Case) -> Decision:
    """Nothing is due: when the next level of any invoice is."""
    days = [
        line.due + timedelta(days=level.after)
        for line in case.open
        for number, level in enumerate(case.cadence.levels)
        if number > _last(case.history, line) and line.due + timedelta(days=level.after) > case.today
    ]
    return case.wait(Why.NOT_DUE, case.opening(min(days)) if days else None)


def business_day_after(day: date, count: int, hours: Hours) -> date:
    """The day by which so many business days have begun since."""
    zone = ZoneInfo(hours.zone)
    for _ in range(count):
        day = next_allowed(instant(day + DAY, time.min, zone), hours, (hours.zone,)).astimezone(zone).date()
    return day


def still_true(lines: Mapping[int, Decimal], ledger: Ledger, history: History, now: datetime) -> bool:
    """Whether a statement that was written may still leave: each amount stands, and nothing holds him back since."""
    there = {line.invoice: line.residual for line in ledger.lines if line.invoice not in history.disputed}
    paused = history.pause is not None and (history.pause.until is None or history.pause.until > now)
    return not (paused or ledger.blocked or ledger.manual or history.promised) and all(
        there.get(invoice) == residual for invoice, residual in lines.items()
    )
