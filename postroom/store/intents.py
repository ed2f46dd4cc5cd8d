"""Who should hear of what, and the legs that carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Role, State, Urgency
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

# Contact points -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A recipient's normalised address on one channel."""

    channel: ChannelName
    value: str


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """What is remembered about an address."""

    id: UUID
    channel: ChannelName
    opted_out: bool
    unreachable_until: datetime | None


_UPSERT_CONTACTS = text("""
    insert into contact_point (id, company, partner, channel, address, blind, name)
    select new.id, :company, :partner, new.channel, new.address, new.blind, :name
    from unnest(:ids, :channels, :addresses, :blinds) as new (id, channel, address, blind)
    on conflict (company, partner, channel, blind) do update set name = excluded.name
    returning id, channel, unreachable_until, coalesce((
        select not c.granted from consent c
        where c.company = contact_point.company and c.channel = contact_point.channel and c.blind = contact_point.blind
        order by c.at desc, c.id desc limit 1
    ), false) as opted_out
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("channels", type_=ARRAY(Text)),
)


def contact_points(
    connection: Connection, sealer: Sealer, *, company: str, partner: str, name: str, addresses: Sequence[Address]
) -> dict[ChannelName, ContactPoint]:
    """The recipient's contact points, made where they are new, with what is known about each."""
    if not addresses:
        return {}
    rows = connection.execute(
        _UPSERT_CONTACTS,
        {
            "company": company,
            "partner": partner,
            "name": sealer.seal_text(name, "contact_point.name"),
            "ids": [new_id() for _ in addresses],
            "channels": [address.channel.value for address in addresses],
            "addresses": [sealer.seal_text(address.value, "contact_point.address") for address in addresses],
            "blinds": [sealer.blind(address.channel, address.value) for address in addresses],
        },
    )
    points = (ContactPoint(row.id, ChannelName(row.channel), row.opted_out, row.unreachable_until) for row in rows)
    return {point.channel: point for point in points}


# Intents --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody should hear of something: the plan that was made for it, and all that writing it needs."""

    id: UUID
    event_id: UUID
    company: str
    rule: str
    recipient: str
    urgency: Urgency
    subject: str
    plan: Mapping[str, Any]
    stage: int
    facts: Mapping[str, Any]
    languages: Sequence[str]
    config_sha256: bytes
    not_after: datetime | None


_INSERT_INTENT = text("""
    insert into intent (id, event_id, company, rule, recipient, urgency, subject, plan, stage, facts, languages,
        config_sha256, not_after)
    values (:id, :event_id, :company, :rule, :recipient, :urgency, :subject, :plan, :stage, :facts, :languages,
        :config_sha256, :not_after)
    on conflict (event_id, rule, recipient) do nothing
    returning id
""").bindparams(bindparam("plan", type_=JSONB), bindparam("languages", type_=JSONB))


def add_intent(connection: Connection, sealer: Sealer, intent: Intent) -> bool:
    """Write an intent once. False: this event already told this person by this rule."""
    return (
        connection.scalar(
            _INSERT_INTENT,
            {
                "id": intent.id,
                "event_id": intent.event_id,
                "company": intent.company,
                "rule": intent.rule,
                "recipient": intent.recipient,
                "urgency": intent.urgency.value,
                "subject": intent.subject,
                "plan": dict(intent.plan),
                "stage": intent.stage,
                "facts": sealer.seal_json(dict(intent.facts), "intent.facts"),
                "languages": list(intent.languages),
                "config_sha256": intent.config_sha256,
                "not_after": intent.not_after,
            },
        )
        is not None
    )


_LOCK_INTENT = text("select * from intent where id = :id for update")

_LEGS_OF = text("""
    select m.id, m.channel, m.role, m.stage, m.state, m.reason, m.contact_point_id
    from leg_key k join message_log m on m.id = k.message_id
    where k.intent_id = :id order by m.id
""")


@dataclass(frozen=True, slots=True)
class LegState:
    """One leg of an intent, as the fallback rule sees it."""

    id: UUID
    channel: ChannelName
    role: Role
    stage: int
    state: State
    reason: str | None


def lock_intent(connection: Connection, sealer: Sealer, intent_id: UUID) -> tuple[Intent, list[LegState]]:
    """Lock an intent for the rest of the transaction and read its legs: two fallbacks cannot be decided at once."""
    row = connection.execute(_LOCK_INTENT, {"id": intent_id}).one()
    legs = [
        LegState(leg.id, ChannelName(leg.channel), Role(leg.role), leg.stage, State(leg.state), leg.reason)
        for leg in connection.execute(_LEGS_OF, {"id": intent_id})
    ]
    intent = Intent(
        row.id,
        row.event_id,
        row.company,
        row.rule,
        row.recipient,
        Urgency(row.urgency),
        row.subject,
        row.plan,
        row.stage,
        sealer.open_json(row.facts, "intent.facts"),
        row.languages,
        row.config_sha256,
        row.not_after,
    )
    return intent, legs


_SET_STAGE = text("update intent set stage = :stage where id = :id")


def set_stage(connection: Connection, intent_id: UUID, stage: int) -> None:
    """Remember how far down its plan an intent has come."""
    connection.execute(_SET_STAGE, {"id": intent_id, "stage": stage})


# Legs -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewLeg:
    """A leg to write: one message on one channel, already rendered, or failed because it could not be."""

    id: UUID
    channel: ChannelName
    role: Role
    stage: int
    contact_point_id: UUID
    why: str
    state: State
    reason: str | None
    template_id: UUID | None
    language: str | None
    content: Mapping[str, Any] | None


_KEY_LEG = text("""
    insert into leg_key (intent_id, channel, role, message_id) values (:intent_id, :channel, :role, :id)
    on conflict (intent_id, channel, role) do nothing returning message_id
""")

_INSERT_LEG = text("""
    insert into message_log (id, intent_id, company, message_type, channel, account, role, stage, lane,
        contact_point_id, template_id, language, config_sha256, content, state, reason, why, not_after, ended_at)
    values (:id, :intent_id, :company, :message_type, :channel, '', :role, :stage, :lane,
        :contact_point_id, :template_id, :language, :config_sha256, :content, :state, :reason, :why, :not_after,
        case when :state = 'failed' then clock_timestamp() end)
""")


def add_leg(connection: Connection, sealer: Sealer, intent: Intent, leg: NewLeg) -> bool:
    """Write a leg once. False: the intent has a leg of this channel and role already."""
    keyed = connection.scalar(
        _KEY_LEG,
        {"intent_id": intent.id, "channel": leg.channel.value, "role": leg.role.value, "id": leg.id},
    )
    if keyed is None:
        return False
    connection.execute(
        _INSERT_LEG,
        {
            "id": leg.id,
            "intent_id": intent.id,
            "company": intent.company,
            "message_type": intent.rule,
            "channel": leg.channel.value,
            "role": leg.role.value,
            "stage": leg.stage,
            "lane": intent.urgency.value,
            "contact_point_id": leg.contact_point_id,
            "template_id": leg.template_id,
            "language": leg.language,
            "config_sha256": intent.config_sha256,
            "content": None if leg.content is None else sealer.seal_json(dict(leg.content), "message_log.content"),
            "state": leg.state.value,
            "reason": leg.reason,
            "why": leg.why,
            "not_after": intent.not_after,
        },
    )
    return True


_CANCEL = text("""
    update message_log m set state = 'cancelled', reason = :reason, lease_until = null, ended_at = clock_timestamp()
    where m.id = any(:ids) and m.state in ('queued', 'held', 'claimed')
    returning m.id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def cancel_legs(connection: Connection, ids: Sequence[UUID], reason: str) -> list[UUID]:
    """Cancel the legs of which nothing has left. Returns those that it caught in time."""
    return list(connection.scalars(_CANCEL, {"ids": list(ids), "reason": reason})) if ids else []
