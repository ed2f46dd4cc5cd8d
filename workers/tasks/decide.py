"""A press on an approval: judged in the transaction that hears it; the outbox does the rest (execute.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from postroom.domain.approvals import ANSWERS, MESSAGE_TYPE, Asked, asked_from, judged
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.people import Person, Recognised, Stranger, Unknown
from postroom.domain.safety import Wire
from postroom.domain.writings import Kind, Writing
from postroom.store.decisions import Question, answer_of, note_refusal, question_of
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.outbox import add_writings
from postroom.store.people import who_is
from postroom.store.receipts import Correspondent
from workers.tasks.note import wire_of
from workers.wiring import Rooms

ADDRESSED = {"slack": "slack", "teams": "teams", "whatsapp": "phone", "email": "email"}
"""The recipient's field for the account that he pressed by."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Press:
    """A press on one of the two buttons of an approval, and who made it."""

    row: InboxRow
    event: ChannelEvent
    question: Question
    wire: Wire
    who: Recognised | Stranger

    @property
    def person(self) -> Person | None:
        return self.who.person if isinstance(self.who, Recognised) else None


def take_decision(
    connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent, who: Correspondent | None
) -> None:
    """Judge a press, in the transaction that keeps it. Whatever it decides or not, somebody is told."""
    if (
        event.kind is not EventKind.PRESSED
        or event.payload not in ANSWERS
        or who is None
        or who.last_message_id is None
    ):
        return
    question = question_of(connection, rooms.sealer, who.last_message_id)
    if question is None or question.message_type != MESSAGE_TYPE:
        return
    wire = wire_of(connection, rooms, row, event)
    press = _Press(row, event, question, wire, _who(connection, rooms, event, wire))
    asked = asked_from(question.event, question.not_after)
    refusal = judged(asked, press.who, rooms.clock.now())
    if refusal is None and asked is not None and press.person is not None:
        _carry_or_tell(connection, rooms, press, asked, press.person)
    elif refusal is not None:
        note_refusal(connection, press.question.message_id, press.question.company, row.id, refusal.value)
        _add(connection, rooms, press, f"refusal:{row.id}", {"refusal": refusal.value})
        log.info(
            "decision_refused", message_id=str(question.message_id), company=question.company, reason=refusal.value
        )


def _who(connection: Connection, rooms: Rooms, event: ChannelEvent, wire: Wire) -> Recognised | Stranger:
    if not event.address:
        return Stranger(Unknown.NO_ACCOUNT)
    return who_is(connection, rooms.sealer, event.channel, wire, event.address)


def _carry_or_tell(connection: Connection, rooms: Rooms, press: _Press, asked: Asked, person: Person) -> None:
    payload = {
        "answer": press.event.payload,
        "model": asked.model,
        "id": asked.record_id,
        "uid": person.user_id,
        "person": str(person.id),
        "expected_revision": asked.revision,
    }
    if _add(connection, rooms, press, f"decision:{press.question.intent_id}", payload):
        log.info("decision_taken", message_id=str(press.question.message_id), company=press.question.company)
        return
    first = answer_of(connection, rooms.sealer, f"decision:{press.question.intent_id}")
    if first != press.event.payload:  # the same button twice is one press; its answer is on its way
        _add(connection, rooms, press, f"second:{press.row.id}", {"second": first or ""})


def _add(connection: Connection, rooms: Rooms, press: _Press, key: str, payload: Mapping[str, Any]) -> bool:
    asked = asked_from(press.question.event, None)
    writing = Writing(
        company=press.question.company,
        wire=press.wire,
        kind=Kind.DECISION,
        key=key,
        subject=asked.document if asked else "",
        payload={**payload, "teller": _teller(press)},
        message_id=press.question.message_id,
    )
    return bool(add_writings(connection, rooms.sealer, [writing]))


def _teller(press: _Press) -> dict[str, Any]:
    """All that it takes to tell him, so that nothing need be looked up when it is time."""
    data = press.question.event.get("data") or {}
    approval, asked = data.get("approval") or {}, data.get("recipient") or {}
    person, event = press.person, press.event
    reached = {ADDRESSED[event.channel.value]: event.address} if event.channel.value in ADDRESSED else {}
    himself = {
        "partner_id": person.partner_id if person else f"account-{press.row.id.hex[:16]}",
        "name": person.name if person else (event.text or "-"),
        "language": asked.get("language") or (person.language if person else None),
        "user_id": person.user_id if person else None,
        "email": person.email if person else None,
        "timezone": person.timezone if person else None,
        **reached,
    }
    return {
        "company": data.get("company") or {"id": press.question.company, "name": "Postroom"},
        "recipient": {name: value for name, value in himself.items() if value},
        "approval": {
            name: approval[name] for name in ("id", "model", "document_number", "record_url") if name in approval
        },
        "at": event.occurred_at.isoformat(),
    }
