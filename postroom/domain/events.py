"""An event as a value: what happened, to which document, who should hear of it, and the facts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from postroom.domain import facts as kinds
from postroom.domain.event_types import EVENT_TYPES, EventType
from postroom.domain.facts import Document, Fact, Facts, FactSpec

_MODEL = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", re.ASCII)
MOST_APPROVERS = 50


@dataclass(frozen=True, slots=True)
class EventFault:
    """One thing wrong with an event, and where (a JSON pointer)."""

    pointer: str
    problem: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.problem}"


class EventRefused(ValueError):
    """The event cannot be understood; carries every fault at once."""

    def __init__(self, faults: tuple[EventFault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Company:
    """Whose message it is."""

    id: str
    name: str
    language: str | None
    country: str | None


class ContactRole(StrEnum):
    """A customer's contact for one kind of business, as Odoo has them."""

    INVOICE = "invoice"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who should hear of it: an Odoo partner, with the addresses as Odoo has them."""

    partner: str
    name: str
    language: str | None
    phone: str | None
    email: str | None
    user: str | None = None
    """His user in Odoo, where he works in it."""
    slack: str | None = None
    teams: str | None = None
    timezone: str | None = None

    @property
    def key(self) -> str:
        """As an intent names him."""
        return f"partner:{self.partner}"

    @property
    def reachable(self) -> bool:
        """Whether he has an address of any kind."""
        return any((self.phone, self.email, self.user, self.slack, self.teams))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in the ERP. `source` and `key` together name it for ever."""

    key: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    company: Company
    recipient: Recipient
    document: str
    """What it is about: account.move:88."""
    facts: Facts
    contacts: Mapping[ContactRole, Recipient] = field(default_factory=dict)
    approvers: tuple[Recipient, ...] = ()
    """Whoever is asked besides the recipient."""

    @property
    def recipient_key(self) -> str:
        """The recipient as an intent names him."""
        return self.recipient.key

    def for_contact(self, role: ContactRole | None) -> "Event":
        """The same event for the customer's contact of this role; for the customer himself where there is none."""
        contact = self.contacts.get(role) if role else None
        return self._addressed_to(contact) if contact and contact.reachable else self

    def for_recipient(self, key: str) -> "Event":
        """The same event for whom an intent names."""
        return next((self._addressed_to(one) for one in self.contacts.values() if one.key == key), self)

    def _addressed_to(self, contact: Recipient) -> "Event":
        """Who hears of it is also who is greeted."""
        greeted = {"customer_name": contact.name} if "customer_name" in self.facts else {}
        return replace(self, recipient=contact, facts={**self.facts, **greeted})


def event_from(payload: Mapping[str, Any]) -> Event:
    """Read a CloudEvent (structured JSON). Raises EventRefused with every fault."""
    reader = _Reader(payload)
    key = reader.take("/id", kinds.text)
    source = reader.take("/source", kinds.text)
    shape = reader.take("/type", _known_type)
    subject = reader.take("/subject", kinds.text, required=False)
    time = reader.take("/time", _time, required=False)
    company = _company(reader)
    recipient = _recipient(reader)
    about = _about(reader, shape) if shape else ""
    facts = _facts(reader, shape, "/data", about) if shape else {}
    contacts = {role: _recipient(reader, at) for role in ContactRole if reader.look(at := f"/data/contacts/{role}")}
    approvers = _approvers(reader)
    reader.refuse_faults()
    return Event(key, source, shape.name, subject, time, company, recipient, about, facts, contacts, approvers)


def sample_event(shape: EventType, **recipient: Any) -> Event:
    """A made-up event of this type, for previews; `recipient` overrides who it is for."""
    data = {**shape.sample, "recipient": {**shape.sample["recipient"], **recipient}}
    return event_from({"id": "sample", "source": "/sample", "type": shape.name, "data": data})


