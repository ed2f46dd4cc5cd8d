"""Cadences: on which day after its due date an invoice is asked for, in which tone, and what must be so before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

from postroom.domain.quiet_hours import Hours, Window


class Tone(StrEnum):
    """How a statement is worded. Templates compare it."""

    COURTESY = "courtesy"
    FRIENDLY = "friendly"
    REMINDER = "reminder"
    FIRM = "firm"
    FORMAL = "formal"


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a cadence."""

    name: str
    after: int
    """Days after the due date; before it where negative."""
    tone: Tone = Tone.REMINDER
    by: str = ""
    """The message type that the customer gets: a rule of routing.yaml; empty: he gets none."""
    nudge: bool = False
    """Whoever looks after the customer is asked to call him."""
    approval: bool = False
    """A person agrees before it is sent."""
    hand_over: bool = False
    """The invoice is a person's from here on; nothing more is sent about it."""

    @property
    def grave(self) -> bool:
        """It is reached only from the level before it: nobody gets a formal notice as the first word."""
        return self.approval or self.hand_over


Week = tuple[tuple[Window, ...], ...]
ELSEWHERE = "default"
"""Under this name stand the hours of countries that are not named."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How one kind of customer is asked for what he owes."""

    key: str
    levels: tuple[Level, ...]
    windows: Mapping[str, Week]
    """By country: when the law and good manners let one write about money."""
    min_interval: timedelta = timedelta(days=5)
    """Between two statements about the same invoices."""
    tolerance: Decimal = Decimal(1)
    """What is not worth asking for, in any currency."""
    stale_after: timedelta = timedelta(days=4)
    """A bank feed that is older hides payments."""
    stale_from: int = 2
    """From this level on nothing is sent upon an old bank feed."""
    promise_within: timedelta = timedelta(days=7)
    """When a promise is to be kept that names no day."""
    most_promises: int = 2
    reply_pause: int = 2
    """Business days for a person to answer what a customer wrote."""
    dispute_review: timedelta = timedelta(days=14)
    strategic: frozenset[str] = frozenset()
    """Customers, as in partner:42, of whom only colleagues hear before `strategic_from`."""
    strategic_from: int = 3
    one_by_one: frozenset[str] = frozenset()
    """Customers who get a statement for each invoice."""

    def __post_init__(self) -> None:
        """Levels follow one another, and what is grave comes last."""
        if not self.levels or any(later.after <= earlier.after for earlier, later in pairwise(self.levels)):
            raise ValueError(f"cadence {self.key!r} needs levels, each later than the one before it")
        if any(earlier.grave and not later.grave for earlier, later in pairwise(self.levels)):
            raise ValueError(f"cadence {self.key!r} has a level without approval after one that needs it")
        if self.levels[0].grave:
            raise ValueError(f"cadence {self.key!r} begins with a level that somebody must have been warned of")
        if ELSEWHERE not in self.windows:
            raise ValueError(f"cadence {self.key!r} says not when countries are written to that it does not name")

    def hours(self, country: str, company: Hours) -> Hours:
        """When a customer of a country may be written to; his holidays and the company's are quiet."""
        return Hours(self.windows.get(country, self.windows[ELSEWHERE]), company.zone, company.holidays)


@dataclass(frozen=True, slots=True)
class Cadences:
    """Which companies ask for what they are owed, and how. A company that is not named asks nobody."""

    by_company: Mapping[str, Cadence] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, company: str) -> Cadence | None:
        """A company's cadence."""
        return self.by_company.get(company)
