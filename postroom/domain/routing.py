"""Who hears of an event, on which channel, in which order, and why."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, repeat
from typing import Any

from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import matches
from postroom.domain.events import ContactRole, Event
from postroom.domain.messages import MISSED, Role, State, Urgency

CONFIRMED = frozenset({State.DELIVERED, State.READ})
GOOD = CONFIRMED | {State.SENT}
TELLING = frozenset({ChannelName.WHATSAPP, ChannelName.SMS})
"""The channels that tell when a message is delivered; `test_house` holds it against their capabilities."""
TITLES: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "WhatsApp",
    ChannelName.SLACK: "Slack",
    ChannelName.TEAMS: "Teams",
    ChannelName.SMS: "SMS",
    ChannelName.EMAIL: "email",
    ChannelName.ODOO: "Odoo",
    ChannelName.CALLBACK: "callback",
}
"""The channels as people call them."""
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
NOT_THERE: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "the number is known not to be on WhatsApp",
    ChannelName.SLACK: "Slack is known not to reach this person",
    ChannelName.TEAMS: "Teams is known not to reach this person",
    ChannelName.SMS: "the number is known not to take SMS",
    ChannelName.EMAIL: "the address is known to refuse mail",
    ChannelName.ODOO: "Odoo is known not to have this user",
    ChannelName.CALLBACK: "the receiver is known to be gone",
}


class Needs(StrEnum):
    """How many channels of a stage are used."""

    ALL_OF = "all_of"
    ANY_OF = "any_of"


class Slot(StrEnum):
    """A place in a rule that each company fills for itself."""

    TEAM_CHAT = "team_chat"  # Slack or Teams: where the company's own people work


TEAM_CHATS = frozenset({ChannelName.SLACK, ChannelName.TEAMS})
"""What may fill the slot."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Channels that are tried together (all of), or one after the other until one is reachable (any of)."""

    needs: Needs
    channels: tuple[ChannelName | Slot, ...]

    def settled(self, team_chat: ChannelName) -> "SettledStage":
        """With the slots filled."""
        filled = tuple(team_chat if isinstance(each, Slot) else each for each in self.channels)
        return SettledStage(self.needs, filled)


