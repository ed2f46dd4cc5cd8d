"""The events of the demonstration, and what should become of each."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postroom.cli.making import data_of, event_of
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import ORDER_CONFIRMED, PAYMENT_REMINDER, EventType
from postroom.domain.messages import State

COMPANY = {"id": 900_000, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"}
"""A company of its own: whatever mode the others are in, its messages stay on this machine."""

# The last four digits of a number tell the sandbox what shall go wrong (docs/sandbox.md).
NOT_ON_WHATSAPP, THROTTLED, DROPPED = "9901", "9905", "9917"

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is written to."""

    name: str
    language: str
    ending: str = ""
    """The end of the number; empty for somebody without one."""
    mail: bool = True


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

CASES: tuple[Case, ...] = (
    Case("Payment reminder, in Spanish", PAYMENT_REMINDER, MARTA, _delivered("es")),
    Case("Order confirmation, in English", ORDER_CONFIRMED, JOHN, _delivered("en")),
    Case("Payment reminder, in French", PAYMENT_REMINDER, Person("Claire Fontaine", "fr_FR", "0003"), _delivered("fr")),
    Case("Order confirmation, in German", ORDER_CONFIRMED, Person("Jonas Weber", "de_DE", "0004"), _delivered("de")),
    Case(
        "Nothing is written in Portuguese",
        PAYMENT_REMINDER,
        Person("João Prado", "pt_BR", "0005"),
        _delivered("es"),
    ),
    Case(
        "The number is not on WhatsApp",
        PAYMENT_REMINDER,
        Person("Lucía Ortega", "es_ES", NOT_ON_WHATSAPP),
        Messages({WHATSAPP: State.FAILED, EMAIL: State.SENT}, "es", code="131026"),
    ),
    Case(
        "Too fast: 429, Retry-After 7 s",
        ORDER_CONFIRMED,
        Person("Emma Hughes", "en_GB", THROTTLED),
        _delivered("en", tries=2, code="130429"),
    ),
    Case(
        "The connection drops before the answer",
        PAYMENT_REMINDER,
        Person("Pablo Serrano", "es_ES", DROPPED),
        _delivered("es", code="dropped"),
    ),
    Case(
        "Only an email address",
        ORDER_CONFIRMED,
        Person("Amélie Laurent", "fr_FR"),
        Messages({EMAIL: State.SENT}, "fr"),
    ),
    Case("The first event once more", PAYMENT_REMINDER, MARTA, Repeat()),
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

    def event(self, case: Case, source: str) -> dict[str, Any]:
        """The case's event as Odoo would post it."""
        person = case.person
        recipient = {
            "partner_id": secrets.randbelow(900_000) + 100_000,
            "name": person.name,
            "language": person.language,
            "phone": self.phone(person),
            "email": self.mail(person),
        }
        event = event_of(case.shape, {**data_of(case.shape, recipient), "company": COMPANY}, source=source)
        case.spoil(event)
        return event
