"""Who should hear of what, and the legs that carry it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import DateTime, SmallInteger, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Role, State, Urgency
from postroom.store.ids import made_at
from postroom.store.sealing import Sealer
from postroom.store.tables import message_log

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
    happened_at: datetime | None = None
    """When what it tells of happened; None holds it against no cut-off."""
    run_id: UUID | None = None
    """What it asks about, where somebody is to answer."""
    step_no: int | None = None


_INSERT_INTENTS = text("""
    insert into intent (id, event_id, company, rule, recipient, urgency, subject, plan, stage, facts, languages,
        config_sha256, not_after, happened_at, run_id, step_no)
    select n.id, n.event_id, n.company, n.rule, n.recipient, n.urgency, n.subject, n.plan::jsonb, n.stage, n.facts,
        n.languages::jsonb, n.config, n.not_after, n.happened_at, n.run_id, n.step_no
    from unnest(:ids, :event_ids, :companies, :rules, :recipients, :urgencies, :subjects, :plans, :stages,
        :facts, :languages, :configs, :not_afters, :happened_ats, :runs, :steps) as n (id, event_id, company, rule,
        recipient, urgency, subject, plan, stage, facts, languages, config, not_after, happened_at, run_id, step_no)
    on conflict (event_id, rule, recipient) do nothing
    returning id
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "event_ids", "runs")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "rules", "recipients", "urgencies", "subjects")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("plans", "languages")),  # JSON; lists of lists confuse drivers
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("facts", "configs")),
    *(bindparam(name, type_=ARRAY(SmallInteger)) for name in ("stages", "steps")),
    *(bindparam(name, type_=ARRAY(DateTime(timezone=True))) for name in ("not_afters", "happened_ats")),
)


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody whom a step of a run was to tell something, and whom no channel reaches."""

    event_id: UUID
    run_id: UUID
    step_no: int
    recipient: str


_SILENT = text("""
    select i.event_id, i.run_id, i.step_no, i.recipient from intent i
    where i.event_id = any(:events) and i.run_id is not null
        and not exists (select from leg_key k where k.intent_id = i.id)
    order by i.id
""").bindparams(bindparam("events", type_=ARRAY(Uuid)))


def reaching_nobody(connection: Connection, events: Sequence[UUID]) -> list[Silent]:
    """Of what runs tell by these events, what reaches nobody: there is no channel to send it by."""
    rows = connection.execute(_SILENT, {"events": list(events)}) if events else ()
    return [Silent(row.event_id, row.run_id, row.step_no, row.recipient) for row in rows]


def add_intents(connection: Connection, sealer: Sealer, intents: Sequence[Intent]) -> set[UUID]:
    """Write intents, each once. Returns the ids of the new ones: an event tells a person by a rule only once."""
    if not intents:
        return set()
    return set(
        connection.scalars(
            _INSERT_INTENTS,
            {
                "ids": [intent.id for intent in intents],
                "event_ids": [intent.event_id for intent in intents],
                "companies": [intent.company for intent in intents],
                "rules": [intent.rule for intent in intents],
                "recipients": [intent.recipient for intent in intents],
                "urgencies": [intent.urgency.value for intent in intents],
                "subjects": [intent.subject for intent in intents],
                "plans": [json.dumps(dict(intent.plan)) for intent in intents],
                "stages": [intent.stage for intent in intents],
                "facts": [sealer.seal_json(dict(intent.facts), "intent.facts") for intent in intents],
                "languages": [json.dumps(list(intent.languages)) for intent in intents],
                "configs": [intent.config_sha256 for intent in intents],
                "not_afters": [intent.not_after for intent in intents],
                "happened_ats": [intent.happened_at for intent in intents],
                "runs": [intent.run_id for intent in intents],
                "steps": [intent.step_no for intent in intents],
            },
        )
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
        row.happened_at,
        row.run_id,
        row.step_no,
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
    zones: str | None = None
    """The receiver's time zones, where the leg waits for his hours."""


_KEY_LEGS = text("""
    insert into leg_key (intent_id, channel, role, message_id)
    select * from unnest(:intent_ids, :channels, :roles, :ids)
    on conflict (intent_id, channel, role) do nothing returning message_id
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("intent_ids", "ids")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("channels", "roles")),
)

_INSERT_LEGS = insert(message_log)


def add_legs(connection: Connection, sealer: Sealer, legs: Sequence[tuple[Intent, NewLeg]]) -> list[NewLeg]:
    """Write legs, each once per intent, channel and role. Returns those that are new."""
    if not legs:
        return []
    keyed = set(
        connection.scalars(
            _KEY_LEGS,
            {
                "intent_ids": [intent.id for intent, _ in legs],
                "channels": [leg.channel.value for _, leg in legs],
                "roles": [leg.role.value for _, leg in legs],
                "ids": [leg.id for _, leg in legs],
            },
        )
    )
    new = [(intent, leg) for intent, leg in legs if leg.id in keyed]
    if new:
        connection.execute(_INSERT_LEGS, [_leg_row(sealer, intent, leg) for intent, leg in new])
    return [leg for _, leg in new]


def _leg_row(sealer: Sealer, intent: Intent, leg: NewLeg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "intent_id": intent.id,
        "company": intent.company,
        "message_type": intent.rule,
        "channel": leg.channel.value,
        "account": "",
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
        "zones": leg.zones,
        "not_after": intent.not_after,
        "ended_at": made_at(leg.id) if leg.state is State.FAILED else None,
    }


_CANCEL = text("""
    update message_log m set state = 'cancelled', reason = :reason, lease_until = null, ended_at = clock_timestamp()
    where m.id = any(:ids) and m.state in ('queued', 'held', 'claimed')
    returning m.id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def cancel_legs(connection: Connection, ids: Sequence[UUID], reason: str) -> list[UUID]:
    """Cancel the legs of which nothing has left. Returns those that it caught in time."""
    return list(connection.scalars(_CANCEL, {"ids": list(ids), "reason": reason})) if ids else []


_MARK_DUPLICATES = text("""
    update message_log set possible_duplicate = true where id = any(:ids) and state not in ('cancelled', 'suppressed')
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def mark_possible_duplicates(connection: Connection, ids: Sequence[UUID]) -> None:
    """Flag legs that may have told somebody what he knew already."""
    if ids:
        connection.execute(_MARK_DUPLICATES, {"ids": list(ids)})
