"""Write the legs of one stage of an intent's plan: address, template version, words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from postroom.domain import languages
from postroom.domain.channels import ChannelName
from postroom.domain.companies import DocumentLinks
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.events import Event, event_from
from postroom.domain.facts import Facts
from postroom.domain.links import Holder, Links
from postroom.domain.messages import State
from postroom.domain.own_links import with_own_links
from postroom.domain.quiet_hours import zones_of
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.routing import Plan, PlannedLeg, Reach, reach_of
from postroom.domain.templates import TemplateMissing
from postroom.store.contacts import Address, ContactPoint
from postroom.store.ids import new_id
from postroom.store.intents import Intent, NewLeg
from workers.channels.registry import capabilities
from workers.wiring import Rooms

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Draft:
    """An intent on its way into words."""

    intent: Intent
    event: Event
    plan: Plan
    addresses: Mapping[ChannelName, Address]


def draft_of(intent: Intent) -> Draft:
    """The draft of an intent that was kept."""
    event = event_from(intent.facts).for_recipient(intent.recipient)
    return Draft(intent, event, Plan.from_json(intent.plan), addresses_of(event, reach_of(event)))


def addresses_of(event: Event, reach: Reach) -> dict[ChannelName, Address]:
    """Where the recipient can be reached, by the event's own word."""
    return {
        channel: Address(event.company.id, event.recipient.partner, channel, contact.address, event.recipient.name)
        for channel, contact in reach.items()
        if contact.address is not None
    }


def stage_legs(rooms: Rooms, draft: Draft, stage: int, points: Mapping[Address, ContactPoint]) -> list[NewLeg]:
    """The legs of one stage, written. One that cannot be written is born failed, so that a fallback may follow."""
    zones = _zones(rooms, draft)
    return [
        replace(_write(rooms, draft, stage, leg, points[draft.addresses[leg.channel]]), zones=zones)
        for leg in draft.plan.stages[stage]
    ]


def _zones(rooms: Rooms, draft: Draft) -> str | None:
    """Where the receiver may live, if the rule waits for his hours."""
    rule = rooms.book.rule(draft.intent.rule)
    if rule is None or not rule.quiet_hours:
        return None
    phone = draft.addresses.get(ChannelName.WHATSAPP) or draft.addresses.get(ChannelName.SMS)
    company_zone = rooms.book.companies.of(draft.event.company.id).hours.zone
    return " ".join(zones_of(phone.value if phone else None, draft.event.recipient.timezone, company_zone))


def _write(rooms: Rooms, draft: Draft, stage: int, leg: PlannedLeg, point: ContactPoint) -> NewLeg:
    blank = NewLeg(
        id=new_id(),
        channel=leg.channel,
        role=leg.role,
        stage=stage,
        contact_point_id=point.id,
        why=leg.why,
        state=State.FAILED,
        reason=None,
        template_id=None,
        language=None,
        content=None,
    )
    try:
        return _in_words(rooms, draft, blank)
    except TemplateMissing as error:
        log.error("template_missing", intent_id=str(draft.intent.id), channel=leg.channel.value, problem=str(error))
        return replace(blank, reason="no_template")
    except RenderingFault as error:
        log.error("not_rendered", intent_id=str(draft.intent.id), channel=leg.channel.value, problem=str(error))
        return replace(blank, reason=error.reason, why=f"{leg.why}; not written: {error}")


def _in_words(rooms: Rooms, draft: Draft, blank: NewLeg) -> NewLeg:
    tags = draft.intent.languages
    version = rooms.book.templates.find(draft.intent.rule, tags, blank.channel)
    holder = _holder(rooms, draft, blank.channel)
    links = _links(rooms, draft, blank.channel)
    rendered = render(
        version,
        _facts(rooms, draft, blank, links),
        language=languages.locale_for(version.language, tags),
        capabilities=capabilities(blank.channel),
        reply_to=rooms.book.reply_to.get(blank.channel),
        preferences_url=links.preferences(holder) if links and holder else None,
    )
    if links and holder:
        rendered = replace(rendered, unsubscribe=links.unsubscribe(holder))
    return replace(
        blank,
        state=State.QUEUED,
        template_id=rooms.book.id_of(version),
        language=version.language,
        content=rendered.to_json(),
    )


def _links(rooms: Rooms, draft: Draft, channel: ChannelName) -> Links | None:
    """Links on the company's own domain; by WhatsApp on the default's, since Meta approved one beginning for all."""
    companies = rooms.book.companies
    practice = companies.default if channel is ChannelName.WHATSAPP else companies.of(draft.event.company.id)
    return rooms.links.at(practice.address) if rooms.links and practice.address else rooms.links


def _facts(rooms: Rooms, draft: Draft, blank: NewLeg, links: Links | None) -> Facts:
    """The event's facts; its documents are opened by links of ours, unless its company wants them direct."""
    event = draft.event
    if links is None or rooms.book.companies.of(event.company.id).links is DocumentLinks.DIRECT:
        return event.facts
    return with_own_links(event.facts, EVENT_TYPES[event.type], links, blank.id)


def _holder(rooms: Rooms, draft: Draft, channel: ChannelName) -> Holder | None:
    """Whom the links below an email belong to; nobody where he may not mute it."""
    intent, rule = draft.intent, rooms.book.rule(draft.intent.rule)
    if channel is not ChannelName.EMAIL or rule is None or not rule.mutable:
        return None
    return Holder(intent.company, intent.recipient, intent.languages[0], intent.rule, rooms.clock.now())
