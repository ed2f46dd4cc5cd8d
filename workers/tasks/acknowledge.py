"""Somebody takes an alert: its chain stops, and whoever else was asked hears of it. Nothing is decided in Odoo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.alerts import ACKNOWLEDGE, ACKNOWLEDGED, NotTaken, is_alert, taker, takes
from postroom.domain.channels import ChannelEvent
from postroom.domain.runs import OPEN
from postroom.store.alerts import asked_in, sent_there
from postroom.store.decisions import Question, note_refusal, question_of
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.receipts import Correspondent
from postroom.store.runs import Run, chain_of, lock_runs, note
from postroom.store.votes import Vote, cast_vote, decide_run
from workers.tasks.announce import Means, tell_refused, tell_second, tell_taken
from workers.tasks.decide import ADDRESSED
from workers.tasks.note import presser
from workers.wiring import Rooms

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Word:
    """Somebody's word that he takes an alert, and what he was asked."""

    row: InboxRow
    event: ChannelEvent
    question: Question
    run: Run
    asked: Mapping[str, Mapping[str, Any]]
    """What the run last told everybody whom it has written to."""


def take_alert(
    connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent, who: Correspondent | None, *, named: bool
) -> None:
    """Judge somebody's word that he takes an alert, in the transaction that keeps it; the first one counts.

    `named`: his word says which message it answers.
    """
    if who is None or who.last_message_id is None or not takes(event, named=named):
        return
    question = question_of(connection, rooms.sealer, who.last_message_id)
    if question is None or question.run_id is None or not is_alert(question.event["type"]):
        return
    run = lock_runs(connection, [question.run_id])[question.run_id]
    word = _Word(row, event, question, run, asked_in(connection, rooms.sealer, run.id))
    actor = _actor(connection, rooms, word)
    if isinstance(actor, NotTaken):
        _refuse(connection, rooms, word, actor)
    elif acknowledge(connection, rooms, run, actor, via=event.channel, message_id=question.message_id):
        log.info("alert_taken", run_id=str(run.id), company=run.company, via=event.channel.value)
    else:
        tell_second(connection, rooms, run, word.asked, actor, key=str(row.id))


def acknowledge(
    connection: Connection, means: Means, run: Run, actor: str, *, via: str, message_id: UUID | None = None
) -> bool:
    """End an alert's run, which the caller has locked, and tell everybody who takes care of it. False: it was over."""
    now = means.clock.now()
    if run.status not in OPEN or not decide_run(connection, run, ACKNOWLEDGED, actor, now):
        return False
    chain = chain_of(connection, run.flow_version_id)
    level = chain.level_asked(run.place)
    cast_vote(connection, run, level, Vote(actor, ACKNOWLEDGE, now, via, message_id))
    note(connection, run, ACKNOWLEDGED, now, detail=f"by {via}", actor=actor)
    tell_taken(connection, means, run, asked_in(connection, means.sealer, run.id), actor)
    return True


def _refuse(connection: Connection, rooms: Rooms, word: _Word, refusal: NotTaken) -> None:
    """Beside the message for whoever asks later, and to himself."""
    question, event = word.question, word.event
    note_refusal(connection, question.message_id, question.company, word.row.id, refusal.value)
    if event.channel.value in ADDRESSED:
        himself = {
            "partner_id": f"account-{word.row.id.hex[:16]}",
            "name": "-",
            "language": question.event["data"]["recipient"].get("language"),
            ADDRESSED[event.channel.value]: event.address,
        }
        tell_refused(connection, rooms, word.run, {**question.event["data"], "recipient": himself}, refusal)
    log.info("alert_not_taken", run_id=str(word.run.id), company=question.company, reason=refusal.value)


def _actor(connection: Connection, rooms: Rooms, word: _Word) -> str | NotTaken:
    event, question = word.event, word.question
    if not event.address:
        return NotTaken.STRANGER
    blind = rooms.sealer.blind(event.channel, event.address)
    there = sent_there(connection, question.message_id, event.channel, blind)
    known = presser(connection, rooms, word.row, event)
    addressee = f"partner:{question.event['data']['recipient']['partner_id']}"
    return taker(frozenset(word.asked), there=addressee if there else None, known=known)
