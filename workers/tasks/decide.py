"""An answer to an approval: judged in the transaction that hears it; the outbox carries what counts (execute.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.approval_words import COUNTED, SECOND, first_answer
from postroom.domain.approvals import ANSWERS, Answer, Asked, Refusal, asked_from, judged
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.escalation import Chain, Level, case_of
from postroom.domain.fates import answer_after
from postroom.domain.people import Person, Recognised, Stranger, Unknown
from postroom.domain.runs import OPEN
from postroom.domain.safety import Wire
from postroom.domain.voting import tally
from postroom.domain.writings import Kind, Writing
from postroom.store.decisions import Question, first_answer_to, note_refusal, question_of
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.outbox import add_writings
from postroom.store.people import who_is
from postroom.store.receipts import Correspondent
from postroom.store.runs import Run, chain_of, lock_runs, note
from postroom.store.votes import Vote, asked_at_place, cast_vote, decide_run, votes_of
from workers.tasks.escalate import ask_next_level
from workers.tasks.note import wire_of
from workers.tasks.tell import DOCUMENT, NO_DOCUMENT, Outcome, tell, tell_others
from workers.wiring import Rooms

ADDRESSED = {"slack": "slack", "teams": "teams", "whatsapp": "phone", "email": "email"}
"""The recipient's field for the account that he pressed by."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Press:
    """An answer to an approval, by one of its two buttons or by its link, and who gave it."""

    key: UUID
    """What makes it told once."""
    answer: str
    via: str
    """The button's channel; link:<channel> for the link of a message."""
    at: datetime
    question: Question
    wire: Wire
    who: Recognised | Stranger
    asked: Asked | None
    reached: Mapping[str, str] = field(default_factory=dict)
    """Where he is told, by the recipient's field for it."""
    called: str = ""
    """What his channel calls him, where we do not know him."""
    reason: str | None = None
    seen: bool = False
    """He reads where he answered what becomes of it, and need not be told."""

    @property
    def person(self) -> Person | None:
        return self.who.person if isinstance(self.who, Recognised) else None


def take_decision(
    connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent, who: Correspondent | None, *, named: bool
) -> None:
    """Judge a press, in the transaction that keeps it. Whatever it decides or not, somebody is told.

    `named`: the press says which message it answers. Where it does not, its address's newest is none of its business.
    """
    if (
        event.kind is not EventKind.PRESSED
        or event.payload not in ANSWERS
        or who is None
        or who.last_message_id is None
    ):
        return
    question = question_of(connection, rooms.sealer, who.last_message_id)
    if question is None or question.run_id is None:
        return
    wire = wire_of(connection, rooms, row, event)
    asked = asked_from(question.event, question.not_after) if named else None
    press = Press(
        key=row.id,
        answer=event.payload,
        via=event.channel.value,
        at=event.occurred_at,
        question=question,
        wire=wire,
        who=_who(connection, rooms, event, wire),
        asked=asked,
        reached={ADDRESSED[event.channel.value]: event.address or ""} if event.channel.value in ADDRESSED else {},
        called=event.text or "",
        reason=event.reason if event.payload == Answer.REJECT else None,
    )
    refusal = judged(asked, press.who, rooms.clock.now())
    if refusal is None and asked is not None and press.person is not None:
        count(connection, rooms, press, asked, press.person)
    elif refusal is not None:
        _refuse(connection, rooms, press, row, refusal)


def _refuse(connection: Connection, rooms: Rooms, press: Press, row: InboxRow, refusal: Refusal) -> None:
    """Beside the message for whoever asks later, and to himself."""
    question = press.question
    note_refusal(connection, question.message_id, question.company, row.id, refusal.value)
    tell(connection, rooms, Outcome(f"refusal:{press.key}", question.company, refusal.value, _teller(press)))
    log.info("decision_refused", message_id=str(question.message_id), company=question.company, reason=refusal.value)


def _who(connection: Connection, rooms: Rooms, event: ChannelEvent, wire: Wire) -> Recognised | Stranger:
    if not event.address:
        return Stranger(Unknown.NO_ACCOUNT)
    return who_is(connection, rooms.sealer, event.channel, wire, event.address)


def count(connection: Connection, rooms: Rooms, press: Press, asked: Asked, person: Person) -> None:
    """Count an answer, in the run that is locked from here on; the one that settles it is carried into Odoo."""
    question, now = press.question, rooms.clock.now()
    run = lock_runs(connection, [question.run_id]).get(question.run_id) if question.run_id else None
    if run is None or question.step_no is None:
        return
    chain, voter = chain_of(connection, run.flow_version_id), f"partner:{person.partner_id}"
    level = chain.level_of(question.step_no)
    if run.status not in OPEN or level != chain.level_asked(run.place):
        _tell_first(connection, rooms, press, run, person)
        return
    vote = Vote(voter, press.answer, now, press.via, question.message_id)
    reason = rooms.sealer.seal_text(press.reason, "vote.reason") if press.reason else None
    if not cast_vote(connection, run, level, vote, reason):
        _tell_first(connection, rooms, press, run, person)
        return
    note(connection, run, "voted", now, detail=f"{vote.answer} by {vote.via}", actor=voter)
    levels = chain.levels_for(case_of(question.event, run.company))
    _weigh(connection, rooms, press, asked, person, _Bench(run, chain, level, levels[level]))


