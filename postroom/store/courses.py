"""What a card is to say: the message as it was sent, whom it asked, and how its run stands now."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.domain.cards import Course, Reader
from postroom.domain.channels import Rendered
from postroom.domain.runs import RunStatus
from postroom.store.outbox import PLACE
from postroom.store.runs import chain_of
from postroom.store.sealing import Sealer

_SENT = text("""
    select m.id, m.content, i.facts, i.recipient, i.run_id, p.provider_id, p.attempt_id
    from message_log m join intent i on i.id = m.intent_id
    join provider_ref p on p.message_id = m.id and p.channel = m.channel
    where m.id = any(:ids) and m.state in ('sent', 'delivered', 'read') and m.content is not null
    order by m.id, p.attempt_id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
# A run that was opened again tells of the answer that counted before: its votes are of the round before this one. Who
# answered goes by the name that his decision carries; who takes an alert, by the name that he was told of it by.
_COURSE = text("""
    select r.status, r.why, r.flow_version_id, coalesce(d.outcome, v.answer) as answer,
        coalesce(d.actor, v.asked, v.actor) as actor, coalesce(d.decided_at, v.at) as at,
        o.state as carried, o.code, o.payload,
        (select i.facts from intent i where i.run_id = r.id and i.recipient = coalesce(d.actor, v.actor)
            order by i.id desc limit 1) as himself
    from run r
    left join decision d on d.run_id = r.id
    left join lateral (
        select vote.answer, vote.actor, vote.at, i.recipient as asked
        from vote left join message_log m on m.id = vote.message_id left join intent i on i.id = m.intent_id
        where vote.run_id = r.id and vote.iter = r.iter - 1 order by vote.at desc, vote.actor limit 1
    ) v on r.status in ('active', 'paused')
    left join outbox o on o.key =
        'decision:' || r.id || ':' || (r.iter - case when r.status in ('active', 'paused') then 1 else 0 end)
    where r.id = :id
""")


@dataclass(frozen=True, slots=True)
class Copy:
    """A card where it stands: the provider's name for it, and the attempt that sent it."""

    provider_id: str
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Card:
    """A message as it was sent; more than once, where nobody knew whether the first had arrived."""

    content: Rendered
    reader: Reader
    run_id: UUID
    copies: tuple[Copy, ...]


def cards_sent(connection: Connection, sealer: Sealer, ids: Collection[UUID]) -> dict[UUID, Card]:
    """The cards behind these messages; none where a message has not arrived after all."""
    found: dict[UUID, Card] = {}
    for row in connection.execute(_SENT, {"ids": list(ids)}):
        card = found.get(row.id) or _card(sealer, row)
        found[row.id] = replace(card, copies=(*card.copies, Copy(row.provider_id, row.attempt_id)))
    return found


def _card(sealer: Sealer, row: Any) -> Card:
    content = Rendered.from_json(sealer.open_json(row.content, "message_log.content"))
    told = sealer.open_json(row.facts, "intent.facts")["data"]["recipient"]
    return Card(content, Reader(row.recipient, content.language, told.get("timezone")), row.run_id, ())


def course_of(connection: Connection, sealer: Sealer, run_id: UUID) -> Course:
    """How a run stands now."""
    row = connection.execute(_COURSE, {"id": run_id}).one()
    return Course(
        status=RunStatus(row.status),
        why=row.why,
        answer=row.answer,
        actor=row.actor,
        by=_name(sealer, row),
        at=row.at,
        under_way=row.carried in (None, "waiting"),
        code=row.code,
        owner=str(chain_of(connection, row.flow_version_id).owner),
    )


def _name(sealer: Sealer, row: Any) -> str:
    if row.payload is not None:
        return str(json.loads(sealer.open_text(row.payload, PLACE))["teller"]["recipient"].get("name") or "")
    if row.himself is not None:
        return str(sealer.open_json(row.himself, "intent.facts")["data"]["recipient"].get("name") or "")
    return ""