class _Reader:
    """Takes values out of JSON by pointer, and gathers what is wrong instead of stopping at it."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._faults: list[EventFault] = []

    def take(self, pointer: str, read: Any, *, required: bool = True) -> Any:
        """The value at the pointer, read; None where it is absent or wrong."""
        raw = self.look(pointer)
        if raw is None and not required:
            return None
        if raw is None:
            return self.fault(pointer, "is missing")
        try:
            return read(raw)
        except kinds.Inside as error:
            return self.fault(pointer + error.pointer, str(error))
        except ValueError as error:
            return self.fault(pointer, str(error))

    def look(self, pointer: str) -> Any:
        """What stands at the pointer, or None."""
        value: Any = self._root
        for step in pointer.strip("/").split("/"):
            value = _inside(value, step)
        return value

    def fault(self, pointer: str, problem: str) -> None:
        """Note a fault, once."""
        fault = EventFault(pointer, problem)
        if fault not in self._faults:
            self._faults.append(fault)

    def refuse_faults(self) -> None:
        """Raise everything that was found."""
        if self._faults:
            raise EventRefused(tuple(self._faults))


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def _company(reader: _Reader) -> Company:
    at = "/data/company"
    return Company(
        id=reader.take(f"{at}/id", _id),
        name=reader.take(f"{at}/name", kinds.text),
        language=reader.take(f"{at}/language", _word, required=False),
        country=reader.take(f"{at}/country", _country, required=False),
    )


def _recipient(reader: _Reader, at: str = "/data/recipient") -> Recipient:
    recipient = Recipient(
        partner=reader.take(f"{at}/partner_id", _id),
        name=reader.take(f"{at}/name", kinds.text),
        language=reader.take(f"{at}/language", _word, required=False),
        phone=reader.take(f"{at}/phone", _word, required=False),
        email=reader.take(f"{at}/email", _word, required=False),
        user=reader.take(f"{at}/user_id", _id, required=False),
        slack=reader.take(f"{at}/slack", _word, required=False),
        teams=reader.take(f"{at}/teams", _word, required=False),
        timezone=reader.take(f"{at}/timezone", _zone, required=False),
    )
    if not recipient.reachable:
        reader.fault(at, "has no phone, email, slack, teams or user_id; give at least one")
    return recipient


def _approvers(reader: _Reader) -> tuple[Recipient, ...]:
    """Each named once; the recipient may stand among them."""
    at = "/data/approvers"
    named = reader.take(at, _people, required=False) or ()
    approvers = tuple(_recipient(reader, f"{at}/{number}") for number in range(len(named)))
    first: dict[str, int] = {}
    for number, approver in enumerate(approvers):
        if first.setdefault(approver.partner, number) != number and approver.partner is not None:
            reader.fault(f"{at}/{number}/partner_id", f"is that of {at}/{first[approver.partner]}; name him once")
    return approvers


def _people(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_APPROVERS:
        raise ValueError(f"must be a list of 1 to {MOST_APPROVERS} people, each written like the recipient")
    return raw


def _about(reader: _Reader, shape: EventType) -> str:
    """The document as `Event.document` names it."""
    model = reader.take(f"/data{shape.model_at}", _model) if shape.model_at else shape.model
    return f"{model}:{reader.take(f'/data{shape.document}', _id)}"


def _facts(reader: _Reader, shape: EventType, base: str, about: str) -> dict[str, Fact]:
    return {
        spec.name: _of_record(reader, spec, base, about) if spec.named_after else _fact(reader, spec, base)
        for spec in shape.facts
    }


def _of_record(reader: _Reader, spec: FactSpec, base: str, about: str) -> Document | None:
    """The record's own document; where the event does not say where it lies, Odoo knows."""
    document = _fact(reader, spec, base)
    if isinstance(document, Document):
        return replace(document, record=about)
    number = reader.take(f"{base}{spec.named_after}", kinds.text)
    return Document(kinds.pdf_name(number), None, record=about) if number else None


def _fact(reader: _Reader, spec: FactSpec, base: str) -> Fact:
    pointer = base + spec.pointer
    if spec.instead and reader.look(pointer) is None:
        pointer = base + spec.instead
    value: Fact = reader.take(pointer, kinds.READERS[spec.kind], required=spec.required)
    if spec.currency is None:
        return value
    currency = reader.take(base + spec.currency, kinds.currency)
    if isinstance(value, Decimal) and currency is not None:
        return kinds.WITH_CURRENCY[spec.kind](value, currency)
    return None


def _known_type(raw: Any) -> EventType:
    if isinstance(raw, str) and raw in EVENT_TYPES:
        return EVENT_TYPES[raw]
    close = get_close_matches(str(raw), EVENT_TYPES, n=1)
    known = f"did you mean {close[0]}?" if close else f"known types: {', '.join(EVENT_TYPES)}"
    raise ValueError(f"is not an event type of ours; {known}")


def _time(raw: Any) -> datetime:
    try:
        when = datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ValueError('must be a time of RFC 3339, as in "2026-11-22T09:00:00Z"') from None
    if when.tzinfo is None:
        raise ValueError("must say its time zone, as in 2026-11-22T09:00:00Z")
    return when


def _model(raw: Any) -> str:
    if not isinstance(raw, str) or not _MODEL.fullmatch(raw):
        raise ValueError('must be the name of a model in Odoo, as in "purchase.order"')
    return raw


def _id(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise ValueError("must be a whole number or a text")
    if not 1 <= len(str(raw)) <= 64 or not str(raw).isprintable():
        raise ValueError("must be an id of 1 to 64 printable characters")
    return str(raw)


def _zone(raw: Any) -> str:
    try:
        return ZoneInfo(raw).key
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError('must be a time zone of the IANA database, as in "Europe/Madrid"') from None


def _country(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) != 2 or not (raw.isascii() and raw.isalpha()):
        raise ValueError('must be a country code of ISO 3166, as in "ES"')
    return raw.upper()


def _word(raw: Any) -> str | None:
    """A field as Odoo has it; an empty one means none."""
    if not isinstance(raw, str) or len(raw) > 320:
        raise ValueError("must be a text of at most 320 characters")
    return raw.strip() or None