@dataclass(frozen=True, slots=True)
class _Bench:
    """The level of a run that somebody has just answered on."""

    run: Run
    chain: Chain
    number: int
    level: Level


def _weigh(connection: Connection, rooms: Rooms, press: Press, asked: Asked, person: Person, bench: _Bench) -> None:
    """Whether the answers of a level are enough: for the next level to be asked, or for Odoo."""
    run, now = bench.run, rooms.clock.now()
    votes = {who: Answer(vote.answer) for who, vote in votes_of(connection, run, bench.number).items()}
    first = bench.number * len(bench.chain.moments)
    outcome = tally(bench.level, votes, asked_at_place(connection, run, first))
    further = bench.number + 1 < run.levels
    if outcome is None or (outcome is Answer.APPROVE and further):
        _tell_counted(connection, rooms, press)
        if outcome is not None:
            ask_next_level(connection, rooms, run, bench.number + 1)
        return
    if decide_run(connection, run, outcome.value, f"partner:{person.partner_id}", now):
        note(connection, run, "decided", now, detail=outcome.value, actor=f"partner:{person.partner_id}")
        _carry(connection, rooms, press, asked, person, run)
        tell_others(connection, rooms, run, outcome, person)


def _carry(connection: Connection, rooms: Rooms, press: Press, asked: Asked, person: Person, run: Run) -> None:
    question, teller = press.question, _teller(press)
    writing = Writing(
        company=question.company,
        wire=press.wire,
        kind=Kind.DECISION,
        key=key_of(run),
        subject=asked.document,
        payload={
            "answer": press.answer,
            "model": asked.model,
            "id": asked.record_id,
            "uid": person.user_id,
            "person": str(person.id),
            "expected_revision": asked.revision,
            "reason": press.reason,
            "language": teller["recipient"].get("language"),
            "teller": teller,
            "run": str(run.id),
        },
        message_id=question.message_id,
    )
    add_writings(connection, rooms.sealer, [writing])
    log.info("decision_taken", message_id=str(question.message_id), run_id=str(run.id), company=question.company)


def key_of(run: Run) -> str:
    """What makes a decision carried once."""
    return f"decision:{run.id}:{run.iter}"


def _tell_first(connection: Connection, rooms: Rooms, press: Press, run: Run, person: Person) -> None:
    """Somebody, perhaps he himself, had answered before. Of a double tap nothing more is said while it is carried."""
    if press.seen:
        return
    question, teller = press.question, _teller(press)
    late = answer_after(run.status, run.why) if run.status not in OPEN else None
    if late is not None:
        tell(connection, rooms, Outcome(f"late:{press.key}", question.company, late.value, teller))
        return
    first = first_answer_to(connection, rooms.sealer, key_of(run))
    if first is not None and not (first.under_way and first.answer == press.answer):
        language = teller["recipient"].get("language")
        facts = first_answer(Answer(first.answer), first.by, first.at, language, person.timezone)
        tell(connection, rooms, Outcome(f"second:{press.key}", question.company, SECOND, teller, facts))


def _tell_counted(connection: Connection, rooms: Rooms, press: Press) -> None:
    """His answer counts, and others are still to answer."""
    if press.seen:
        return
    outcome = Outcome(f"counted:{press.key}", press.question.company, COUNTED, _teller(press))
    tell(connection, rooms, outcome)


def _teller(press: Press) -> dict[str, Any]:
    """All that it takes to tell him, so that nothing need be looked up when it is time."""
    data = press.question.event.get("data") or {}
    approval, asked = (data.get("approval") or {}) if press.asked else {}, data.get("recipient") or {}
    person = press.person
    himself = {
        "partner_id": person.partner_id if person else f"account-{press.key.hex[:16]}",
        "name": person.name if person else (press.called or "-"),
        "language": asked.get("language") or (person.language if person else None),
        "user_id": person.user_id if person else None,
        "email": person.email if person else None,
        "timezone": person.timezone if person else None,
        **press.reached,
    }
    return {
        "company": data.get("company") or {"id": press.question.company, "name": "Postroom"},
        "recipient": {name: value for name, value in himself.items() if value},
        "approval": {**NO_DOCUMENT, **{name: approval[name] for name in DOCUMENT if name in approval}},
        "asked": {name: approval[name] for name in ("amount", "currency") if name in approval},
        "at": press.at.isoformat(),
    }
