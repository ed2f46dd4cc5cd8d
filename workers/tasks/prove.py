"""Deciding by a link: a code that goes to another account of whoever was asked, and the answer that it proves."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.approvals import Answer
from postroom.domain.channels import ChannelName
from postroom.domain.codes import DIGITS, LASTS, Proof, next_at, proven, spoken
from postroom.domain.people import Account, Person, Recognised
from postroom.store.codes import codes_made, count_try, digest_of, keep_code, newest_code, spend
from postroom.store.engine import Connection
from postroom.store.ids import new_id
from postroom.store.inbox import OwnEvent, add_own_events
from postroom.store.runs import lock_runs, note
from workers.tasks.decide import Press, count
from workers.tasks.look import Letter, Sight, letter_of, look, sight_of
from workers.wiring import Rooms

SOURCE = "/postroom/code"
TYPE = "postroom.decision.code"
TOLD = ("id", "model", "document_type", "document_number", "amount", "currency")
"""What the code's message says of the document."""
ADDRESSES = ("slack", "teams", "phone", "email")
log = structlog.get_logger()


class Forgotten(LookupError):
    """The message of a link is not kept any more, or asked nothing."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of asking for a code."""

    sight: Sight
    sent: bool = False
    again_at: datetime | None = None
    """Too many were sent: when there may be another."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gave with his answer."""

    code: str = field(repr=False)
    answer: Answer
    reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of an answer."""

    sight: Sight
    proof: Proof | None = None
    """None: there was nothing to prove any more."""


# A code ---------------------------------------------------------------------------------------------------------------


def send_code(rooms: Rooms, message_id: UUID, channel: ChannelName) -> Sending:
    """Send a code to the account on a channel of whoever the link's message asked: to nobody else. Raises Forgotten."""
    with rooms.engine.begin() as connection:
        sight = _locked(connection, rooms, message_id)
        way = next((each for each in sight.ways if each.channel is channel), None)
        if not sight.decidable or way is None or sight.person is None:
            return Sending(sight)
        sending = _send(connection, rooms, sight, sight.person, way)
    rooms.hints.route()
    return sending


def _send(connection: Connection, rooms: Rooms, sight: Sight, person: Person, way: Account) -> Sending:
    letter, bearer = sight.letter, sight.bearer
    assert bearer is not None
    again_at = next_at(*codes_made(connection, bearer), datetime.now(UTC))
    if again_at is not None:
        return Sending(sight, again_at=again_at)
    code = spoken(secrets.randbelow(10**DIGITS))
    kept = keep_code(connection, rooms.sealer, bearer, code, message_id=letter.message_id, channel=way.channel)
    add_own_events(connection, rooms.sealer, [_event(letter, person, way, kept, code)])
    told = f"to {way.channel} for the link by {letter.channel}"
    note(connection, letter.run, "code_sent", rooms.clock.now(), detail=told, actor=_actor(person))
    log.info("code_sent", run_id=str(letter.run.id), company=letter.run.company, channel=way.channel.value)
    return Sending(sight_of(connection, rooms, letter), sent=True)


def _event(letter: Letter, person: Person, way: Account, code_id: UUID, code: str) -> OwnEvent:
    """It names the one account alone: neither the link's channel nor one that somebody wrote into an event."""
    data, company = letter.question.event["data"], letter.run.company
    recipient = {
        "partner_id": person.partner_id,
        "name": person.name,
        "language": letter.message.languages[0] if letter.message.languages else person.language,
        way.channel.value: way.address,
    }
    minutes = int(LASTS.total_seconds() // 60)
    approval = {**{name: data["approval"][name] for name in TOLD}, "code": code, "minutes": str(minutes)}
    whole: Mapping[str, Any] = {
        "specversion": "1.0",
        "id": str(code_id),
        "source": SOURCE,
        "type": TYPE,
        "time": datetime.now(UTC).isoformat(),
        "data": {
            "company": data["company"],
            "recipient": {name: value for name, value in recipient.items() if value},
            "approval": approval,
        },
    }
    return OwnEvent(company, SOURCE, str(code_id), TYPE, whole)


# An answer ------------------------------------------------------------------------------------------------------------


def answer(rooms: Rooms, message_id: UUID, given: Given) -> Trial:
    """Count an answer that a code proves, in one transaction with what the code was good for. Raises Forgotten."""
    with rooms.engine.begin() as connection:
        sight = _locked(connection, rooms, message_id)
        if not sight.decidable or sight.person is None:
            return Trial(sight)
        proof = _prove(connection, rooms, sight, given.code)
        if proof is Proof.GOOD:
            count(connection, rooms, _press(sight, sight.person, given), sight.letter.asked, sight.person)
    if proof is Proof.GOOD:
        rooms.hints.write_back()
        rooms.hints.route()
    return Trial(look(rooms, message_id) or sight, proof)


def _prove(connection: Connection, rooms: Rooms, sight: Sight, given: str) -> Proof:
    bearer = sight.bearer
    assert bearer is not None
    code = newest_code(connection, bearer, lock=True)
    proof = proven(code, digest_of(rooms.sealer, bearer, given), datetime.now(UTC))
    if code is not None and proof is Proof.GOOD:
        spend(connection, code)
    if code is not None and proof is Proof.WRONG:
        count_try(connection, code)
        told = f"by the link by {sight.letter.channel}; {code.left - 1} tries left"
        note(connection, sight.letter.run, "code_wrong", rooms.clock.now(), detail=told)
        log.info("code_wrong", run_id=str(sight.letter.run.id), company=sight.letter.run.company)
    return proof


def _press(sight: Sight, person: Person, given: Given) -> Press:
    letter = sight.letter
    recipient = letter.question.event["data"]["recipient"]
    return Press(
        key=new_id(),
        answer=given.answer.value,
        via=f"link:{letter.channel}",
        at=datetime.now(UTC),
        question=letter.question,
        wire=person.wire,
        who=Recognised(person),
        asked=letter.asked,
        reached={name: recipient[name] for name in ADDRESSES if recipient.get(name)},
        reason=given.reason,
        seen=True,
    )


def _locked(connection: Connection, rooms: Rooms, message_id: UUID) -> Sight:
    """What is shown, and its run locked, so that nothing of it changes before the transaction ends."""
    letter = letter_of(connection, rooms, message_id)
    if letter is None:
        raise Forgotten(f"message {message_id} asks nothing that is kept")
    runs = lock_runs(connection, [letter.run.id])
    return sight_of(connection, rooms, replace(letter, run=runs[letter.run.id]))


def _actor(person: Person) -> str:
    return f"partner:{person.partner_id}"
