"""The whole story of an event: what was decided, written, sent, answered and heard."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.messages import Role, State, Urgency
from postroom.store.sealing import Sealer
from postroom.store.writings import Written, writings_about


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a provider, and what became of it."""

    id: UUID
    number: int
    outcome: str | None
    """accepted, rejected or unknown; None while it is on the wire."""
    verdict: str | None
    code: str | None
    detail: str | None
    provider_id: str | None
    possible_duplicate: bool
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happening:
    """A receipt, or an operator's hand."""

    what: str
    detail: str | None
    at: datetime
    """When it happened, by the provider's clock."""
    heard_at: datetime | None
    """When we heard of it, by ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person wrote or pressed."""

    kind: str
    words: str
    payload: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """The template version that a leg was written with."""

    name: str
    language: str
    version: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Leg:
    """One message on one channel, with everything that happened to it."""

    id: UUID
    company: str
    message_type: str
    channel: ChannelName
    account: str
    role: Role
    stage: int
    lane: Urgency
    state: State
    reason: str | None
    why: str
    language: str | None
    address: str
    name: str | None
    content: Rendered | None
    template: Template | None
    tries: int
    resends: int
    possible_duplicate: bool
    next_at: datetime
    lease_until: datetime | None
    not_after: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    ended_at: datetime | None
    mode: str
    config_sha256: bytes
    attempts: tuple[Attempt, ...] = ()
    happenings: tuple[Happening, ...] = ()
    answers: tuple[Answer, ...] = ()
    written: tuple[Written, ...] = ()
    """What came of it in Odoo."""


@dataclass(frozen=True, slots=True)
class IntentStory:
    """Somebody should hear of the event: the plan, and the legs that carried it out."""

    id: UUID
    rule: str
    recipient: str
    urgency: Urgency
    subject: str
    plan: Mapping[str, Any]
    languages: Sequence[str]
    stage: int
    config_sha256: bytes
    not_after: datetime | None
    created_at: datetime
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """An event, and all that came of it."""

    event_id: UUID
    company: str
    source: str
    key: str
    type: str
    state: str
    error: str | None
    received_at: datetime
    payload: Mapping[str, Any] = field(repr=False)
    intents: tuple[IntentStory, ...] = ()

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every leg, oldest first."""
        return tuple(leg for intent in self.intents for leg in intent.legs)

    def leg(self, message_id: UUID) -> Leg:
        """The leg of this id."""
        return next(leg for leg in self.legs if leg.id == message_id)


_IDS: BindParameter[Any] = bindparam("ids", type_=ARRAY(Uuid))

_EVENTS = text("""
    select id, company, source, key, type, state, error, received_at, payload from inbox where id = any(:ids)
""").bindparams(_IDS)
_INTENTS = text("select * from intent where event_id = any(:ids) order by id").bindparams(_IDS)
_LEGS = text("""
    select m.*, c.address, c.name, coalesce(s.mode, 'sandbox') as mode,
        t.name as template_name, t.language as template_language, t.version, t.sha256 as template_sha256
    from intent i
    join leg_key k on k.intent_id = i.id
    join message_log m on m.id = k.message_id
    join contact_point c on c.id = m.contact_point_id
    left join message_template t on t.id = m.template_id
    left join sending_mode s on s.company = m.company and s.channel = m.channel
    where i.event_id = any(:ids) order by m.id
""").bindparams(_IDS)
_ATTEMPTS = text("select * from attempt where message_id = any(:ids) order by number, id").bindparams(_IDS)
_HAPPENINGS = text("""
    select e.message_id, e.what, e.detail, e.at, r.received_at as heard_at
    from message_event e
    left join inbox i on i.id = e.inbox_id
    left join request r on r.id = i.request_id
    where e.message_id = any(:ids) order by e.at, e.id
""").bindparams(_IDS)
_ANSWERS = text("""
    select message_id, kind, content, payload, at from reply where message_id = any(:ids) order by at, id
