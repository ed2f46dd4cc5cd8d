"""What became of a press: an event to ourselves, which routing takes to whoever pressed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from postroom.domain.approval_words import BY_OTHER, decided_by, told
from postroom.domain.approvals import Answer
from postroom.domain.facts import Money
from postroom.domain.formats import money
from postroom.domain.languages import LAST_RESORT
from postroom.domain.people import Person
from postroom.store.decisions import reached_in
from postroom.store.engine import Connection
from postroom.store.inbox import Conflict, NewEvent, keep_events_within
from postroom.store.runs import Run
from workers.wiring import Rooms

SOURCE = "/postroom/decision"
TYPE = "postroom.approval.settled"
MOST_WORDS = 1000
DOCUMENT = ("id", "model", "document_number", "record_url")
NO_DOCUMENT: Mapping[str, Any] = MappingProxyType({"id": 1, "model": "approval.request", "document_number": "-"})
"""What an event has to say where the question named none."""
NOTHING: Mapping[str, str] = MappingProxyType({"words": "", "state": ""})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a press, and all that it takes to tell it, so that nothing need be looked up."""

    key: str
    """What makes it told once."""
    company: str
    code: str
    teller: Mapping[str, Any]
    """Who is told about which document: made when the press was heard."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What is said besides."""


def tell(connection: Connection, rooms: Rooms, outcome: Outcome) -> None:
    """Have it told in this transaction; once for each key, whatever is done twice."""
    raw = json.dumps(_event(outcome), ensure_ascii=False, sort_keys=True).encode()
    event = NewEvent(outcome.company, SOURCE, outcome.key, TYPE, raw)
    try:
        keep_events_within(connection, rooms.sealer, source="decision", headers={}, body=raw, events=[event])
    except Conflict:
        return  # he was told before that could be noted


def tell_others(connection: Connection, rooms: Rooms, run: Run, answer: Answer, decider: Person) -> None:
    """Everybody else whom a run has reached hears who decided, what and when: nobody wonders at a card that is void."""
    now = rooms.clock.now()
    for who, event in reached_in(connection, rooms.sealer, run.id).items():
        if who != f"partner:{decider.partner_id}":
            teller = teller_of(event["data"], now)
            reader = teller["recipient"]
            facts = decided_by(decider.name, now, reader.get("language"), reader.get("timezone"))
            key = f"settled:{run.id}:{run.iter}:{who}"
            tell(connection, rooms, Outcome(key, run.company, BY_OTHER[answer], teller, facts))


def teller_of(data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """All that it takes to tell whom an event asked, so that nothing need be looked up."""
    approval = data["approval"]
    return {
        "company": data["company"],
        "recipient": data["recipient"],
        "approval": {**NO_DOCUMENT, **{name: approval[name] for name in DOCUMENT if name in approval}},
        "asked": {name: approval[name] for name in ("amount", "currency") if name in approval},
        "at": at.isoformat(),
    }


def _event(outcome: Outcome) -> dict[str, Any]:
    teller = outcome.teller
    recipient, document = teller["recipient"], teller["approval"]
    title, explanation = told(outcome.code, recipient.get("language"), _facts(outcome))
    return {
        "specversion": "1.0",
        "id": outcome.key,
        "source": SOURCE,
        "type": TYPE,
        "time": teller["at"],
        "data": {
            "company": teller["company"],
            "recipient": recipient,
            "approval": {**document, "outcome": outcome.code, "title": title, "explanation": explanation},
        },
    }


def _facts(outcome: Outcome) -> dict[str, str]:
    teller = outcome.teller
    said = {name: words[:MOST_WORDS] for name, words in outcome.facts.items()}
    amount = _amount(teller.get("asked") or {}, teller["recipient"].get("language"))
    return {**NOTHING, "amount": amount, **said, "document": teller["approval"]["document_number"]}


def _amount(asked: Mapping[str, str], language: str | None) -> str:
    """What he was asked about, as his language writes it."""
    if "amount" not in asked:
        return "–"
    return money(Money(Decimal(asked["amount"]), asked["currency"]), language or LAST_RESORT)
