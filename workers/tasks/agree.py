"""What a colleague says to a notice that waits for his word: it goes out, or it is held. The first word counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog

from postroom.domain.approvals import Refusal
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.dunning import Why
from postroom.domain.statements import TASK, Chore, afterword
from postroom.store.decisions import Question, note_refusal, question_of
from postroom.store.dunning import Debtor, lock_debtors, note, pause_debtor, set_of, want
from postroom.store.engine import Connection
from postroom.store.inbox import Cause, InboxRow, OwnEvent, add_own_events
from postroom.store.receipts import Correspondent
from workers.hints import Lane
from workers.tasks.note import presser
from workers.tasks.resolve import partner_of
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.tasks.turn import COLLEAGUES, SOURCE
from workers.wiring import Rooms

AGREE, HOLD = "agree", "hold"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a word does to a customer, and what is said of it."""

    do: Callable[[Connection, Debtor], None]
    what: str
    told: Chore
    command: str


def _agree(connection: Connection, debtor: Debtor) -> None:
    set_of(connection, debtor.id, approved=debtor.asked)


def _hold(connection: Connection, debtor: Debtor) -> None:
    set_of(connection, debtor.id, asked=None)
    pause_debtor(connection, debtor.id, Why.PAUSED, None)


DEEDS: Mapping[str, _Deed] = MappingProxyType(
    {
        AGREE: _Deed(_agree, "approved", Chore.AGREED, "plan"),
        HOLD: _Deed(_hold, "paused", Chore.HELD, "resume"),
    }
)
"""By the word of the button."""


def take_agreement(
    connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent, who: Correspondent | None, *, named: bool
) -> set[Lane]:
    """Judge a colleague's press, in the transaction that keeps it, and tell him what came of it.

    `named`: the press says which message it answers.
    """
    deed = DEEDS.get(event.payload or "") if event.kind is EventKind.PRESSED and named else None
    if deed is None or who is None or who.last_message_id is None:
        return set()
    question = question_of(connection, rooms.sealer, who.last_message_id)
    if question is None or question.event["type"] != TASK or "asks" not in question.event["data"]["task"]:
        return set()
    actor = partner_of(question.event["data"]["recipient"])
    if presser(connection, rooms, row, event) != actor:
        note_refusal(connection, question.message_id, question.company, row.id, Refusal.NOT_ASKED.value)
        return set()
    done = _carry_out(connection, rooms, question.event["data"]["task"]["asks"], deed, actor)
    log.info("notice_answered", company=question.company, what=deed.what if done else "settled")
    return _tell(connection, rooms, row, question, deed if done else None)


def _carry_out(connection: Connection, rooms: Rooms, asked: Mapping[str, Any], deed: _Deed, actor: str) -> bool:
    """Whether the notice that he was asked about still waited for a word."""
    debtor = lock_debtors(connection, [UUID(asked["debtor"])]).get(UUID(asked["debtor"]))
    if debtor is None or debtor.asked != asked["level"] or debtor.approved == debtor.asked:
        return False
    deed.do(connection, debtor)
    note(connection, debtor, deed.what, rooms.clock.now(), detail="by a button", actor=actor)
    want(connection, [debtor.id])
    return True


def _tell(connection: Connection, rooms: Rooms, row: InboxRow, question: Question, deed: _Deed | None) -> set[Lane]:
    data = question.event["data"]
    recipient, task = data["recipient"], data["task"]
    told = afterword(
        deed.told if deed else Chore.SETTLED,
        recipient.get("language"),
        invoice=task["id"],
        customer=task["asks"]["customer"],
        command=f"postroom collections {deed.command if deed else 'plan'} {task['asks']['number']}",
    )
    key = f"answered:{row.id}"
    whole = {**question.event, "id": key, "time": rooms.clock.now().isoformat(), "data": {**data, "task": told}}
    event = OwnEvent(question.company, SOURCE, key, TASK, whole)
    rows = add_own_events(connection, rooms.sealer, [event], Cause(COLLEAGUES))
    return sort_events(connection, rooms, rows, Summary())
