"""What a company that goes live must not do unasked: tell people of what happened before it did. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from postroom.domain.channels import ChannelName
from postroom.domain.event_types import PAYMENT_REMINDER
from postroom.domain.events import Event
from postroom.domain.facts import Amount
from postroom.domain.safety import REAL, Mode

_OVERDUE_SINCE: Mapping[str, str] = MappingProxyType({PAYMENT_REMINDER.name: "due_date"})
"""Events that tell of something older than themselves, and the fact that dates it."""
_OWED: Mapping[str, str] = MappingProxyType({PAYMENT_REMINDER.name: "amount"})
"""Events about money that is owed to us, and the fact that says how much."""


def cut_off_after(was: Mode, mode: Mode, kept: datetime | None, now: datetime) -> datetime | None:
    """The moment before which nothing is sent unasked, once a company's channel has moved to `mode`.

    It is set when real people begin to be written to, and kept while they are; `now` is business time.
    """
    if mode not in REAL:
        return None
    return kept if was in REAL else now


def happened_at(event: Event, received: datetime) -> datetime:
    """When what an event tells of happened: an overdue invoice at the end of its due day, all else when it was told."""
    # A sender whose clock is fast must not carry its past over the cut-off.
    told = min(event.time or received, received)
    due = event.facts.get(_OVERDUE_SINCE.get(event.type, ""))
    return min(told, _end_of(due)) if isinstance(due, date) else told


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def owed(event: Event) -> Amount | None:
    """What the receiver of an event owes, where it is about that."""
    amount = event.facts.get(_OWED.get(event.type, ""))
    return amount if isinstance(amount, Amount) else None


# What is held -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """One message that tells of what happened before its company's cut-off."""

    id: UUID
    intent_id: UUID
    company: str
    message_type: str
    channel: ChannelName
    subject: str
    address: str
    happened_at: datetime
    owed: Amount | None


@dataclass(frozen=True, slots=True)
class Heap:
    """The held messages of one company, kind and channel, counted."""

    company: str
    message_type: str
    channel: ChannelName
    messages: int
    documents: int
    oldest: datetime
    newest: datetime
    owed: Mapping[str, Decimal]
    """By currency; a document that several messages are about counts once, as the newest tells of it."""


def heaps(held: Iterable[Held]) -> tuple[Heap, ...]:
    """What is held, by company, message type and channel."""
    groups: defaultdict[tuple[str, str, ChannelName], list[Held]] = defaultdict(list)
    for each in held:
        groups[each.company, each.message_type, each.channel].append(each)
    return tuple(_heap(groups[key]) for key in sorted(groups))


def _heap(group: list[Held]) -> Heap:
    newest_last = sorted(group, key=lambda each: each.id)
    about = {each.subject: each.owed for each in newest_last}
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for amount in filter(None, about.values()):
        sums[amount.currency] += amount.amount
    first, times = group[0], [each.happened_at for each in group]
    return Heap(
        company=first.company,
        message_type=first.message_type,
        channel=first.channel,
        messages=len(group),
        documents=len(about),
        oldest=min(times),
        newest=max(times),
        owed=dict(sorted(sums.items())),
    )
