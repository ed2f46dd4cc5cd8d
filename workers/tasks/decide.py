"""A press on an approval: judged when it is heard, carried into Odoo by the outbox, and answered with the truth."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.approval_words import SECOND, told
from postroom.domain.approvals import ANSWERS, MESSAGE_TYPE, Asked, Refusal, Result, asked_from, judged
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.people import Person, Recognised, Stranger, Unknown
from postroom.domain.safety import Wire
from postroom.domain.writings import REFUSED, Ending, Kind, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.deciding import AddOn, Hand, Himself
from postroom.odoo.errors import OdooError
from postroom.odoo.writing import decision
from postroom.store.decisions import Question, answer_of, note_refusal, question_of
from postroom.store.engine import Connection
from postroom.store.inbox import Conflict, InboxRow, NewEvent, keep_events
from postroom.store.notices import raise_notice
from postroom.store.outbox import add_writings
from postroom.store.people import api_key_of, person_by_id, who_is
from postroom.store.receipts import Correspondent
from workers.tasks.note import wire_of
from workers.wiring import Rooms

SOURCE = "/postroom/decision"
TYPE = "postroom.approval.settled"
ADDRESSED = {"slack": "slack", "teams": "teams", "whatsapp": "phone", "email": "email"}
"""The recipient's field for the account that he pressed by."""

log = structlog.get_logger()


# Judged --------------------------------------------------------------------------------------------------------------


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


# Carried -------------------------------------------------------------------------------------------------------------


def carry_decision(rooms: Rooms, odoo: Odoo, writing: Writing) -> Ending:
    """Do in Odoo what was decided, and tell him; what was refused when it was heard is only told."""
    payload = writing.payload
    if "refusal" in payload:
        return _only_told(rooms, writing, Refusal(payload["refusal"]).value)
    if "second" in payload:
        return _only_told(rooms, writing, SECOND, payload["second"])
    settled, ending = decision.write(odoo, _hand(rooms, odoo, writing), writing, rooms.ways)
    if settled.result is Result.IN_ODOO_ONLY:
        _tell_operators(rooms, writing, settled.words)
    _tell(rooms, writing, settled.result.value, settled.words)
    return ending


def _tell_operators(rooms: Rooms, writing: Writing, words: str) -> None:
    """He can decide in Odoo; that he cannot decide here is for the operators to mend."""
    model = str(writing.payload["model"])
    why = (
        words
        or f"neither the add-on nor a key of his own lets user {writing.payload['uid']} decide {model} from a chat"
    )
    remedy = "See: postroom odoo check, postroom people check"
    with rooms.engine.begin() as connection:
        key = f"decision:{model}:{writing.payload['uid']}"
        raise_notice(connection, key=key, company=writing.company, kind="decision", words=f"{why}. {remedy}")


def _only_told(rooms: Rooms, writing: Writing, code: str, words: str = "") -> Ending:
    _tell(rooms, writing, code, words)
    return Ending(REFUSED, code)


def _hand(rooms: Rooms, odoo: Odoo, writing: Writing) -> Hand | None:
    """Who acts in his name: the add-on on our signature, else he himself by his own key; never our own user."""
    secret = rooms.erp.command_secret(writing.wire)
    if secret and odoo.has_addon():
        return AddOn(odoo, secret, rooms.erp.database(writing.wire), datetime.now(UTC))
    with rooms.engine.connect() as connection:
        person = person_by_id(connection, rooms.sealer, UUID(writing.payload["person"]))
        key = api_key_of(connection, rooms.sealer, person.id) if person else None
    if person is None or not key:
        return None
    try:
        return Himself(odoo.as_person(person.login, key))
    except OdooError as error:
        log.warning("own_key_refused", user_id=person.user_id, code=error.fault.code)
        return None


# Told ----------------------------------------------------------------------------------------------------------------


def _tell(rooms: Rooms, writing: Writing, code: str, words: str) -> None:
    """An event to ourselves, which routing takes to him; once for each writing, whatever is done twice."""
    teller = writing.payload["teller"]
    approval = dict(teller["approval"])
    number = approval.setdefault("document_number", writing.subject or "-")
    approval.setdefault("id", 1)
    approval.setdefault("model", "approval.request")
    title, explanation = told(code, teller["recipient"].get("language"), number, words[:1000])
    body = {
        "specversion": "1.0",
        "id": writing.key,
        "source": SOURCE,
        "type": TYPE,
        "time": teller["at"],
        "data": {
            "company": teller["company"],
            "recipient": teller["recipient"],
            "approval": {**approval, "outcome": code, "title": title, "explanation": explanation},
        },
    }
    raw = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    event = NewEvent(writing.company, SOURCE, writing.key, TYPE, raw)
    try:
        keep_events(rooms.engine, rooms.sealer, source="decision", headers={}, body=raw, events=[event])
    except Conflict:
        return  # he was told before the outbox could note it
    rooms.hints.route()
