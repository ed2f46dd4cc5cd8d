"""Decisions: the question behind a message, and the answer that was taken first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.store.ids import new_id
from postroom.store.outbox import PLACE
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Question:
    """What a message asked, of whom, and until when."""

    intent_id: UUID
    message_id: UUID
    company: str
    message_type: str
    event: Mapping[str, Any]
    not_after: datetime | None
    run_id: UUID | None
    """What waits for the answer."""
    step_no: int | None


_QUESTION = text("""
    select i.id, i.company, i.facts, i.not_after, i.run_id, i.step_no, m.message_type
    from message_log m join intent i on i.id = m.intent_id where m.id = :id
""")


@dataclass(frozen=True, slots=True)
class First:
    """The answer that counts."""

    answer: str
    by: str
    at: datetime
    under_way: bool
    """It is still being carried into Odoo."""
    code: str | None = None
    """What became of it there."""


_ANSWER = text("select payload, state, code from outbox where key = :key")
_REACHED = text("""
    select distinct on (i.recipient) i.recipient, i.facts from intent i
    where i.run_id = :run_id and exists (
        select from leg_key k join message_log m on m.id = k.message_id
        where k.intent_id = i.id and m.state in ('sending', 'sent', 'delivered', 'read', 'unknown'))
    order by i.recipient, i.id desc
""")
_REFUSED = text("""
    insert into message_event (id, message_id, company, inbox_id, what, detail)
    values (:id, :message_id, :company, :inbox_id, 'decision_refused', :detail)
""")


def question_of(connection: Connection, sealer: Sealer, message_id: UUID) -> Question | None:
    """The question that a message asked; None where the message is gone."""
    row = connection.execute(_QUESTION, {"id": message_id}).one_or_none()
    if row is None:
        return None
    event = sealer.open_json(row.facts, "intent.facts")
    return Question(row.id, message_id, row.company, row.message_type, event, row.not_after, row.run_id, row.step_no)


def first_answer_to(connection: Connection, sealer: Sealer, key: str) -> First | None:
    """What was answered first, by whom and when; None where nothing was."""
    row = connection.execute(_ANSWER, {"key": key}).one_or_none()
    if row is None:
        return None
    payload = json.loads(sealer.open_text(row.payload, PLACE))
    teller = payload["teller"]
    at = datetime.fromisoformat(teller["at"])
    return First(payload["answer"], teller["recipient"]["name"], at, row.state == "waiting", row.code)


def reached_in(connection: Connection, sealer: Sealer, run_id: UUID) -> dict[str, Mapping[str, Any]]:
    """Everybody whom a question of a run has reached, or may have, by partner:<id>: the event that told him last."""
    rows = connection.execute(_REACHED, {"run_id": run_id})
    return {row.recipient: sealer.open_json(row.facts, "intent.facts") for row in rows}


def note_refusal(connection: Connection, message_id: UUID, company: str, inbox_id: UUID, reason: str) -> None:
    """Write beside the message that somebody's press decided nothing, and why."""
    values = {"id": new_id(), "message_id": message_id, "company": company, "inbox_id": inbox_id, "detail": reason}
    connection.execute(_REFUSED, values)
