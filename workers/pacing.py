"""Keeping to a provider's pace, all workers together by meters in Redis; without it each process has its own."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import redis
import structlog

from postroom.domain.channels import ChannelName
from postroom.domain.pacing import Pacing, Rate, admitted
from workers.metrics import PACED

ALONE = 2
"""Without Redis each process goes at this fraction of the pace: a channel seldom has more processes."""
MOST_METERS = 10_000

log = structlog.get_logger()

# Per leg: asks the pair's meter, then the sender's; takes from both or from neither. Times are Redis's own, in
# milliseconds. Returns two numbers per leg: the wait, and whose it is (0 nobody's, 1 the sender's, 2 the pair's).
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local every, slack, pair_every, pair_slack = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}
local function due(key) return tonumber(redis.call('GET', key) or '0') end
local function take(key, from, step, spare)
    local following = math.max(from, now) + step
    redis.call('SET', key, string.format('%.3f', following), 'PX', math.ceil(following - now + spare) + 1000)
end
for index = 2, #KEYS do
    local pair_wait, pair_due = 0, 0
    if pair_every > 0 then
        pair_due = due(KEYS[index])
        pair_wait = pair_due - pair_slack - now
    end
    local wait, sender_due = 0, 0
    if every > 0 then
        sender_due = due(KEYS[1])
        wait = sender_due - slack - now
    end
    if pair_wait > 0 then
        answers[#answers + 1], answers[#answers + 2] = math.ceil(pair_wait), 2
    elseif wait > 0 then
        answers[#answers + 1], answers[#answers + 2] = math.ceil(wait), 1
    else
        if pair_every > 0 then take(KEYS[index], pair_due, pair_every, pair_slack) end
        if every > 0 then take(KEYS[1], sender_due, every, slack) end
        answers[#answers + 1], answers[#answers + 2] = 0, 0
    end
end
return answers
"""


class Whose(StrEnum):
    """Whose pace a message has to wait for."""

    NOBODY = "nobody"
    SENDER = "sender"
    PAIR = "pair"


_WHOSE = tuple(Whose)


@dataclass(frozen=True, slots=True)
class Turn:
    """When one message may go: now, or after so many seconds, and for whose sake."""

    wait: float = 0.0
    whose: Whose = Whose.NOBODY


@dataclass(slots=True)
class LocalMeters:
    """This process's own meters, for as long as Redis is away."""

    _due: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turns(self, keys: Sequence[str], pacing: Pacing) -> list[Turn]:
        """As the script, on this process's clock."""
        with self._lock:
            if len(self._due) > MOST_METERS:
                self._due.clear()
            return [self._turn(keys[0], key, pacing, time.monotonic()) for key in keys[1:]]

    def _turn(self, sender: str, pair: str, pacing: Pacing, now: float) -> Turn:
        asked = ((pair, pacing.pair, Whose.PAIR), (sender, pacing.sender, Whose.SENDER))
        taken: dict[str, float] = {}
        for key, rate, whose in asked:
            if rate is not None:
                wait, following = admitted(self._due.get(key, 0.0), now, rate)
                if wait > 0:
                    return Turn(wait, whose)
                taken[key] = following
        self._due |= taken
        return Turn()


class Pacer:
    """Tells each message of a window when it may go. Never fails, and loses nothing when Redis does."""

    def __init__(self, client: redis.Redis, pacings: Mapping[ChannelName, Pacing]) -> None:
        self._redis = client
        self._script = client.register_script(_SCRIPT)
        self._pacings = pacings
        self._alone = LocalMeters()

    def turns(self, channel: ChannelName, account: str, people: Sequence[str]) -> list[Turn]:
        """One turn per person, in order; whoever may go now has been counted."""
        pacing = self._pacings[channel]
        if not people or (pacing.sender is None and pacing.pair is None):
            return [Turn()] * len(people)
        keys = [f"postroom:pace:{channel}:{account}", *(f"postroom:pair:{channel}:{account}:{who}" for who in people)]
        try:
            turns = self._shared(keys, pacing)
        except redis.RedisError as error:
            log.warning("paced_alone", channel=channel.value, error=type(error).__name__)
            turns = self._alone.turns(keys, Pacing(_slower(pacing.sender), pacing.pair))
        for turn in turns:
            if turn.wait:
                PACED.labels(channel=channel.value, whose=turn.whose.value).inc()
        return turns

    def _shared(self, keys: Sequence[str], pacing: Pacing) -> list[Turn]:
        answers: list[int] = self._script(keys=keys, args=[*_milliseconds(pacing.sender), *_milliseconds(pacing.pair)])
        return [Turn(wait / 1000, _WHOSE[whose]) for wait, whose in zip(answers[::2], answers[1::2], strict=True)]


def _milliseconds(rate: Rate | None) -> tuple[float, float]:
    return (rate.every.total_seconds() * 1000, rate.slack.total_seconds() * 1000) if rate else (0, 0)


def _slower(rate: Rate | None) -> Rate | None:
    return replace(rate, every=rate.every * ALONE) if rate else None
