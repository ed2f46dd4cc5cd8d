"""Chains: who is asked, reminded and told about something, and when, until somebody decides.

A chain is pinned to a run when it begins; who its audiences are is read each time that a step is due.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
from typing import Any

from postroom.domain.event_types import matches
from postroom.domain.quiet_hours import Hours, open_for


class Deed(StrEnum):
    """What a step does."""

    NOTIFY = "notify"
    REMIND = "remind"
    ESCALATE = "escalate"
    SWITCH = "switch"  # the same people by another rule, as SMS after 24 h
    OPERATORS = "operators"
    GIVE_UP = "give_up"


MIN_INTERVAL = timedelta(minutes=15)
MOST_USERS = 2**31 - 1
"""The highest number that Odoo gives to anything."""
WRITES = frozenset({Deed.NOTIFY, Deed.REMIND, Deed.ESCALATE, Deed.SWITCH})
"""Deeds that send somebody a message."""


class Whom(StrEnum):
    """Kinds of audience."""

    ASKED = "asked"  # whom the event named
    MANAGER = "manager"  # of those asked
    ROLE = "role"  # everybody in a group of Odoo
    USER = "user"  # one user of Odoo
    OWNER = "owner"  # who answers for the chain


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a step, as the file names them: asked, manager, owner, role:<group>, user:<id>."""

    whom: Whom
    name: str = ""

    def __str__(self) -> str:
        return f"{self.whom}:{self.name}" if self.name else self.whom.value

    @classmethod
    def parse(cls, word: str) -> "Audience":
        """From one word. Raises ValueError for what names nobody."""
        whom, _, name = word.partition(":")
        needs_name = whom in {Whom.ROLE, Whom.USER}
        if whom not in set(Whom) or bool(name) is not needs_name:
            raise ValueError(f"{word!r} names nobody; write asked, manager, owner, role:<group> or user:<id>")
        if whom == Whom.USER and not (name.isascii() and name.isdecimal() and 0 < int(name) <= MOST_USERS):
            raise ValueError(f"{word!r} is no user of Odoo; write user: and the number of the user")
        return cls(Whom(whom), name)


class Needs(StrEnum):
    """How many of a level must agree."""

    ANY = "any"
    ALL = "all"
    QUORUM = "quorum"


class Waits(StrEnum):
    """By which clock a step waits."""

    ELAPSED = "elapsed"
    BUSINESS = "business"


class OnLate(StrEnum):
    """What becomes of steps that are overdue together, after the house was down."""

    LATEST = "latest"  # only the newest of them is done
    EACH = "each"  # every one, the minimum interval apart


@dataclass(frozen=True, slots=True)
class Condition:
    """When a step, a level or a chain applies; what is not said always holds."""

    over: Decimal | None = None
    """The document's amount is above this."""
    currency: str | None = None
    companies: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()

    def holds(self, case: "Case") -> bool:
        """Whether it applies to a case. An amount in another currency is above nothing."""
        amount = case.amount if self.currency in (None, case.currency) else None
        return (
            (self.over is None or (amount is not None and amount > self.over))
            and (not self.companies or case.company in self.companies)
            and (not self.models or case.model in self.models)
        )


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Case:
    """What conditions look at."""

    company: str
    model: str
    amount: Decimal | None = None
    currency: str | None = None


def case_of(payload: Mapping[str, Any], company: str) -> Case:
    """What conditions look at in an event, as it came."""
    data = payload.get("data") or {}
    block: Mapping[str, Any] = data.get("approval") or data.get("alert") or {}
    try:
        amount = Decimal(str(block["amount"])) if block.get("amount") is not None else None
    except InvalidOperation:
        amount = None
    return Case(company, str(block.get("model") or ""), amount, block.get("currency"))


@dataclass(frozen=True, slots=True)
class Level:
    """One bench of approvers; the next is asked when this one has agreed."""

    to: tuple[Audience, ...] = (Audience(Whom.ASKED),)
    needs: Needs = Needs.ANY
    quorum: int = 1
    """How many must agree, where `needs` is quorum."""
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a chain does."""

    name: str
    deed: Deed
    after: timedelta
    """Since the question was put; 0 for the question itself."""
    to: tuple[Audience, ...] = ()
    """Empty: whomever the level asks."""
    by: str = ""
    """The message type that carries it: a rule of routing.yaml."""
    waits: Waits = Waits.ELAPSED
    when: Condition = ALWAYS
    times: int = 1
    every: timedelta = timedelta()
    """Between two of several `times`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One firing of a step: unique in its run."""

    step_no: int
    turn: int
    """Of several `times`."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What is done about one kind of event until somebody decides."""

    key: str
    event: str
    """A type of event, or a family (alert.*)."""
    steps: tuple[Step, ...]
    owner: Audience
    """Who answers for it when nobody else can be reached or has decided."""
    levels: tuple[Level, ...] = (Level(),)
    when: Condition = ALWAYS
    on_late: OnLate = OnLate.LATEST
    min_interval: timedelta = MIN_INTERVAL
    """Between two steps of one run, however late they are."""
    moments: tuple[Moment, ...] = field(init=False, compare=False, repr=False)
    """Every firing in order, of one level."""

    def __post_init__(self) -> None:
        """No chain that asks nobody, or goes back in time, can be built."""
        turns = (Moment(number, turn) for number, step in enumerate(self.steps) for turn in range(step.times))
        object.__setattr__(self, "moments", tuple(turns))
        if not self.steps or self.steps[0].after != timedelta() or self.steps[0].deed is not Deed.NOTIFY:
            raise ValueError(f"chain {self.key!r} must begin with a step that notifies at once")
        offsets = [self.offset(moment) for moment in self.moments]
        if any(later <= earlier for earlier, later in pairwise(offsets)):
            raise ValueError(f"chain {self.key!r} has a step that is not later than the one before it")

    def offset(self, moment: Moment) -> timedelta:
        """How long after the question it is due."""
        step = self.steps[moment.step_no]
        return step.after + step.every * moment.turn

    def level_of(self, place: int) -> int:
        """The bench that a place in a run belongs to: each is taken through all moments."""
        return place // len(self.moments)

    def level_asked(self, place: int) -> int:
        """The bench that is asked while a place is due next: that of the step before, or it has not been asked yet."""
        return self.level_of(max(place - 1, 0))

    def step_at(self, place: int) -> Step:
        """The step that a place in a run stands for."""
        return self.steps[self.moments[place % len(self.moments)].step_no]

    def levels_for(self, case: Case) -> tuple[Level, ...]:
        """The benches that a case must pass; never none."""
        return tuple(level for level in self.levels if level.when.holds(case)) or self.levels[:1]