""").bindparams(_IDS)


def tell(connection: Connection, sealer: Sealer, event_ids: Iterable[UUID]) -> dict[UUID, Story]:
    """The stories of these events, by their ids; what is sealed is opened."""
    wanted = {"ids": list(event_ids)}
    # Read from the front: an event that is seen done has all its legs by the time these are looked for.
    events = connection.execute(_EVENTS, wanted).all()
    planned = connection.execute(_INTENTS, wanted).all()
    legs = _legs(connection, sealer, wanted)
    intents: defaultdict[UUID, list[IntentStory]] = defaultdict(list)
    for row in planned:
        intents[row.event_id].append(_intent(row, legs.get(row.id, [])))
    return {row.id: _story(row, sealer, tuple(intents.get(row.id, ()))) for row in events}


def tell_one(connection: Connection, sealer: Sealer, event_id: UUID) -> Story:
    """The story of one event that exists."""
    return tell(connection, sealer, [event_id])[event_id]


def _story(row: Row[Any], sealer: Sealer, intents: tuple[IntentStory, ...]) -> Story:
    return Story(
        event_id=row.id,
        company=row.company,
        source=row.source,
        key=row.key,
        type=row.type,
        state=row.state,
        error=row.error,
        received_at=row.received_at,
        payload=sealer.open_json(row.payload, "inbox.payload"),
        intents=intents,
    )


def _intent(row: Row[Any], legs: Sequence[Leg]) -> IntentStory:
    return IntentStory(
        id=row.id,
        rule=row.rule,
        recipient=row.recipient,
        urgency=Urgency(row.urgency),
        subject=row.subject,
        plan=row.plan,
        languages=row.languages,
        stage=row.stage,
        config_sha256=row.config_sha256,
        not_after=row.not_after,
        created_at=row.created_at,
        legs=tuple(legs),
    )


def _legs(connection: Connection, sealer: Sealer, wanted: Mapping[str, list[UUID]]) -> dict[UUID, list[Leg]]:
    rows = connection.execute(_LEGS, wanted).all()
    ids = {"ids": [row.id for row in rows]}
    attempts = _grouped(connection.execute(_ATTEMPTS, ids))
    happenings = _grouped(connection.execute(_HAPPENINGS, ids))
    answers = _grouped(connection.execute(_ANSWERS, ids))
    written: defaultdict[UUID | None, list[Written]] = defaultdict(list)
    for each in writings_about(connection, sealer, ids["ids"]):
        written[each.message_id].append(each)
    legs: defaultdict[UUID, list[Leg]] = defaultdict(list)
    for row in rows:
        legs[row.intent_id].append(
            _leg(
                row,
                sealer,
                attempts=tuple(map(_attempt, attempts[row.id])),
                happenings=tuple(Happening(e.what, e.detail, e.at, e.heard_at) for e in happenings[row.id]),
                answers=tuple(_answer(each, sealer) for each in answers[row.id]),
                written=tuple(written[row.id]),
            )
        )
    return legs


def _grouped(rows: Iterable[Row[Any]]) -> defaultdict[UUID, list[Row[Any]]]:
    grouped: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.message_id].append(row)
    return grouped


def _leg(row: Row[Any], sealer: Sealer, **happened: Any) -> Leg:
    content = row.content and Rendered.from_json(sealer.open_json(row.content, "message_log.content"))
    template = row.version and Template(row.template_name, row.template_language, row.version, row.template_sha256)
    return Leg(
        id=row.id,
        company=row.company,
        message_type=row.message_type,
        channel=ChannelName(row.channel),
        account=row.account,
        role=Role(row.role),
        stage=row.stage,
        lane=Urgency(row.lane),
        state=State(row.state),
        reason=row.reason,
        why=row.why,
        language=row.language,
        address=sealer.open_text(row.address, "contact_point.address"),
        name=row.name and sealer.open_text(row.name, "contact_point.name"),
        content=content,
        template=template,
        tries=row.tries,
        resends=row.resends,
        possible_duplicate=row.possible_duplicate,
        next_at=row.next_at,
        lease_until=row.lease_until,
        not_after=row.not_after,
        created_at=row.created_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        ended_at=row.ended_at,
        mode=row.mode,
        config_sha256=row.config_sha256,
        **happened,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        row.id,
        row.number,
        row.outcome,
        row.verdict,
        row.code,
        row.detail,
        row.provider_id,
        row.possible_duplicate,
        row.started_at,
        row.ended_at,
    )


def _answer(row: Row[Any], sealer: Sealer) -> Answer:
    return Answer(row.kind, sealer.open_text(row.content, "reply.content"), row.payload, row.at)
