"""How many people each kind of message would reach, and by which way, if a company were live now."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Practice
from postroom.domain.preferences import NONE, Preferences, preferring
from postroom.domain.routing import TEAM_CHATS, TITLES, Contact, Plan, Rule, Slot, plan

OUR_OWN = TEAM_CHATS | {ChannelName.ODOO, Slot.TEAM_CHAT}
"""Channels of a company's own people."""


class Footing(StrEnum):
    """How one person stands on one channel, the best of his addresses counting."""

    OPEN = "open"
    NO_OPT_IN = "no_opt_in"
    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"


Points = tuple[tuple[ChannelName, bool | None, bool], ...]
"""Addresses: the channel, what was said of it last (granted, refused, nothing), and whether it is known to be dead."""
Footings = tuple[tuple[ChannelName, Footing], ...]


def footings(points: Points, practice: Practice) -> Footings:
    """How somebody stands on each channel on which he has an address."""
    best: dict[ChannelName, Footing] = {}
    for channel, granted, dead in points:
        found = _footing(channel, granted, dead, practice)
        best[channel] = min(found, best.get(channel, found), key=list(Footing).index)
    return tuple(sorted(best.items()))


def _footing(channel: ChannelName, granted: bool | None, dead: bool, practice: Practice) -> Footing:
    if granted is False:
        return Footing.OPTED_OUT
    if dead:
        return Footing.UNREACHABLE
    return Footing.NO_OPT_IN if channel in practice.opt_in_required and not granted else Footing.OPEN


@dataclass(slots=True)
class Reached:
    """What became of one kind of message, person by person."""

    message_type: str
    people: int = 0
    nobody: int = 0
    first: Counter[ChannelName] = field(default_factory=Counter)
    """How many would get it on a channel of their first stage."""
    instead: Counter[tuple[ChannelName, str, ChannelName | None]] = field(default_factory=Counter)
    """How many would not get it where the rule begins, why, and where they would get it instead."""
    muted: Counter[ChannelName] = field(default_factory=Counter)


@dataclass(slots=True)
class Audit:
    """The reach of every kind of message that goes to customers."""

    rules: Sequence[Rule]
    now: datetime
    standing: Counter[tuple[ChannelName, Footing]] = field(default_factory=Counter)
    people: int = 0
    reached: dict[str, Reached] = field(default_factory=dict)
    _plans: dict[tuple[str, Footings, Preferences], Plan] = field(default_factory=dict)

    def count(self, points: Points, practice: Practice, chosen: Preferences = NONE) -> None:
        """Take one person into account."""
        stands = footings(points, practice)
        self.people += 1
        self.standing.update(stands)
        for rule in self.rules:
            self._count(rule, stands, chosen)

    def _count(self, rule: Rule, stands: Footings, chosen: Preferences) -> None:
        key = (rule.message_type, stands, chosen)
        if key not in self._plans:
            self._plans[key] = planned(preferring(rule, chosen), stands, chosen, self.now)
        made, tally = self._plans[key], self.reached.setdefault(rule.message_type, Reached(rule.message_type))
        first = {leg.channel for leg in made.stages[0]} if made.stages else set()
        tally.people += 1
        tally.nobody += not first
        tally.first.update(first)
        tally.muted.update(
            channel for channel, _ in stands if rule.mutable and chosen.muted(rule.message_type, channel)
        )
        for skip in made.skipped:
            if skip.channel in rule.primary.channels:
                tally.instead[skip.channel, skip.why.removeprefix("skipped, "), min(first, default=None)] += 1


def for_customers(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules whose messages leave the company; its own people are reached where they work."""
    return tuple(rule for rule in rules if not OUR_OWN & set(rule.channels))


def planned(rule: Rule, stands: Footings, chosen: Preferences, now: datetime) -> Plan:
    """The plan for somebody who stands like this."""
    reach = {channel: _contact(rule, channel, footing, chosen, now) for channel, footing in stands}
    return plan(rule, reach, now=now)


def _contact(rule: Rule, channel: ChannelName, footing: Footing, chosen: Preferences, now: datetime) -> Contact:
    if footing is Footing.NO_OPT_IN:
        return Contact(address_fault="there is no opt-in")
    return Contact(
        address="known",
        opted_out=footing is Footing.OPTED_OUT,
        muted=chosen.muted(rule.message_type, channel),
        unreachable_until=now + timedelta(days=1) if footing is Footing.UNREACHABLE else None,
    )


def verdict(audit: Audit) -> Iterator[str]:
    """In words: who would not be reached where the rule begins, why, and what he would get instead."""
    for message_type, tally in sorted(audit.reached.items()):
        for (channel, why, other), count in sorted(tally.instead.items(), key=lambda each: (-each[1], str(each[0]))):
            instead = f"they would get {TITLES[other]}" if other else "they would get nothing"
            words = why.partition(" until ")[0]
            yield f"{message_type}: {count:,} of {tally.people:,} not by {TITLES[channel]} ({words}); {instead}."
        if tally.nobody == 0:
            yield f"{message_type}: everybody would be reached."