def chain_for(event_type: str, case: Case, chains: Sequence[Chain]) -> Chain | None:
    """The first chain that is meant for this kind of event and this case."""
    return next((each for each in chains if matches(each.event, event_type) and each.when.holds(case)), None)


# What a run does next -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What is read late about a run whose step is due."""

    place: int
    """What is due: its index in the moments of all levels."""
    levels: int
    began: datetime
    """When its present level was begun."""
    reached: Mapping[int, datetime] = field(default_factory=dict)
    """By place, when a provider took the first of its messages; what may have arrived counts from its attempt."""
    open: bool = False
    """A message of the place that was fired last may still leave."""


@dataclass(frozen=True, slots=True)
class Fire:
    """Do this now; what was overdue before it is passed over."""

    place: int
    skipped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again then."""

    until: datetime
    why: str


LOOK_AGAIN = timedelta(minutes=5)
"""While nobody has been reached yet, and somebody still may be."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The business hours that a chain may wait by, and on whose clock."""

    hours: Hours
    zone: str


def next_move(
    chain: Chain, standing: Standing, now: datetime, *, applies: Container[int], calendar: Calendar
) -> Fire | Wait | None:
    """What a run does whose step is due; None: it is at its end. `applies`: places whose condition holds.

    A step counts from when the last one before it was taken by a provider, so that an outage does not escalate people
    who were never asked; where nobody could be reached at all, nothing is waited for.
    """
    place = following(chain, standing.place, standing.levels, applies)
    if place is None:
        return None
    reached = _reached(chain, standing, place)
    if reached is None and standing.open:
        return Wait(now + LOOK_AGAIN, "the messages before it have reached nobody yet")
    if reached is None:  # the question itself, or one that reached nobody at all
        return Fire(place, _passed(standing, place))
    earliest = _earliest(chain, standing, place, calendar)
    if earliest > now:
        return Wait(earliest, "it is not due before")
    late = chain.on_late is OnLate.LATEST
    latest = _latest(chain, standing, place, applies, now, calendar) if late else place
    return Fire(latest, _passed(standing, latest))


def following(chain: Chain, place: int, levels: int, applies: Container[int]) -> int | None:
    """The first place from here on, on the same level, whose condition holds; None at its end."""
    size = len(chain.moments)
    if place >= levels * size:
        return None
    return next((each for each in range(place, (place // size + 1) * size) if each in applies), None)


def expected(
    chain: Chain, place: int, *, after: int, reached_at: datetime, began: datetime, calendar: Calendar
) -> datetime:
    """When a place is due, if the place `after`, on the same level, reached somebody at `reached_at`."""
    size = len(chain.moments)
    moment, before = chain.moments[place % size], chain.moments[after % size]
    if chain.step_at(place).waits is Waits.BUSINESS:
        at = open_for(began, chain.offset(moment), calendar.hours, calendar.zone)
    else:
        at = reached_at + (chain.offset(moment) - chain.offset(before))
    return max(at, reached_at + chain.min_interval)


def _passed(standing: Standing, place: int) -> tuple[int, ...]:
    return tuple(range(standing.place, place))


def _reached(chain: Chain, standing: Standing, place: int) -> int | None:
    """The last place of this level that reached somebody."""
    level = chain.level_of(place)
    return max((each for each in standing.reached if chain.level_of(each) == level and each < place), default=None)


def _earliest(chain: Chain, standing: Standing, place: int, calendar: Calendar) -> datetime:
    after = _reached(chain, standing, place)
    if after is None:
        return standing.began
    return expected(
        chain, place, after=after, reached_at=standing.reached[after], began=standing.began, calendar=calendar
    )


def _latest(
    chain: Chain, standing: Standing, place: int, applies: Container[int], now: datetime, calendar: Calendar
) -> int:
    """Of the messages of this level that are overdue together, the last; nobody is given up on before he is asked."""
    size = len(chain.moments)
    overdue = [
        each
        for each in range(place, (place // size + 1) * size)
        if each in applies and chain.step_at(each).deed in WRITES and _earliest(chain, standing, each, calendar) <= now
    ]
    return overdue[-1] if overdue else place
