"""Who takes care of an alert: an event to ourselves for each who was asked, which routing takes to his chat or mail."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from postroom.domain.alert_words import BEFORE, OVER, TAKEN, YOURS, by_his_clock, told
from postroom.domain.alerts import NotTaken
from postroom.store.alerts import taken_by
from postroom.store.clock import Clock
from postroom.store.engine import Connection
from postroom.store.inbox import Conflict, NewEvent, keep_events_within
from postroom.store.people import person_of_partner
from postroom.store.runs import Run
from postroom.store.safety import odoo_wire
from postroom.store.sealing import Sealer

SOURCE = "/postroom/alert"
TYPE = "postroom.alert.taken"
QUIET = ("slack", "teams", "email", "user_id")
"""How somebody can be told that an alert is taken: no SMS wakes him for it."""
MOST_TITLE, MOST_WORDS = 255, 2000
Told = Mapping[str, Any]
"""The data of an event that told somebody of an alert: the company, himself, the alert in his words."""


class Means(Protocol):
    """What it takes to tell people: a task's rooms, or an operator's desk."""

    @property
    def sealer(self) -> Sealer:
        """Seals what is kept."""

    @property
    def clock(self) -> Clock:
        """Says what time it is for the business."""


def tell_taken(connection: Connection, means: Means, run: Run, asked: Mapping[str, Told], actor: str) -> None:
    """Everybody who was asked hears who takes care of it; so does he himself."""
    by = name_of(connection, means.sealer, run.company, actor, asked)
    for who, data in asked.items():
        code = YOURS if who == actor else TAKEN
        _tell(connection, means, run, data, code, {"by": by}, key=f"{run.id}:{run.iter}:{who}")


def tell_second(
    connection: Connection, means: Means, run: Run, asked: Mapping[str, Told], actor: str, *, key: str
) -> None:
    """He came too late; of a double tap by the same person nothing more is said."""
    first, data = taken_by(connection, run.id), asked[actor]
    if first is None:
        _tell(connection, means, run, data, OVER, {}, key=key)
    elif first.actor != actor:
        recipient = data["recipient"]
        at = by_his_clock(first.at, recipient.get("language"), recipient.get("timezone"))
        by = name_of(connection, means.sealer, run.company, first.actor, asked)
        _tell(connection, means, run, data, BEFORE, {"by": by, "at": at}, key=key)


def tell_refused(connection: Connection, means: Means, run: Run, data: Told, refusal: NotTaken) -> None:
    """His word took nothing."""
    _tell(connection, means, run, data, refusal, {}, key=f"{run.id}:{data['recipient']['partner_id']}")


def name_of(
    connection: Connection, sealer: Sealer, company: str, actor: str, asked: Mapping[str, Told] = MappingProxyType({})
) -> str:
    """What people call whoever took an alert: as it named him, as Odoo does, or as an operator is known."""
    if actor in asked:
        return str(asked[actor]["recipient"]["name"])
    partner = actor.removeprefix("partner:")
    if partner == actor or not partner.isdecimal():
        return actor
    person = person_of_partner(connection, sealer, odoo_wire(connection, company), int(partner))
    return person.name if person else actor


def _tell(
    connection: Connection, means: Means, run: Run, data: Told, code: str, facts: Mapping[str, str], *, key: str
) -> None:
    if not any(data["recipient"].get(each) for each in QUIET):
        return
    title, explanation = told(code, data["recipient"].get("language"), {**facts, "title": data["alert"]["title"]})
    alert = {
        "id": data["alert"]["id"],
        "outcome": str(code),
        "title": title[:MOST_TITLE],
        "explanation": explanation[:MOST_WORDS],
        "record_url": data["alert"].get("record_url"),
    }
    event = {
        "specversion": "1.0",
        "id": f"taken:{key}",
        "source": SOURCE,
        "type": TYPE,
        "time": means.clock.now().isoformat(),
        "data": {
            "company": data["company"],
            "recipient": data["recipient"],
            "alert": {name: value for name, value in alert.items() if value},
        },
    }
    raw = json.dumps(event, ensure_ascii=False, sort_keys=True).encode()
    new = NewEvent(run.company, SOURCE, f"taken:{key}", TYPE, raw)
    try:
        keep_events_within(connection, means.sealer, source="alert", headers={}, body=raw, events=[new])
    except Conflict:
        return  # he was told before
