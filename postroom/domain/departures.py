"""When messages would leave, by quiet hours, paces, the day's SMS budget and the hourly ceiling. Pure.

As in the dispatch room: what must wait is looked at again when its time has come, by every rule anew.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies
from postroom.domain.messages import State, Urgency
from postroom.domain.pacing import Pacing, Rate, admitted
from postroom.domain.safety import UNCOUNTED, Leave, before_sending
from postroom.domain.simulation import Message

HOUR = timedelta(hours=1)
NOTICEABLE = timedelta(seconds=1)
"""A shorter wait for a provider's pace is not told of."""


class Ending(StrEnum):
    """What becomes of a message."""

    LEAVES = "leaves"
    HELD = "held"  # for an operator: it tells of what happened before the cut-off
    EXPIRED = "expired"  # stale before it could leave


@dataclass(frozen=True, slots=True)
class Departure:
    """One message, and when it leaves."""

    message: Message
    ending: Ending
    at: datetime | None
    """When it leaves; None: it does not."""
    waits: tuple[str, ...] = ()
    """What it waited for: quiet_hours, pace, sms_budget, ceiling."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps a flood back."""

    hourly_ceiling: int
    pacings: Mapping[ChannelName, Pacing] = field(default_factory=dict)


class _Turn(NamedTuple):
    """A message that is looked at next."""

    at: datetime
    number: int


def depart(messages: Iterable[Message], companies: Companies, limits: Limits) -> list[Departure]:
    """When each message leaves, in the order in which they were given."""
    yard = _Yard(tuple(messages), companies, limits)
    yard.work()
    return yard.departures()


class _Yard:
    """The messages that wait, and what was spent so far."""

    def __init__(self, messages: Sequence[Message], companies: Companies, limits: Limits) -> None:
        self._messages = messages
        self._companies = companies
        self._limits = limits
        self._queue = [_Turn(message.told_at, number) for number, message in enumerate(messages)]
        self._waits: list[tuple[str, ...]] = [()] * len(messages)
        self._ends: list[tuple[Ending, datetime | None]] = [(Ending.EXPIRED, None)] * len(messages)
        self._paced: set[int] = set()
        self._promised: dict[int, datetime] = {}
        self._due: dict[tuple[ChannelName, str], float] = {}
        self._segments: Counter[tuple[str, date]] = Counter()
        self._hours: Counter[tuple[str, datetime]] = Counter()

    def work(self) -> None:
        """Look at every message until each has left or has ended."""
        heapq.heapify(self._queue)
        while self._queue:
            turn = heapq.heappop(self._queue)
            message = self._messages[turn.number]
            verdict = before_sending(message.prospect, message.terms, turn.at)
            if isinstance(verdict, Leave):
                self._through_limits(turn, message)
            elif verdict.until is not None:
                self._wait(turn, verdict.reason, verdict.until)
            else:
                self._ends[turn.number] = (Ending.HELD if verdict.state is State.HELD else Ending.EXPIRED, None)

    def departures(self) -> list[Departure]:
        """What became of each."""
        ends = zip(self._messages, self._ends, self._waits, strict=True)
        return [Departure(message, ending, at, waits) for message, (ending, at), waits in ends]

    def _wait(self, turn: _Turn, reason: str, until: datetime) -> None:
        """Look again then; a place in an hour that was promised is given to somebody else."""
        if (hour := self._promised.pop(turn.number, None)) is not None:
            self._hours[self._messages[turn.number].company, hour] -= 1
        self._note(turn.number, reason)
        heapq.heappush(self._queue, _Turn(until, turn.number))

    def _note(self, number: int, reason: str) -> None:
        if reason not in self._waits[number]:
            self._waits[number] += (reason,)

    def _through_limits(self, turn: _Turn, message: Message) -> None:
        if turn.number not in self._paced:
            self._paced.add(turn.number)
            wait = self._turn_at_pace(message, turn.at.timestamp())
            if wait:
                if wait >= NOTICEABLE:
                    self._note(turn.number, "pace")
                heapq.heappush(self._queue, _Turn(turn.at + wait, turn.number))
                return
        if not self._affordable(message, turn.at):
            self._wait(turn, "sms_budget", _midnight_after(turn.at))
        elif self._under_ceiling(turn, message):
            if message.channel is ChannelName.SMS:
                self._segments[message.company, turn.at.date()] += message.pieces
            self._ends[turn.number] = (Ending.LEAVES, turn.at)

    def _turn_at_pace(self, message: Message, now: float) -> timedelta:
        """How long it waits for its turn; the turn is taken, so that nobody is asked twice."""
        pacing = self._limits.pacings.get(message.channel, Pacing())
        meters = (((message.channel, message.address), pacing.pair), ((message.channel, ""), pacing.sender))
        at = now
        for key, rate in meters:
            if rate is not None:
                at = max(at, now + admitted(self._due.get(key, 0.0), now, rate)[0])
        for key, rate in meters:
            if rate is not None:
                self._due[key] = _following(self._due.get(key, 0.0), at, rate)
        return timedelta(seconds=at - now)

    def _affordable(self, message: Message, at: datetime) -> bool:
        if message.channel is not ChannelName.SMS or message.urgency is Urgency.URGENT:
            return True
        budget = self._companies.of(message.company).sms_segments_per_day
        return self._segments[message.company, at.date()] + message.pieces <= budget

    def _under_ceiling(self, turn: _Turn, message: Message) -> bool:
        """Whether there is room in this hour; else a place is promised in the next that has some."""
        hour = _hour_of(turn.at)
        if message.channel in UNCOUNTED or self._promised.pop(turn.number, None) == hour:
            return True
        following = hour
        while self._hours[message.company, following] >= self._limits.hourly_ceiling:
            following += HOUR
        self._hours[message.company, following] += 1
        if following == hour:
            return True
        self._promised[turn.number] = following
        self._note(turn.number, "ceiling")
        heapq.heappush(self._queue, _Turn(following, turn.number))
        return False


def _following(due: float, at: float, rate: Rate) -> float:
    return max(due, at) + rate.every.total_seconds()


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _midnight_after(at: datetime) -> datetime:
    return datetime.combine(at.date() + timedelta(days=1), time(), UTC)
