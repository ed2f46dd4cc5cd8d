"""What came back: receipts settle legs, replies are kept; each applied once, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

_AT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """The attempt and message that a receipt is about."""

    attempt_id: UUID
    message_id: UUID
    company: str


_BY_ATTEMPT = text("select id, message_id, company from attempt where id = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_BY_PROVIDER_ID = text("""
    select provider_id, attempt_id, message_id, company from provider_ref
    where channel = :channel and provider_id = any(:ids)
""").bindparams(bindparam("ids", type_=ARRAY(Text)))


def subjects_by_attempt(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Subject]:
    """The messages behind our own ids, where a provider carried them back."""
    if not ids:
        return {}
    rows = connection.execute(_BY_ATTEMPT, {"ids": list(ids)})
    return {row.id: Subject(row.id, row.message_id, row.company) for row in rows}


def subjects_by_provider_id(connection: Connection, channel: ChannelName, ids: Sequence[str]) -> dict[str, Subject]:
    """The messages behind a provider's ids."""
    if not ids:
        return {}
    rows = connection.execute(_BY_PROVIDER_ID, {"channel": channel.value, "ids": list(ids)})
    return {row.provider_id: Subject(row.attempt_id, row.message_id, row.company) for row in rows}


# Receipts -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReceiptOf:
    """One receipt, matched to its message."""

    inbox_id: UUID
    subject: Subject
    state: State
    """sent, delivered, read or failed"""
    occurred_at: datetime
    provider_id: str | None
    code: str | None = None
    detail: str | None = None
    verdict: str | None = None


# The table of edges (domain/messages.py) as SQL: forward only, but unknown may become anything that is known, and
# delivered may follow failed.
_APPLY = text("""
    update message_log m set
        state = r.state,
        reason = case when r.state = 'failed' then r.code
            when m.state in ('failed', 'unknown') then null else m.reason end,
        provider_id = coalesce(m.provider_id, r.provider_id),
        lease_until = null,
        sent_at = coalesce(m.sent_at, r.at),
        delivered_at = case when r.state in ('delivered', 'read') then coalesce(m.delivered_at, r.at)
            else m.delivered_at end,
        read_at = case when r.state = 'read' then coalesce(m.read_at, r.at) else m.read_at end,
        ended_at = case when r.state in ('delivered', 'read', 'failed') then coalesce(m.ended_at, clock_timestamp()) end
    from message_log before, unnest(:ids, :states, :ats, :codes, :provider_ids) as r (id, state, at, code, provider_id)
    where m.id = r.id and before.id = r.id and (
        r.state = 'sent' and m.state in ('sending', 'unknown')
        or r.state = 'delivered' and m.state in ('sending', 'unknown', 'sent', 'failed')
        or r.state = 'read' and m.state in ('sending', 'unknown', 'sent', 'delivered', 'failed')
        or r.state = 'failed' and m.state in ('sending', 'unknown', 'sent')
    )
    returning m.id, m.intent_id, m.state, before.state as was
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("states", "codes", "provider_ids")),
    bindparam("ats", type_=ARRAY(_AT)),
)

_SETTLE_ATTEMPTS = text("""
    update attempt a set outcome = case when r.state = 'failed' then 'rejected' else 'accepted' end,
        code = coalesce(r.code, a.code), detail = coalesce(r.detail, a.detail),
        verdict = coalesce(r.verdict, a.verdict),
        provider_id = coalesce(a.provider_id, r.provider_id), ended_at = coalesce(a.ended_at, clock_timestamp())
    from unnest(:ids, :states, :codes, :details, :verdicts, :provider_ids)
        as r (id, state, code, detail, verdict, provider_id)
    where a.id = r.id and (a.outcome is distinct from 'accepted' or r.state = 'failed')
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("states", "codes", "details", "verdicts", "provider_ids")),
)

