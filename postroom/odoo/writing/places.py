"""Records that things are written to: found, gone, or without a chatter."""

from dataclasses import dataclass

from postroom.domain.channels import Fault, Verdict
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError


@dataclass(frozen=True, slots=True)
class Place:
    """One record of Odoo, by its model and id."""

    model: str
    id: int

    def __str__(self) -> str:
        return f"{self.model}:{self.id}"


def place_in(subject: str) -> Place | None:
    """The record that a subject names, as in account.move:88; None for a subject that names none."""
    model, colon, number = subject.rpartition(":")
    return Place(model, int(number)) if colon and "." in model and number.isdecimal() and int(number) else None


def find(erp: Odoo, subject: str) -> Place | None:
    """The record with a chatter that a subject names; None where it is gone or has none."""
    place = place_in(subject)
    if place is None or not erp.has_model(place.model) or "message_ids" not in erp.fields(place.model):
        return None
    return place if erp.read(place.model, [place.id], ["id"]) else None


def not_there(what: str) -> OdooError:
    """Odoo took it, and does not show it: look again before acting again."""
    return OdooError(Fault(Verdict.UNKNOWN, "not_there_after", f"{what} cannot be read again after it was written"))
