"""What to do after one attempt to deliver one message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from postroom.domain.channels import ChannelName, Fault, Pace, Verdict
from postroom.domain.messages import Urgency
from postroom.domain.safety import PROBE_EVERY

JITTER = 0.1
"""How far a wait of a written schedule strays, so that what failed together does not come back together."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits that somebody else wrote down one by one; there is one more try than there are waits."""

    waits: tuple[timedelta, ...]
    patience: timedelta
    """Replaces the retry budget of messages that are not urgent."""

    @property
    def tries(self) -> int:
        """How many tries it is worth."""
        return len(self.waits) + 1

    @property
    def floor(self) -> timedelta:
        """The least wait."""
        return min(self.waits) * (1 - JITTER)

    @property
    def cap(self) -> timedelta:
        """The longest wait."""
        return max(self.waits) * (1 + JITTER)

    def wait(self, tries: int, roll: float) -> timedelta:
        """The nth wait, a little earlier or later by the caller's dice in [0, 1)."""
        return self.waits[min(tries, len(self.waits) - 1)] * (1 - JITTER + 2 * JITTER * roll)


@dataclass(frozen=True, slots=True)
class Backoff:
    """A geometric series of waits, and how many tries it is worth."""

    first: timedelta
    factor: float
    cap: timedelta
    tries: int
    floor: timedelta = timedelta()
    """Jitter never goes below this: the provider named a least wait."""
    patience: timedelta | None = None
    """Replaces the retry budget of messages that are not urgent: a greylist passes if one waits long enough."""

    def wait(self, tries: int, roll: float) -> timedelta:
        """Full jitter over the nth wait: `roll` in [0, 1) is the caller's dice.

        Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
        """
        ceiling = min(self.cap, self.first * self.factor ** min(tries, 12))
        return max(self.floor, ceiling * roll)


PACES: Mapping[Pace, Backoff | Schedule] = MappingProxyType(
    {
        Pace.STANDARD: Backoff(timedelta(seconds=1), 4, timedelta(minutes=15), tries=8),
        Pace.THROTTLED: Backoff(timedelta(seconds=5), 1, timedelta(seconds=5), tries=40, floor=timedelta(seconds=1)),
        Pace.PAIR: Backoff(timedelta(seconds=4), 4, timedelta(hours=1), tries=7, floor=timedelta(seconds=4)),
        Pace.ONCE: Backoff(timedelta(seconds=60), 1, timedelta(seconds=60), tries=2, floor=timedelta(seconds=60)),
        Pace.TWICE: Backoff(timedelta(seconds=15), 4, timedelta(minutes=1), tries=3),
        Pace.MAINTENANCE: Backoff(timedelta(minutes=5), 1, timedelta(minutes=5), tries=12, floor=timedelta(minutes=1)),
        Pace.GREYLIST: Backoff(
            timedelta(minutes=5),
            3,
            timedelta(hours=6),
            tries=12,
            floor=timedelta(minutes=5),
            patience=timedelta(hours=48),
        ),
        Pace.LATE: Backoff(timedelta(minutes=60), 1, timedelta(minutes=60), tries=24, floor=timedelta(minutes=15)),
        Pace.BESIDE: Backoff(timedelta(seconds=5), 4, timedelta(hours=3), tries=12),
        # Standard Webhooks, "Deliverability and reliability": five seconds, five minutes, ... a day; some three days.
        Pace.RECEIVER: Schedule(
            (
                timedelta(seconds=5),
                timedelta(minutes=5),
                timedelta(minutes=30),
                *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
            ),
            patience=timedelta(days=4),
        ),
        Pace.NEXT_DAY: Backoff(
            timedelta(hours=30),
            1,
            timedelta(hours=30),
            tries=3,
            floor=timedelta(hours=24),
            # Its first wait is longer than a day's budget: without this it would never try again at all.
            patience=timedelta(hours=72),
        ),
    }
)

RETRY_BUDGET: Mapping[Urgency, timedelta] = MappingProxyType(
    {
        Urgency.URGENT: timedelta(minutes=10),
        Urgency.NORMAL: timedelta(hours=24),
        Urgency.BULK: timedelta(hours=24),
    }
)
"""How long one channel may keep trying before the next one takes over."""


REPEATABLE = frozenset({ChannelName.CALLBACK})
"""Channels whose receivers know a repeat by our id: an outcome that stays open is tried again, and never *unknown*."""


def left_open(channel: ChannelName, code: str, detail: str) -> Fault:
    """The fault of an attempt whose request may have arrived, where nobody but us can say so."""
    if channel in REPEATABLE:
        return Fault(Verdict.TRANSIENT, code, detail, Pace.RECEIVER)
    return Fault(Verdict.UNKNOWN, code, detail)


# What may follow ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The same channel again, then."""

    at: datetime
    charged: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This leg is over; the domain's fallback rule looks at the intent next."""

    unreachable_until: datetime | None = None
    """The address cannot be reached by this channel until then."""
    alarm: bool = False
    """An operator must look: the message or the sender is wrong, not the recipient."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """The recipient opted out of this channel."""


@dataclass(frozen=True, slots=True)
class Settle:
    """Nobody knows; wait for a receipt until the unknown window closes."""


@dataclass(frozen=True, slots=True)
class WaitForSender:
    """Our sender is stopped: nothing is charged, the circuit opens, the leg waits for it."""

    at: datetime


Next = RetryAt | GiveUp | Suppress | Settle | WaitForSender

UNREACHABLE = timedelta(days=30)
RETRYABLE = frozenset({Verdict.TRANSIENT, Verdict.LATER})


@dataclass(frozen=True, slots=True)
class Try:
    """What the decision needs to know of a leg: how often it was tried, since when, and how urgent it is."""

    tries: int
    """Charged tries, this one included."""
    since: datetime
    urgency: Urgency


def after_failure(this: Try, fault: Fault, *, now: datetime, roll: float) -> Next:
    """Retry the channel while it may recover, then give it up so that a fallback may start."""
    if fault.verdict in RETRYABLE:
        return _retry(this, fault, now=now, roll=roll)
    if fault.verdict is Verdict.SENDER_STOPPED:
        # Urgent classes use the fallback; the others wait until the sender is mended.
        return GiveUp(alarm=True) if this.urgency is Urgency.URGENT else WaitForSender(now + PROBE_EVERY)
    if fault.unreachable:
        return GiveUp(unreachable_until=now + UNREACHABLE)
    return _FINAL[fault.verdict]


_FINAL: Mapping[Verdict, Next] = MappingProxyType(
    {
        Verdict.UNKNOWN: Settle(),
        Verdict.OPT_OUT: Suppress(),
        Verdict.FALLBACK: GiveUp(),
        Verdict.PERMANENT: GiveUp(alarm=True),
    }
)


def _retry(this: Try, fault: Fault, *, now: datetime, roll: float) -> RetryAt | GiveUp:
    charged = fault.retry_after is None
    pace = PACES[fault.pace]
    wait = fault.retry_after if fault.retry_after is not None else pace.wait(this.tries - 1, roll)
    spent = now + wait - this.since > _budget(this.urgency, pace)
    if spent or (charged and this.tries >= pace.tries):
        return GiveUp()
    return RetryAt(now + wait, charged)


def _budget(urgency: Urgency, pace: Backoff | Schedule) -> timedelta:
    if urgency is Urgency.URGENT or pace.patience is None:
        return RETRY_BUDGET[urgency]
    return pace.patience