_NOTE = text("""
    insert into message_event (id, message_id, company, inbox_id, what, detail, at)
    select * from unnest(:ids, :message_ids, :companies, :inbox_ids, :whats, :details, :ats)
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "message_ids", "inbox_ids")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "whats", "details")),
    bindparam("ats", type_=ARRAY(_AT)),
)

_LEARN_REFS = text("""
    insert into provider_ref (channel, provider_id, attempt_id, message_id, company)
    select :channel, * from unnest(:provider_ids, :attempt_ids, :message_ids, :companies)
    on conflict (channel, provider_id) do nothing
""").bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("provider_ids", "companies")),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("attempt_ids", "message_ids")),
)

_SET_COMPANIES = text("""
    update inbox i set company = new.company from unnest(:ids, :companies) as new (id, company) where i.id = new.id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("companies", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Moved:
    """A leg that receipts moved, and where it came from."""

    message_id: UUID
    intent_id: UUID
    was: State
    now: State


def apply_receipts(connection: Connection, channel: ChannelName, receipts: Sequence[ReceiptOf]) -> list[Moved]:
    """Apply receipts of one channel in any order; each leg moves at most once, to the furthest of its receipts."""
    if not receipts:
        return []
    connection.execute(
        _NOTE,
        {
            "ids": [new_id() for _ in receipts],
            "message_ids": [r.subject.message_id for r in receipts],
            "companies": [r.subject.company for r in receipts],
            "inbox_ids": [r.inbox_id for r in receipts],
            "whats": [r.state.value for r in receipts],
            "details": [None if r.code is None else f"{r.code}: {r.detail}" for r in receipts],
            "ats": [r.occurred_at for r in receipts],
        },
    )
    connection.execute(
        _SET_COMPANIES,
        {"ids": [r.inbox_id for r in receipts], "companies": [r.subject.company for r in receipts]},
    )
    _settle_attempts(connection, channel, receipts)
    return [
        Moved(row.id, row.intent_id, State(row.was), State(row.state))
        for step in _in_order(receipts)
        for row in connection.execute(
            _APPLY,
            {
                "ids": [r.subject.message_id for r in step],
                "states": [r.state.value for r in step],
                "ats": [r.occurred_at for r in step],
                "codes": [r.code for r in step],
                "provider_ids": [r.provider_id for r in step],
            },
        )
    ]


def _in_order(receipts: Sequence[ReceiptOf]) -> list[list[ReceiptOf]]:
    """One step per state, so that every time is recorded; within a step, one receipt per message."""
    order = (State.FAILED, State.SENT, State.DELIVERED, State.READ)
    steps = []
    for state in order:
        unique = {r.subject.message_id: r for r in reversed(receipts) if r.state is state}
        if unique:
            steps.append([unique[message_id] for message_id in sorted(unique)])
    return steps


def _settle_attempts(connection: Connection, channel: ChannelName, receipts: Sequence[ReceiptOf]) -> None:
    furthest = {r.subject.attempt_id: r for step in _in_order(receipts) for r in step}
    settled = [furthest[attempt_id] for attempt_id in sorted(furthest)]
    connection.execute(
        _SETTLE_ATTEMPTS,
        {
            "ids": [r.subject.attempt_id for r in settled],
            "states": [r.state.value for r in settled],
            "codes": [r.code for r in settled],
            "details": [r.detail for r in settled],
            "verdicts": [r.verdict for r in settled],
            "provider_ids": [r.provider_id for r in settled],
        },
    )
    named = [r for r in settled if r.provider_id is not None]
    if named:
        connection.execute(
            _LEARN_REFS,
            {
                "channel": channel.value,
                "provider_ids": [r.provider_id for r in named],
                "attempt_ids": [r.subject.attempt_id for r in named],
                "message_ids": [r.subject.message_id for r in named],
                "companies": [r.subject.company for r in named],
            },
        )


# Replies --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Who wrote to us: the contact point that heard from us last at that address."""

    contact_point_id: UUID
    company: str
    last_message_id: UUID | None


_CORRESPONDENT = text("""
    select c.id, c.company, (
        select m.id from message_log m where m.contact_point_id = c.id and m.sent_at is not null
        order by m.created_at desc limit 1
    ) as last_message_id
    from contact_point c where c.channel = :channel and c.blind = :blind
    order by (
        select max(m.created_at) from message_log m where m.contact_point_id = c.id
    ) desc nulls last limit 1
""")

_OF_MESSAGE = text("""
    select c.id, c.company, m.id as last_message_id
    from message_log m join contact_point c on c.id = m.contact_point_id where m.id = :id
""")


def correspondent(
    connection: Connection, channel: ChannelName, blind: bytes | None, message_id: UUID | None
) -> Correspondent | None:
    """Whose words these are: by the message that they answer, else by the address. None: a stranger."""
    row = None
    if message_id is not None:
        row = connection.execute(_OF_MESSAGE, {"id": message_id}).one_or_none()
    if row is None and blind is not None:
        row = connection.execute(_CORRESPONDENT, {"channel": channel.value, "blind": blind}).one_or_none()
    return None if row is None else Correspondent(row.id, row.company, row.last_message_id)


_REPLY = text("""
    insert into reply (id, inbox_id, company, channel, contact_point_id, message_id, kind, content, payload, at)
    values (:id, :inbox_id, :company, :channel, :contact_point_id, :message_id, :kind, :content, :payload, :at)
    on conflict (inbox_id) do nothing returning id
""")
_HEARD = text("""
    update contact_point set last_inbound_at = greatest(last_inbound_at, :at), verified = true where id = :id
""")
_ORDER = text("select pg_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class NewReply:
    """A person's words or pressed button."""

    inbox_id: UUID
    channel: ChannelName
    kind: str
    content: str
    payload: str | None
    at: datetime


def take_turn(connection: Connection, blind: bytes) -> None:
    """Wait until nobody else applies something of this contact: inbound is applied per contact in order."""
    connection.execute(_ORDER, {"key": int.from_bytes(blind[:8], signed=True)})


def keep_reply(connection: Connection, sealer: Sealer, who: Correspondent | None, reply: NewReply) -> bool:
    """Keep what a person answered, beside the message that it answers. False: it was kept before."""
    kept = connection.scalar(
        _REPLY,
        {
            "id": new_id(),
            "inbox_id": reply.inbox_id,
            "company": who.company if who else "",
            "channel": reply.channel.value,
            "contact_point_id": who.contact_point_id if who else None,
            "message_id": who.last_message_id if who else None,
            "kind": reply.kind,
            "content": sealer.seal_text(reply.content, "reply.content"),
            "payload": reply.payload,
            "at": reply.at,
        },
    )
    if kept is not None and who is not None:
        connection.execute(_HEARD, {"id": who.contact_point_id, "at": reply.at})
        connection.execute(_SET_COMPANIES, {"ids": [reply.inbox_id], "companies": [who.company]})
    return kept is not None


_REVOKE = text("""
    insert into consent (id, company, channel, blind, granted, source, wording)
    values (:id, :company, :channel, :blind, false, :source, :wording)
""")
_SUPPRESS_WAITING = text("""
    update message_log m set state = 'suppressed', reason = 'opted_out', lease_until = null,
        ended_at = clock_timestamp()
    from contact_point c
    where c.id = m.contact_point_id and c.company = :company and c.channel = :channel and c.blind = :blind
        and m.state in ('queued', 'held', 'claimed')
    returning m.id, m.intent_id
""")


def revoke_consent(
    connection: Connection, *, company: str, channel: ChannelName, blind: bytes, source: str, wording: str | None
) -> list[UUID]:
    """Record an opt-out and suppress what waits for that address. Returns the intents whose legs it ended."""
    scope = {"company": company, "channel": channel.value, "blind": blind}
    connection.execute(_REVOKE, {**scope, "id": new_id(), "source": source, "wording": wording})
    return [row.intent_id for row in connection.execute(_SUPPRESS_WAITING, scope)]
