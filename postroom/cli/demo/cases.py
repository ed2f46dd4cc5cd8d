"""The events of the demonstration, and what should become of each."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postroom.cli.making import data_of, event_of
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import (
    APPROVAL_REQUESTED,
    DAILY_DIGEST,
    DELIVERY_UPDATED,
    EVENT_TYPES,
    INVOICE_POSTED,
    ORDER_CONFIRMED,
    PAYMENT_REMINDER,
    SALE_FOLLOW_UP,
    EventType,
)
from postroom.domain.messages import State

COMPANY = {"id": 900_000, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"}
"""A company of its own: whatever mode the others are in, its messages stay on this machine."""

# The last four digits of a number tell the sandbox what shall go wrong (docs/sandbox.md).
NOT_ON_WHATSAPP, THROTTLED, DROPPED = "9901", "9905", "9917"

WHATSAPP, SLACK, TEAMS, SMS = ChannelName.WHATSAPP, ChannelName.SLACK, ChannelName.TEAMS, ChannelName.SMS
EMAIL, ODOO = ChannelName.EMAIL, ChannelName.ODOO

STOCK_OUT = EVENT_TYPES["alert.stock_out"]
RECEIVER = "https://erp.example.com/postroom/status"
"""The machine that hears what became of each message."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is written to."""

    name: str
    language: str
    ending: str = ""
    """The end of the number; empty for somebody without one."""
    mail: bool = True
    number: int = 0
    """The user in Odoo, of a colleague; colleagues are found on Slack and Teams."""
    prefers: ChannelName | None = None
    """What he has chosen for himself."""


@dataclass(frozen=True, slots=True)
class Messages:
    """It should lead to these messages, one per channel."""

    states: Mapping[ChannelName, State]
    language: str
    tries: int = 1
    code: str = ""
    """What the provider must have said on the way."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The door should refuse it."""

    status: int
    pointers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The door should answer as it did the first time, and nothing should happen."""


Expected = Messages | Refusal | Repeat
Spoil = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the demonstration."""

    title: str
    shape: EventType
    person: Person
    expected: Expected
    spoil: Spoil = lambda _event: None
    """Makes the event wrong."""
    signed: bool = True
    contact: tuple[str, Person] | None = None
    """Who hears of it in the customer's place: his contact of this role."""

    @property
    def smooth(self) -> bool:
        """Whether nothing goes wrong on purpose, so that its times tell something."""
        return isinstance(self.expected, Messages) and not self.expected.code


def _delivered(language: str, **more: Any) -> Messages:
    return Messages({WHATSAPP: State.DELIVERED}, language, **more)


def _wrong_amount(event: dict[str, Any]) -> None:
    event["data"]["invoice"] |= {"amount_due": "a lot", "currency": "EURO"}


def _wrong_type(event: dict[str, Any]) -> None:
    event["type"] = "odoo.invoice.payment_remainder"


MARTA = Person("Marta Ruiz", "es_ES", "0001")
JOHN = Person("John Carter", "en_GB", "0002")
EMMA = Person("Emma Hughes", "en_GB", "0006")
LAURA = Person("Laura Gil", "es_ES", "0007", number=1)
NORA = Person("Nora Keller", "de_DE", "0008", number=2, prefers=TEAMS)
PEDRO = Person("Pedro Sanz", "es_ES", mail=False, number=3)
ACCOUNTS = Person("Hughes Accounts", "en_GB", "0009")

