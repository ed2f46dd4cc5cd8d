"""A chain told before it runs: the same decisions as a run makes, on a clock that only jumps.

What a run reads late is supposed here: every message is taken as soon as it may leave, and answers come when one says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from postroom.domain.approvals import Answer
from postroom.domain.escalation import (
    WRITES,
    Calendar,
    Case,
    Chain,
    Deed,
    Fire,
    Standing,
    Wait,
    expected,
    following,
    next_move,
)
from postroom.domain.quiet_hours import next_allowed
from postroom.domain.routing import Rule
from postroom.domain.voting import tally


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody on the bench that is asked answers."""

    answer: Answer
    after: timedelta
    """Since the first question."""


@dataclass(frozen=True, slots=True)
class Down:
    """The house stands still: it is switched off, or its host is away."""

    after: timedelta
    until: timedelta


@dataclass(frozen=True, slots=True)
class Supposed:
    """What one supposes of a run."""

    case: Case
    at: datetime
    calendar: Calendar
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """By message type: those whose messages wait in quiet hours are taken late."""
    answers: Sequence[Given] = ()
    people: int = 1
    """On each bench."""
    down: Down | None = None


class What(StrEnum):
    """Kinds of entry."""

    FIRED = "fired"
    PASSED_OVER = "passed_over"  # overdue together with a later one
    LEFT_OUT = "left_out"  # its condition does not hold
    HELD = "held"  # its message waits for the hours of its reader
    ANSWERED = "answered"
    AGREED = "agreed"  # a bench, and another one follows
    DECIDED = "decided"
    UNENDED = "unended"  # every step was taken, and it waits on


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happens, or does not."""

    what: What
    at: datetime
    level: int
    """The bench, from 0."""
    place: int | None = None
    """Of the step that it is about."""
    answer: Answer | None = None
    until: datetime | None = None
    """Of what is held: when it leaves."""
    late: timedelta = timedelta()
    """After the time that the file gives it."""


def timeline(chain: Chain, supposed: Supposed) -> list[Entry]:
    """Everything that happens, in order, until it ends or nothing follows."""
    return _Play(chain, supposed).whole()


@dataclass(slots=True)
class _Play:
    """One run in one's mind; each part mirrors what a run writes down."""

    chain: Chain
    supposed: Supposed
    entries: list[Entry] = field(default_factory=list)
    reached: dict[int, datetime] = field(default_factory=dict)
    votes: dict[str, Answer] = field(default_factory=dict)
    place: int = 0
    """What is due next."""
    began: datetime = field(init=False)
    """When the present level was."""
    due: datetime | None = None
    ended: bool = False

    def __post_init__(self) -> None:
        self.began = self.supposed.at

    @property
    def levels(self) -> int:
        """How many benches this case has to pass."""
        return len(self.chain.levels_for(self.supposed.case))

    @property
    def applies(self) -> frozenset[int]:
        """The places whose condition holds."""
        places = range(self.levels * len(self.chain.moments))
        return frozenset(place for place in places if self.chain.step_at(place).when.holds(self.supposed.case))

    def whole(self) -> list[Entry]:
        """From the first question to the end."""
        self._put(0, self.supposed.at)
        given = sorted(self.supposed.answers, key=lambda each: each.after)
        for each in given:
            self._until(self._awake(self.supposed.at + each.after))
            if not self.ended:
                self._hear(each.answer, self._awake(self.supposed.at + each.after))
        self._until(None)
        if not self.ended:
            last = max(entry.at for entry in self.entries)
            self.entries.append(Entry(What.UNENDED, last, self.chain.level_asked(self.place)))
        return self.entries

    def _until(self, end: datetime | None) -> None:
        """Let the timers fire that are due before `end`; an answer at that very moment comes first."""
        while not self.ended and self.due is not None:
            now = self._awake(self.due)
            if end is not None and now >= end:
                return
            self._weigh(now)

    def _awake(self, at: datetime) -> datetime:
        """When the house gets to what is due at a time."""
        down = self.supposed.down
        if down is not None and self.supposed.at + down.after <= at < self.supposed.at + down.until:
            return self.supposed.at + down.until
        return at

    # As the steps of a run are fired ----------------------------------------------------------------------------------

    def _weigh(self, now: datetime) -> None:
        taken = {place: at for place, at in self.reached.items() if at <= now}
        held = self.reached.get(self.place - 1, now) > now
        standing = Standing(self.place, self.levels, self.began, taken, open=held)
        move = next_move(self.chain, standing, now, applies=self.applies, calendar=self.supposed.calendar)
        if isinstance(move, Wait):
            self.due = move.until
        elif isinstance(move, Fire):
            self._fire(move, now)
        else:
            self.due = None

    def _put(self, level: int, now: datetime) -> None:
        place = following(self.chain, level * len(self.chain.moments), self.levels, self.applies)
        assert place is not None  # the question itself depends on nothing
        self.place, self.began = place, now
        self._fire(Fire(place), now)

    def _fire(self, move: Fire, now: datetime) -> None:
        chain, place = self.chain, move.place
        step, level = chain.step_at(place), chain.level_of(place)
        for each in range(self.place, place):
            what = What.PASSED_OVER if each in self.applies else What.LEFT_OUT
            self.entries.append(Entry(what, now, level, each))
        self.entries.append(Entry(What.FIRED, now, level, place, late=self._late(place, now)))
        self.place = place + 1
        if step.deed in WRITES:
            self._leave(place, now)
        if step.deed is Deed.GIVE_UP:
            self._end()
        else:
            self._next(place, now, reached=step.deed in WRITES)

    def _leave(self, place: int, now: datetime) -> None:
        """Its message is taken at once, or when its reader may be written to."""
        rule, calendar = self.supposed.rules.get(self.chain.step_at(place).by), self.supposed.calendar
        quiet = rule is not None and rule.quiet_hours
        at = next_allowed(now, calendar.hours, [calendar.zone]) if quiet else now
        self.reached[place] = at
        if at > now:
            self.entries.append(Entry(What.HELD, now, self.chain.level_of(place), place, until=at))

    def _next(self, place: int, now: datetime, *, reached: bool) -> None:
        chain = self.chain
        after = following(chain, place + 1, self.levels, self.applies)
        if after is None or chain.level_of(after) != chain.level_of(place):
            self._skip_rest(place, now)
            self.due = None
        elif reached or any(at <= now for at in self.reached.values()):
            hours = self.supposed.calendar
            self.due = expected(chain, after, after=place, reached_at=now, began=self.began, calendar=hours)
        else:
            self.due = now

    def _skip_rest(self, place: int, now: datetime) -> None:
        """What is left of the level never applies."""
        level, size = self.chain.level_of(place), len(self.chain.moments)
        rest = range(place + 1, (level + 1) * size)
        self.entries += [Entry(What.LEFT_OUT, now, level, each) for each in rest]

    def _late(self, place: int, now: datetime) -> timedelta:
        size, calendar = len(self.chain.moments), self.supposed.calendar
        first = place - place % size
        if place == first:
            return timedelta()
        at = expected(self.chain, place, after=first, reached_at=self.began, began=self.began, calendar=calendar)
        return max(timedelta(), now - at)

    # As answers are heard ---------------------------------------------------------------------------------------------

    def _hear(self, answer: Answer, now: datetime) -> None:
        number = self.chain.level_asked(self.place)
        level = self.chain.levels_for(self.supposed.case)[number]
        bench = frozenset(str(each) for each in range(max(self.supposed.people, level.quorum)))
        self.votes[str(len(self.votes))] = answer
        self.entries.append(Entry(What.ANSWERED, now, number, answer=answer))
        outcome = tally(level, self.votes, bench)
        if outcome is Answer.APPROVE and number + 1 < self.levels:
            self.entries.append(Entry(What.AGREED, now, number, answer=outcome))
            self.votes = {}
            self._put(number + 1, now)
        elif outcome is not None:
            self.entries.append(Entry(What.DECIDED, now, number, answer=outcome))
            self._end()

    def _end(self) -> None:
        self.due, self.ended = None, True
