"""Who would hear of an event, by what, in how many pieces and for how much, had it come with everything live. Pure.

The plan is made by the very functions that the sorting room uses; what would become of each leg is asked of the rule
that has the last look before sending. When each message leaves is the business of `departures`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import prod

from postroom.domain import languages
from postroom.domain.channels import Capabilities, ChannelName
from postroom.domain.companies import Companies, DocumentLinks
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.events import Event
from postroom.domain.facts import Facts, Money
from postroom.domain.going_live import happened_at
from postroom.domain.messages import Role, State, Urgency
from postroom.domain.own_links import supposed
from postroom.domain.preferences import NONE as NOTHING_CHOSEN
from postroom.domain.preferences import Preferences, preferring
from postroom.domain.prices import Prices, Purse, Quote, pieces_of
from postroom.domain.quiet_hours import zones_of
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.routing import TITLES, Plan, PlannedLeg, Reach, Rule, plan, reach_of, rules_for
from postroom.domain.safety import Mode, Prospect, Stay, Terms, before_sending
from postroom.domain.templates import TemplateMissing, TemplateSet, TemplateVersion, WhatsAppWording


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's address on one channel."""

    company: str
    partner: str
    channel: ChannelName
    address: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an address."""

    opted_out: bool = False
    opted_in: bool = False
    unreachable_until: datetime | None = None
    unreachable_code: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store knows of the people whom some events concern; empty: everybody is new."""

    known: Mapping[Place, Known] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], Preferences] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is settled before the first event comes."""

    rules: tuple[Rule, ...]
    templates: TemplateSet
    companies: Companies
    prices: Prices
    capabilities: Callable[[ChannelName], Capabilities]
    reply_to: Mapping[ChannelName, str] = field(default_factory=dict)
    cut_off: datetime | None = None
    """Supposed to be when every company went live."""
    agreed: bool = False
    """Supposed that everybody agreed wherever consent is asked for."""
    failing: Mapping[ChannelName, Decimal] = field(default_factory=dict)
    """The share of a channel's messages that fails, where it is known or supposed."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that would be written."""

    company: str
    message_type: str
    person: str
    channel: ChannelName
    role: Role
    why: str
    address: str
    urgency: Urgency
    told_at: datetime
    prospect: Prospect
    terms: Terms
    pieces: int
    """Segments of an SMS; 1 elsewhere."""
    quote: Quote | None
    """What it costs; None: no price is known."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A leg of the plan that could not have been sent."""

    channel: ChannelName
    reason: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What one rule makes of one event."""

    event: str
    company: str
    message_type: str
    person: str
    told_at: datetime
    messages: tuple[Message, ...]
    """Of the first stage that can be sent; empty when nobody would be reached."""
    missed: tuple[Missed, ...] = ()
    silence: tuple[str, ...] = ()
    """Why nobody would be reached, a line for each channel."""
    in_case: tuple[Money, ...] = ()
    """What its fallbacks cost on the average, where shares of failure are known."""
    in_case_unpriced: bool = False
    """Some fallback among them has no price."""


def concerned(event: Event, world: World) -> Iterator[Event]:
    """The event as each of its rules addresses it: what must be remembered before it is simulated."""
    for rule in rules_for(event.type, world.rules):
        yield event.for_contact(rule.contact)


def places_of(event: Event) -> list[Place]:
    """Every address of the recipient."""
    return list(_places(event, reach_of(event)).values())


def foresee(event: Event, told_at: datetime, world: World, memory: Memory) -> tuple[Errand, ...]:
    """What every rule makes of an event, as of the moment when it is told."""
    at = told_at.astimezone(UTC)
    return tuple(
        _errand(event.for_contact(rule.contact), rule, at, world, memory) for rule in rules_for(event.type, world.rules)
    )


def planned(event: Event, rule: Rule, told_at: datetime, world: World, memory: Memory) -> Plan:
    """The plan that the sorting room would write for whom the event is addressed to."""
    return _plan(event, rule, told_at, world, memory, reach_of(event))


def _plan(event: Event, rule: Rule, told_at: datetime, world: World, memory: Memory, bare: Reach) -> Plan:
    chosen = memory.chosen.get((event.company.id, event.recipient_key), NOTHING_CHOSEN)
    places = _places(event, bare)
    reach = {
        channel: replace(
            contact,
            opted_out=known.opted_out,
            unreachable_until=known.unreachable_until,
            unreachable_code=known.unreachable_code,
            muted=chosen.muted(rule.message_type, channel),
        )
        for channel, contact in bare.items()
        for known in (memory.known.get(places[channel], _NEW) if channel in places else _NEW,)
    }
    team_chat = chosen.team_chat(rule.message_type) or world.companies.of(event.company.id).team_chat
    return plan(preferring(rule, chosen), reach, team_chat=team_chat, now=told_at)


_NEW = Known()
_UNTIL = re.compile(r" until \d{4}-\d\d-\d\d")


def _places(event: Event, reach: Reach) -> dict[ChannelName, Place]:
    return {
        channel: Place(event.company.id, event.recipient.partner, channel, contact.address)
        for channel, contact in reach.items()
        if contact.address is not None
    }


def _errand(event: Event, rule: Rule, told_at: datetime, world: World, memory: Memory) -> Errand:
    bare = reach_of(event)
    made = _plan(event, rule, told_at, world, memory, bare)
    writer = _Writer(event, rule, told_at, world, memory, _places(event, bare))
    missed = [Missed(skip.channel, _undated(skip.why)) for skip in made.skipped]
    for number, stage in enumerate(made.stages):
        messages = writer.stage(stage, missed)
        if messages:
            purse, unpriced = writer.in_case(messages, made.stages[number + 1 :])
            return writer.errand(messages, missed, in_case=purse.listed(), in_case_unpriced=unpriced)
    return writer.errand((), missed, silence=tuple(f"{TITLES[each.channel]}: {each.reason}" for each in missed))


def _undated(why: str) -> str:
    """Why a channel is left out, so that the same reason of many people is one reason."""
    return _UNTIL.sub("", why.removeprefix("skipped, "))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the messages of one event's rule."""

    event: Event
    rule: Rule
    told_at: datetime
    world: World
    memory: Memory
    places: Mapping[ChannelName, Place]

    def errand(self, messages: Sequence[Message], missed: Sequence[Missed], **more: object) -> Errand:
        """What came of the rule."""
        event = self.event
        made = Errand(event.key, event.company.id, self.rule.message_type, event.recipient_key, self.told_at, ())
        return replace(made, messages=tuple(messages), missed=tuple(missed), **more)  # type: ignore[arg-type]

    def stage(self, legs: Sequence[PlannedLeg], missed: list[Missed]) -> list[Message]:
        """The messages of one stage that could be sent; the others are noted with what speaks against them."""
        messages: list[Message] = []
        for leg in legs:
            made = self.message(leg)
            if isinstance(made, Missed):
                missed.append(made)
            else:
                messages.append(made)
        return messages

    def in_case(self, sent: Sequence[Message], later: Sequence[Sequence[PlannedLeg]]) -> tuple[Purse, bool]:
        """What the later stages cost on the average: each starts when every message before it has failed."""
        purse, unpriced, chance = Purse(), False, self._all_fail(sent)
        for stage in later:
            if not chance:
                break
            messages = self.stage(stage, [])
            for message in messages:
                if message.quote:
                    purse.add(message.quote.money, chance)
                unpriced = unpriced or message.quote is None
            chance *= self._all_fail(messages)
        return purse, unpriced

    def _all_fail(self, messages: Sequence[Message]) -> Decimal:
        return prod((self.world.failing.get(each.channel, Decimal()) for each in messages), start=Decimal(1))

    def message(self, leg: PlannedLeg) -> Message | Missed:
        """One leg as a message, or what speaks against it for good."""
        place, terms = self.places[leg.channel], self._terms(leg.channel)
        prospect = self._prospect(place)
        verdict = before_sending(prospect, replace(terms, hours=None), self.told_at)
        if isinstance(verdict, Stay) and verdict.state is State.SUPPRESSED:
            return Missed(leg.channel, verdict.reason)
        try:
            pieces, category = self._written(leg.channel)
        except TemplateMissing:
            return Missed(leg.channel, "no_template")
        except RenderingFault as error:
            return Missed(leg.channel, error.reason)
        return Message(
            company=place.company,
            message_type=self.rule.message_type,
            person=self.event.recipient_key,
            channel=leg.channel,
            role=leg.role,
            why=leg.why,
            address=place.address,
            urgency=self.rule.urgency,
            told_at=self.told_at,
            prospect=prospect,
            terms=terms,
            pieces=pieces,
            quote=self.world.prices.quote(leg.channel, place.address, category=category, pieces=pieces),
        )

    def _prospect(self, place: Place) -> Prospect:
        agreed = self.world.agreed or self.memory.known.get(place, _NEW).opted_in
        return Prospect(
            mode=Mode.LIVE,
            listed=True,
            opted_out=False,  # who opted out or muted it is not in the plan
            not_after=self.told_at + self.rule.not_after,
            opted_in=agreed,
            zones=self._zones(),
            happened_at=happened_at(self.event, self.told_at),
            cut_off=self.world.cut_off,
        )

    def _zones(self) -> tuple[str, ...]:
        if not self.rule.quiet_hours:
            return ()
        phone = self.places.get(ChannelName.WHATSAPP) or self.places.get(ChannelName.SMS)
        zone = self.world.companies.of(self.event.company.id).hours.zone
        return _zones_of(phone.address if phone else None, self.event.recipient.timezone, zone)

    def _terms(self, channel: ChannelName) -> Terms:
        practice = self.world.companies.of(self.event.company.id)
        return Terms(
            hours=practice.hours if self.rule.quiet_hours else None,
            opt_in=channel in practice.opt_in_required,
            mutable=self.rule.mutable,
        )

    def _written(self, channel: ChannelName) -> tuple[int, str | None]:
        """How many pieces are paid for, and the category. Raises what rendering raises."""
        tags = _tags(self.event.recipient.language, self.event.company.language)
        version = self.world.templates.find(self.rule.message_type, tags, channel)
        rendered = render(
            version,
            self._facts(),
            language=languages.locale_for(version.language, tags),
            capabilities=self.world.capabilities(channel),
            reply_to=self.world.reply_to.get(channel),
        )
        return pieces_of(channel, rendered.text), _category(version)

    def _facts(self) -> Facts:
        if self.world.companies.of(self.event.company.id).links is DocumentLinks.DIRECT:
            return self.event.facts
        return supposed(self.event.facts, EVENT_TYPES[self.event.type])


def _category(version: TemplateVersion) -> str | None:
    return version.wording.category.lower() if isinstance(version.wording, WhatsAppWording) else None


@lru_cache(maxsize=1024)
def _tags(recipient: str | None, company: str | None) -> tuple[str, ...]:
    return tuple(choice.tag for choice in languages.chain(recipient, company))


@lru_cache(maxsize=65536)
def _zones_of(phone: str | None, explicit: str | None, company_zone: str) -> tuple[str, ...]:
    return zones_of(phone, explicit, company_zone)