CASES: tuple[Case, ...] = (
    Case("08:00 The morning digest, in Slack", DAILY_DIGEST, LAURA, Messages({SLACK: State.SENT}, "es")),
    Case("08:00 The digest of who prefers Teams", DAILY_DIGEST, NORA, Messages({TEAMS: State.SENT}, "de")),
    Case("08:00 No chat and no mail: inside Odoo", DAILY_DIGEST, PEDRO, Messages({ODOO: State.SENT}, "es")),
    Case("09:00 Payment reminder, in Spanish", PAYMENT_REMINDER, MARTA, _delivered("es")),
    Case(
        "09:00 Payment reminder, in French",
        PAYMENT_REMINDER,
        Person("Claire Fontaine", "fr_FR", "0003"),
        _delivered("fr"),
    ),
    Case(
        "09:00 Nothing is written in Portuguese",
        PAYMENT_REMINDER,
        Person("João Prado", "pt_BR", "0005"),
        _delivered("es"),
    ),
    Case(
        "09:00 The number is not on WhatsApp",
        PAYMENT_REMINDER,
        Person("Lucía Ortega", "es_ES", NOT_ON_WHATSAPP),
        Messages({WHATSAPP: State.FAILED, EMAIL: State.SENT}, "es", code="131026"),
    ),
    Case(
        "09:00 The connection drops before the answer",
        PAYMENT_REMINDER,
        Person("Pablo Serrano", "es_ES", DROPPED),
        _delivered("es", code="dropped"),
    ),
    Case("10:00 Approve a purchase, in Slack", APPROVAL_REQUESTED, LAURA, Messages({SLACK: State.SENT}, "es")),
    Case("10:00 Approve a purchase, in Teams", APPROVAL_REQUESTED, NORA, Messages({TEAMS: State.SENT}, "de")),
    Case("11:00 Order confirmation, in English", ORDER_CONFIRMED, JOHN, _delivered("en")),
    Case(
        "11:00 Order confirmation, in German", ORDER_CONFIRMED, Person("Jonas Weber", "de_DE", "0004"), _delivered("de")
    ),
    Case(
        "11:00 Too fast: 429, Retry-After 7 s",
        ORDER_CONFIRMED,
        Person("Oliver Reed", "en_GB", THROTTLED),
        _delivered("en", tries=2, code="130429"),
    ),
    Case(
        "11:00 Only an email address",
        ORDER_CONFIRMED,
        Person("Amélie Laurent", "fr_FR"),
        Messages({EMAIL: State.SENT}, "fr"),
    ),
    Case(
        "12:00 On its way: WhatsApp and SMS",
        DELIVERY_UPDATED,
        EMMA,
        Messages({WHATSAPP: State.DELIVERED, SMS: State.DELIVERED}, "en"),
    ),
    Case(
        "14:00 Out of stock: SMS and Slack at once",
        STOCK_OUT,
        LAURA,
        Messages({SMS: State.DELIVERED, SLACK: State.SENT}, "es"),
    ),
    Case("15:00 A quotation is followed up", SALE_FOLLOW_UP, JOHN, _delivered("en")),
    Case(
        "16:00 The invoice as PDF, to its own contact",
        INVOICE_POSTED,
        EMMA,
        Messages({WHATSAPP: State.DELIVERED, EMAIL: State.SENT}, "en"),
        contact=("invoice", ACCOUNTS),
    ),
    Case("The first reminder once more", PAYMENT_REMINDER, MARTA, Repeat()),
    Case(
        "An amount that is none",
        PAYMENT_REMINDER,
        MARTA,
        Refusal(422, frozenset({"/data/invoice/amount_due", "/data/invoice/currency"})),
        _wrong_amount,
    ),
    Case("A type that nobody knows", PAYMENT_REMINDER, MARTA, Refusal(422, frozenset({"/type"})), _wrong_type),
    Case("Signed by somebody else", ORDER_CONFIRMED, JOHN, Refusal(401), signed=False),
)
"""A business day: all eight message types on all channels, and what can go wrong."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is new in each run: the numbers, so that nothing that was learnt in the last one spoils this one."""

    middle: str

    @classmethod
    def fresh(cls) -> "Run":
        """A run that has not been."""
        return cls(f"{secrets.randbelow(10_000):04}")

    def phone(self, person: Person) -> str | None:
        """The person's number in this run."""
        return f"+346{self.middle}{person.ending}" if person.ending else None

    def mail(self, person: Person) -> str | None:
        """The person's address in this run."""
        words = unicodedata.normalize("NFKD", person.name).encode("ascii", "ignore").decode().lower().replace(" ", ".")
        return f"{words}.{self.middle}@example.com" if person.mail else None

    def user(self, person: Person) -> int | None:
        """The colleague's user in Odoo in this run."""
        return int(f"{person.number}{self.middle}") if person.number else None

    def slack(self, person: Person) -> str | None:
        """The colleague's member id in this run; who has no mail has no chat either."""
        return f"U0{self.middle}{person.number:03}" if person.number and person.mail else None

    def teams(self, person: Person) -> str | None:
        """The colleague's object id in this run, which the event does not know: he is looked up by his mail."""
        return f"00000000-0000-4000-8000-0000{self.middle}{person.number:04}" if person.number and person.mail else None

    def addresses(self, person: Person) -> dict[str, str]:
        """Where the sandbox reaches the person."""
        user = self.user(person)
        found = {
            "whatsapp": self.phone(person),
            "email": self.mail(person),
            "slack": self.slack(person),
            "teams": self.teams(person),
            "odoo": f"user:{user}" if user else None,
        }
        return {channel: address for channel, address in found.items() if address}

    def partner(self, person: Person) -> int:
        """The person's partner in Odoo in this run: the same in every event."""
        return 100_000 + int(self.middle) * 100 + PEOPLE.index(person)

    def event(self, case: Case, source: str) -> dict[str, Any]:
        """The case's event as Odoo would post it."""
        data = {**data_of(case.shape, self._recipient(case.person)), "company": COMPANY}
        if case.contact:
            role, person = case.contact
            data["contacts"] = {role: {name: v for name, v in self._recipient(person).items() if v is not None}}
        event = event_of(case.shape, data, source=source)
        case.spoil(event)
        return event

    def _recipient(self, person: Person) -> dict[str, Any]:
        return {
            "partner_id": self.partner(person),
            "name": person.name,
            "language": person.language,
            "phone": self.phone(person),
            "email": self.mail(person),
            "user_id": self.user(person),
            "slack": self.slack(person),
        }


def _people() -> tuple[Person, ...]:
    contacts = (case.contact[1] for case in CASES if case.contact)
    return tuple(dict.fromkeys((*(case.person for case in CASES), *contacts)))


PEOPLE = _people()
"""Everybody, in the order of the day."""
