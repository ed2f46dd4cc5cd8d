"""A customer whose turn it is, and how he and whoever looks after him are written to, in one transaction."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from postroom.domain.cadences import Cadence
from postroom.domain.dunning import Decision, History, local_day
from postroom.domain.quiet_hours import Hours
from postroom.domain.statements import TASK, Chore, chore
from postroom.odoo.receivables import Account
from postroom.store.dunning import Debtor
from postroom.store.engine import Connection
from postroom.store.inbox import Cause, OwnEvent, add_own_events
from postroom.store.letters import note_intent
from postroom.store.notices import raise_notice
from postroom.store.safety import odoo_wire
from workers.hints import Lane
from workers.tasks.resolve import recipient_of_user
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.wiring import Rooms

SOURCE = "/postroom/collections"
"""The CloudEvents source of statements and of what colleagues are asked to do."""
COLLEAGUES = "collection_task"
"""The rule by which colleagues hear."""
ASKS = {Chore.APPROVE: "collection_approval"}
"""What has a rule of its own: it is answered by a button."""
AGAIN = frozenset({Chore.REPLIED, Chore.REVIEW})
"""What they are asked another day though the amount is the same."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A customer whose turn it is, locked, with everything that is known about him."""

    connection: Connection
    rooms: Rooms
    debtor: Debtor
    account: Account
    cadence: Cadence
    history: History
    link: str | None
    """Where he sees and pays what is due the longest."""
    now: datetime

    @property
    def hours(self) -> Hours:
        """The company's own."""
        return self.rooms.book.companies.of(self.debtor.company).hours

    @property
    def day(self) -> date:
        """His."""
        return local_day(self.account.ledger, self.hours, self.now)

    @property
    def number(self) -> str:
        """His id in Odoo."""
        return self.debtor.customer.removeprefix("partner:")

    @property
    def name(self) -> str:
        """What people call him."""
        return str(self.account.recipient.get("name", self.debtor.customer))


@dataclass(frozen=True, slots=True)
class Mail:
    """An event of ours, by the rule that it goes by, and the statement that it carries."""

    event: OwnEvent
    rule: str
    letter: UUID | None = None


def post(turn: Turn, mail: Mail, summary: Summary) -> set[Lane]:
    """Write what it tells; the lanes to hint at."""
    rows = add_own_events(turn.connection, turn.rooms.sealer, [mail.event], Cause(mail.rule))
    lanes = sort_events(turn.connection, turn.rooms, rows, summary)
    if mail.letter and rows:
        note_intent(turn.connection, mail.letter, rows[0].id)
    return lanes


def event_about(turn: Turn, kind: str, key: str, invoice: int, data: Mapping[str, Any]) -> OwnEvent:
    """An event of ours about one of his invoices."""
    whole = {
        "specversion": "1.0",
        "id": key,
        "source": SOURCE,
        "type": kind,
        "time": turn.now.isoformat(),
        "subject": f"account.move:{invoice}",
        "data": {"company": turn.account.company, **data},
    }
    return OwnEvent(turn.debtor.company, SOURCE, key, kind, whole)


# Colleagues -----------------------------------------------------------------------------------------------------------


def ask_colleague(
    turn: Turn, which: Chore, decision: Decision, *, on: date | None = None, command: str = ""
) -> Iterator[Mail]:
    """Whoever looks after a customer is asked; where nobody does, operators are told."""
    colleague = _colleague(turn)
    if colleague is None:
        _tell_operators(turn, which)
        return
    task = chore(
        which,
        colleague.get("language"),
        customer=turn.name,
        decision=decision,
        on=on,
        command=command or f"postroom collections approve {turn.number}",
    )
    if which in ASKS:
        asked = {"debtor": str(turn.debtor.id), "level": decision.level, "customer": turn.name, "number": turn.number}
        task |= {"asks": asked}
    data = {"recipient": colleague, "task": task}
    event = event_about(turn, TASK, _key(turn, which, decision, on), decision.oldest.invoice, data)
    yield Mail(event, ASKS.get(which, COLLEAGUES))


def _key(turn: Turn, which: Chore, decision: Decision, on: date | None) -> str:
    """What is asked once: about the same amount, on the same day, or as often as the question is put anew."""
    again: object = on
    if which in ASKS:
        again = turn.now.isoformat()
    elif which in AGAIN:
        again = f"{turn.day}:{decision.oldest.invoice}"
    return f"{turn.debtor.id}:{which}:{decision.level}:{decision.owed}:{again}"


def _colleague(turn: Turn) -> Mapping[str, Any] | None:
    """As an event names him; None where nobody looks after the customer, or nobody knows him."""
    if turn.account.manager is None:
        return None
    wire = odoo_wire(turn.connection, turn.debtor.company)
    return recipient_of_user(turn.connection, turn.rooms.sealer, wire, turn.account.manager)


def _tell_operators(turn: Turn, which: Chore) -> None:
    words = (
        f"{turn.debtor.customer} owes, and nobody looks after him in Odoo ({which}). "
        f"Look: postroom collections plan {turn.number}"
    )
    key = f"collections:{turn.debtor.id}"
    raise_notice(turn.connection, key=key, company=turn.debtor.company, kind="collections", words=words)
