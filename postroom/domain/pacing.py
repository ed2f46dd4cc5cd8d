"""How fast a sender may go: one meter for all that it sends, one for each person that it writes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from postroom.domain.channels import ChannelName


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and how many may come at once after a silence."""

    every: timedelta
    burst: int

    @property
    def slack(self) -> timedelta:
        """How far ahead of its even course a burst may run."""
        return self.every * (self.burst - 1)


@dataclass(frozen=True, slots=True)
class Pacing:
    """The paces of one channel: of a sender in all, and of a sender towards one person."""

    sender: Rate | None = None
    pair: Rate | None = None


def a_second(rate: float, burst: int) -> Rate:
    """So many a second."""
    return Rate(timedelta(seconds=1 / rate), burst)


PACINGS: Mapping[ChannelName, Pacing] = MappingProxyType(
    {
        # 80 messages a second per number; 1 in 6 s to one person, with bursts of 45 that borrow from what follows.
        ChannelName.WHATSAPP: Pacing(a_second(80, 80), Rate(timedelta(seconds=6), 45)),
        # 1 a second per conversation, short bursts allowed; several hundred a minute per workspace.
        ChannelName.SLACK: Pacing(a_second(5, 20), Rate(timedelta(seconds=1), 4)),
        # 30 a second per app and tenant; 7 in 1 s and 60 in 30 s per conversation.
        ChannelName.TEAMS: Pacing(a_second(30, 30), Rate(timedelta(seconds=0.5), 7)),
        # Twilio queues what a number cannot carry yet; this keeps its queue, and so the bill of a mistake, short.
        ChannelName.SMS: Pacing(a_second(10, 30)),
        ChannelName.EMAIL: Pacing(a_second(50, 100)),
        ChannelName.ODOO: Pacing(a_second(20, 40)),
        ChannelName.CALLBACK: Pacing(),
    }
)
"""By what the providers publish; SEND_RATES replaces a sender's rate where an account has another."""


class BadRates(ValueError):
    """SEND_RATES cannot be read; names every fault."""


def pacings(setting: str) -> Mapping[ChannelName, Pacing]:
    """The paces, with those of 'whatsapp=20 sms=1' (messages a second) replaced. Raises BadRates with every fault."""
    chosen = dict(PACINGS)
    faults: list[str] = []
    for word in setting.split():
        name, _, number = word.partition("=")
        try:
            channel, speed = ChannelName(name), float(number)
            if not 0 < speed <= 1_000_000:
                raise ValueError
        except ValueError:
            faults.append(f"{word!r} is not a channel with a rate above 0")
            continue
        chosen[channel] = Pacing(a_second(speed, max(1, round(speed))), chosen[channel].pair)
    if faults:
        raise BadRates(f"SEND_RATES: {'; '.join(faults)}. It reads 'whatsapp=20 sms=1', in messages a second.")
    return MappingProxyType(chosen)


def admitted(due: float, now: float, rate: Rate) -> tuple[float, float]:
    """Whether one more may go: the seconds to wait (0: now), and when the next would be due on an even course.

    The generic cell rate algorithm (ITU-T I.371): `due` is the theoretical arrival time, in seconds.
    """
    wait = due - rate.slack.total_seconds() - now
    if wait > 0:
        return wait, due
    return 0.0, max(due, now) + rate.every.total_seconds()