@dataclass(frozen=True, slots=True)
class SettledStage:
    """A stage in which every channel is known."""

    needs: Needs
    channels: tuple[ChannelName, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event leads to."""

    message_type: str
    event_type: str
    primary: Stage
    fallbacks: tuple[Stage, ...]
    urgency: Urgency
    not_after: timedelta
    """Stale when this long has passed since the event was routed."""
    mutable: bool
    """Whether the recipient may mute it."""
    confirm_within: timedelta | None = None
    """Fall back, too, when nothing is confirmed in this time."""
    contact: ContactRole | None = None
    """Whose business it is: the customer's contact of this role hears of it, else the customer himself."""
    quiet_hours: bool = False
    """Whether it waits for the hours in which its receiver may be written to."""

    def __post_init__(self) -> None:
        """No rule that names a channel twice, or none, can be built."""
        if len(set(self.channels)) != len(self.channels):
            raise ValueError(f"Rule {self.message_type!r} names a channel twice. Remove one of them.")
        if Slot.TEAM_CHAT in self.channels and TEAM_CHATS & set(self.channels):
            raise ValueError(
                f"Rule {self.message_type!r} names team_chat beside slack or teams, for which it stands. Keep one."
            )
        if not all(stage.channels for stage in self.stages):
            raise ValueError(f"Rule {self.message_type!r} has a stage without channels. Name at least one.")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The first choice and then each fallback."""
        return (self.primary, *self.fallbacks)

    @property
    def channels(self) -> tuple[ChannelName | Slot, ...]:
        """Every channel of the rule, in order; a slot where each company has its own."""
        return tuple(channel for stage in self.stages for channel in stage.channels)

    def written_for(self) -> tuple[ChannelName, ...]:
        """Every channel that the rule may use in some company: something must be written for each."""
        named = {each for each in self.channels if isinstance(each, ChannelName)}
        chats = TEAM_CHATS if Slot.TEAM_CHAT in self.channels else frozenset()
        return tuple(channel for channel in ChannelName if channel in named | chats)


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of somebody on one channel."""

    address: str | None = None
    address_fault: str = "there is no address"
    """Why there is no usable address."""
    opted_out: bool = False
    muted: bool = False
    unreachable_until: datetime | None = None
    unreachable_code: str = ""
    """What the provider said when it could not be reached (131026)."""


Reach = Mapping[ChannelName, Contact]


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """One message to be written and sent."""

    channel: ChannelName
    role: Role
    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A channel of the rule that is not used, and why."""

    channel: ChannelName
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The way of one message: its stages in order, and what was left out."""

    message_type: str
    stages: tuple[tuple[PlannedLeg, ...], ...]
    """Empty when nobody can be reached at all."""
    skipped: tuple[Skipped, ...] = ()

    @property
    def legs(self) -> tuple[PlannedLeg, ...]:
        """Every leg, in order."""
        return tuple(leg for stage in self.stages for leg in stage)

    def explain(self) -> tuple[str, ...]:
        """One line for every channel of the rule."""
        legs = [(leg.channel, leg.why) for leg in self.legs]
        skipped = [(skip.channel, skip.why) for skip in self.skipped]
        return tuple(f"{TITLES[channel]}: {why}" for channel, why in legs + skipped)

    def to_json(self) -> dict[str, Any]:
        """As an intent keeps it."""
        return {
            "message_type": self.message_type,
            "stages": [[_leg_json(leg) for leg in stage] for stage in self.stages],
            "skipped": [{"channel": skip.channel.value, "why": skip.why} for skip in self.skipped],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Plan":
        """As an intent kept it."""
        return cls(
            message_type=kept["message_type"],
            stages=tuple(tuple(_leg_from(leg) for leg in stage) for stage in kept["stages"]),
            skipped=tuple(Skipped(ChannelName(skip["channel"]), skip["why"]) for skip in kept["skipped"]),
        )


# Planning -----------------------------------------------------------------------------------------------------------


def rules_for(event_type: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules that an event of this type sets off."""
    return tuple(rule for rule in rules if matches(rule.event_type, event_type))


def reach_of(event: Event) -> dict[ChannelName, Contact]:
    """What the event itself says of its recipient; what the store knows is added by `dataclasses.replace`."""
    who = event.recipient
    # Who works in Odoo is found on the company's chat by the address that he has there.
    colleague = who.email if who.user else None
    raw = {
        ChannelName.WHATSAPP: who.phone,
        ChannelName.SLACK: who.slack or colleague,
        ChannelName.TEAMS: who.teams or colleague,
        ChannelName.SMS: who.phone,
        ChannelName.EMAIL: who.email,
        ChannelName.ODOO: f"user:{who.user}" if who.user else None,
    }
    return {channel: _contact(channel, address, event.company.country) for channel, address in raw.items()}


def plan(rule: Rule, reach: Reach, *, team_chat: ChannelName = ChannelName.SLACK, now: datetime) -> Plan:
    """Lay a leg on each reachable channel of the rule, stage by stage; a stage that reaches nobody falls away."""
    settled = [stage.settled(team_chat) for stage in rule.stages]
    channels = [channel for stage in settled for channel in stage.channels]
    skipped = {channel: why for channel in channels if (why := _obstacle(rule, channel, reach, now))}
    stages: list[tuple[PlannedLeg, ...]] = []
    for role, group in _groups(settled, frozenset(skipped)):
        before = stages[-1] if stages else ()
        stages.append(tuple(_leg(rule, channel, role, before) for channel in group))
    return Plan(rule.message_type, tuple(stages), tuple(Skipped(channel, why) for channel, why in skipped.items()))


def next_stage(
    made: Plan,
    stage: int,
    states: Mapping[ChannelName, State],
    *,
    overdue: bool = False,
    telling: Container[ChannelName] = TELLING,
) -> int | None:
    """The stage that must start now; None while the present one may still reach somebody, or when none is left.

    A fallback starts when every leg of the stage missed, or is `overdue`: `confirm_within` ran out with none confirmed.
    Where a channel is not `telling` of delivery, *sent* is as good a confirmation as there will ever be.
    """
    following = stage + 1
    if following >= len(made.stages):
        return None
    reached = [states[leg.channel] for leg in made.stages[stage]]
    missed = all(state in MISSED for state in reached)
    unconfirmed = overdue and not any(
        states[leg.channel] in (CONFIRMED if leg.channel in telling else GOOD) for leg in made.stages[stage]
    )
    return following if missed or unconfirmed else None


def _groups(
    stages: Sequence[SettledStage], skipped: frozenset[ChannelName]
) -> Iterator[tuple[Role, tuple[ChannelName, ...]]]:
    """The channels that go out together; of an any-of stage the first goes alone and the others stand behind it."""
    for number, stage in enumerate(stages):
        role = Role.FALLBACK if number else Role.PRIMARY
        reachable = tuple(channel for channel in stage.channels if channel not in skipped)
        if stage.needs is Needs.ALL_OF and reachable:
            yield role, reachable
        if stage.needs is Needs.ANY_OF:
            yield from zip(chain((role,), repeat(Role.FALLBACK)), ((channel,) for channel in reachable), strict=False)


def _leg(rule: Rule, channel: ChannelName, role: Role, before: tuple[PlannedLeg, ...]) -> PlannedLeg:
    if role is Role.PRIMARY:
        return PlannedLeg(channel, role, f"rule {rule.message_type}")
    if not before:
        return PlannedLeg(channel, role, f"fallback of rule {rule.message_type}, since nothing before it is reachable")
    failing = " and ".join(TITLES[leg.channel] for leg in before)
    late = f" or nobody confirms within {spelled(rule.confirm_within)}" if rule.confirm_within else ""
    return PlannedLeg(channel, role, f"fallback, when {failing} {'fail' if len(before) > 1 else 'fails'}{late}")


def spelled(length: timedelta) -> str:
    """A length of time in its largest whole unit: 5 minutes, 1 day."""
    seconds = int(length.total_seconds())
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def _obstacle(rule: Rule, channel: ChannelName, reach: Reach, now: datetime) -> str | None:
    """Why a channel must be left out; the first reason that holds."""
    contact = reach.get(channel) or Contact()
    if contact.address is None:
        return f"skipped, {contact.address_fault}"
    if contact.opted_out:
        return "skipped, the recipient opted out of this channel"
    if contact.muted and rule.mutable:
        return f"skipped, the recipient muted {rule.message_type} here"
    if contact.unreachable_until is not None and contact.unreachable_until > now:
        code = f" ({contact.unreachable_code})" if contact.unreachable_code else ""
        return f"skipped, {NOT_THERE[channel]} until {contact.unreachable_until:%Y-%m-%d}{code}"
    return None


def _contact(channel: ChannelName, raw: str | None, country: str | None) -> Contact:
    if raw is None:
        return Contact()
    try:
        return Contact(address=addresses.normal(channel, raw, country))
    except addresses.NotAnAddress as error:
        return Contact(address_fault=str(error))


def _leg_json(leg: PlannedLeg) -> dict[str, str]:
    return {"channel": leg.channel.value, "role": leg.role.value, "why": leg.why}


def _leg_from(kept: Mapping[str, str]) -> PlannedLeg:
    return PlannedLeg(ChannelName(kept["channel"]), Role(kept["role"]), kept["why"])
