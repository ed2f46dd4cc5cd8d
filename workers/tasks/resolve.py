"""Who the audiences of a step are, just now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postroom.domain.escalation import Audience, Whom
from postroom.domain.people import Person
from postroom.domain.safety import Wire
from postroom.store.engine import Connection
from postroom.store.people import person_of_user
from workers.wiring import Rooms

Recipient = Mapping[str, Any]
"""Somebody as an event's data names him."""


def asked_by(data: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Whom an event asks, each once: its recipient, and its approvers where it names more."""
    found: dict[str, Recipient] = {}
    for each in (data["recipient"], *(data.get("approvers") or ())):
        found.setdefault(partner_of(each), each)
    return tuple(found.values())


def partner_of(recipient: Recipient) -> str:
    """As an intent names him."""
    return f"partner:{recipient['partner_id']}"


@dataclass(frozen=True, slots=True)
class Circle:
    """What audiences are seen from."""

    asked: Sequence[Recipient]
    """Those who were asked, or are to be."""
    wire: Wire


def resolve(connection: Connection, rooms: Rooms, circle: Circle, audiences: Iterable[Audience]) -> list[Recipient]:
    """Everybody whom the audiences name, each once, in their order."""
    found: dict[str, Recipient] = {}
    for audience in audiences:
        for recipient in _named(connection, rooms, circle, audience):
            found.setdefault(str(recipient["partner_id"]), recipient)
    return list(found.values())


def _named(connection: Connection, rooms: Rooms, circle: Circle, audience: Audience) -> Iterator[Recipient]:
    if audience.whom is Whom.ASKED:
        yield from circle.asked
    if audience.whom is Whom.USER:
        person = person_of_user(connection, rooms.sealer, circle.wire, int(audience.name))
        if person is not None and person.active:
            yield as_recipient(person)


def as_recipient(person: Person) -> Recipient:
    """A person as an event's data names him."""
    known = {
        "partner_id": person.partner_id,
        "name": person.name,
        "user_id": person.user_id,
        "email": person.email,
        "language": person.language,
        "timezone": person.timezone,
    }
    return {name: value for name, value in known.items() if value}
