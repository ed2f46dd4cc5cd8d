"""What Odoo knows of a document that a customer may see: how it stands, where it is shown and paid, and its PDF."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from postroom.domain.facts import Money
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import PAYMENT_LINKS, SEND_WIZARDS

INVOICE = "account.move"
SHOWN = frozenset({INVOICE, "sale.order"})
"""Models whose records Odoo's portal shows to a customer by an address of their own."""


class Standing(StrEnum):
    """How a document stands, as its customer should hear it."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    CREDITED = "credited"
    REVISED = "revised"  # taken back to be changed


@dataclass(frozen=True, slots=True)
class Named:
    """One record."""

    model: str
    id: int

    @classmethod
    def of(cls, name: str) -> "Named | None":
        """The record that an event is about, from account.move:88; None where that is no record of Odoo's."""
        model, _, number = name.rpartition(":")
        return cls(model, int(number)) if model and number.isascii() and number.isdecimal() else None

    @property
    def shown(self) -> bool:
        """Whether the portal shows such records."""
        return self.model in SHOWN


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice or an order at the moment when Odoo was asked."""

    number: str
    standing: Standing
    total: Money
    paid_on: date | None = None


_STATES: Mapping[str, Standing] = MappingProxyType({"cancel": Standing.CANCELLED, "draft": Standing.REVISED})
_PAYMENT_STATES: Mapping[str, Standing] = MappingProxyType(
    {
        "paid": Standing.PAID,
        "in_payment": Standing.PAID,  # paid, as its customer knows; the bank's statement is still to come
        "reversed": Standing.CREDITED,
    }
)
"""account.move.payment_state; whatever else it is, something is owed."""
_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        INVOICE: ("name", "state", "payment_state", "amount_total", "currency_id"),
        "sale.order": ("name", "state", "amount_total", "currency_id"),
    }
)


# Where ----------------------------------------------------------------------------------------------------------------


def portal_path(odoo: Odoo, record: Named, *, pdf: bool = False) -> str:
    """Where a customer sees it, below Odoo's own address; whoever holds it may see it. Raises OdooError."""
    arguments = {"report_type": "pdf", "download": True} if pdf else {}
    return str(odoo.act(record.model, [record.id], "get_portal_url", arguments, repeatable=True))


def public_address(odoo: Odoo, record: Named) -> str | None:
    """Odoo's address as the world knows it, which need not be the one that we ask at; None where it does not say."""
    try:
        address = odoo.act(record.model, [record.id], "get_base_url", repeatable=True)
    except OdooError:
        return None
    return address.rstrip("/") if isinstance(address, str) and address.startswith(("https://", "http://")) else None


def payment_path(odoo: Odoo, record: Named) -> str | None:
    """Where it is paid at once, below Odoo's own address; None where that is the portal's page."""
    if record.model != INVOICE or odoo.version not in PAYMENT_LINKS:
        return None
    context = {"active_model": record.model, "active_id": record.id}
    try:
        wizard = odoo.create("payment.link.wizard", {}, context=context)
        rows = odoo.read("payment.link.wizard", [wizard], ["link"], context=context)
    except OdooError:  # who may not make payment links leads to the portal, where one pays as well
        return None
    link = rows[0].get("link") if rows else None
    # Odoo 19 writes http://host//my/…
    _, found, path = str(link or "").partition("/my/")
    return f"/my/{path}" if found else None


# How it stands --------------------------------------------------------------------------------------------------------


def look(odoo: Odoo, record: Named) -> Paper | None:
    """The document as it is now; None where it is gone. Raises OdooError."""
    rows = odoo.read(record.model, [record.id], list(_FIELDS[record.model]))
    if not rows:
        return None
    row = rows[0]
    standing = _standing(row)
    paid_on = _paid_on(odoo, record) if standing is Standing.PAID else None
    total = Money(Decimal(str(row["amount_total"])), _currency(row["currency_id"]))
    return Paper(_number(row["name"]), standing, total, paid_on)


def _standing(row: Mapping[str, Any]) -> Standing:
    payment = row.get("payment_state")
    if row["state"] == "draft" and payment is None:
        return Standing.OPEN  # a quotation
    return _STATES.get(row["state"]) or _PAYMENT_STATES.get(str(payment), Standing.OPEN)


def _number(name: Any) -> str:
    """What it is called; a draft has no number yet: False in 19, a slash in 17."""
    return name if isinstance(name, str) and name != "/" else ""


def _currency(reference: Any) -> str:
    return str(reference[1]) if isinstance(reference, list | tuple) else "XXX"


def _paid_on(odoo: Odoo, record: Named) -> date | None:
    """The day of the last payment; None for a user who may read invoices and not their payments."""
    try:
        rows = odoo.read(record.model, [record.id], ["invoice_payments_widget"])
    except OdooError:
        return None
    widget = rows[0].get("invoice_payments_widget") if rows else None
    paid = widget.get("content", ()) if isinstance(widget, Mapping) else ()
    days = sorted(str(each["date"]) for each in paid if each.get("date"))
    return date.fromisoformat(days[-1]) if days else None


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody who opens a link should know: how the document stands, and where it lies."""

    paper: Paper
    address: str
    pdf: str


def find(odoo: Odoo, record: Named, base: str | None, *, paying: bool) -> Found | None:
    """The document and its addresses below `base`, or below what Odoo says; None where it is gone. Raises OdooError."""
    paper = look(odoo, record)
    if paper is None:
        return None
    base = base or public_address(odoo, record) or ""
    portal = portal_path(odoo, record)
    path = payment_path(odoo, record) if paying and paper.standing is Standing.OPEN else None
    mark = "&" if "?" in portal else "?"
    return Found(paper, base + (path or portal), f"{base}{portal}{mark}report_type=pdf&download=true")


# Its PDF --------------------------------------------------------------------------------------------------------------


def kept_pdf(odoo: Odoo, record: Named) -> bytes | None:
    """The invoice's PDF as Odoo keeps it, made now if there is none yet; None where there is none to be had.

    Raises OdooError. Made twice it is there once: what was made is found by whoever asks next.
    """
    if record.model != INVOICE:
        return None
    attachment = _kept(odoo, record) or _made(odoo, record)
    rows = odoo.read("ir.attachment", [attachment], ["datas"]) if attachment else []
    try:
        return base64.b64decode(rows[0]["datas"], validate=True) if rows and rows[0]["datas"] else None
    except (binascii.Error, TypeError):
        return None


def _kept(odoo: Odoo, record: Named) -> int | None:
    rows = odoo.read(record.model, [record.id], ["invoice_pdf_report_id"])
    reference = rows[0].get("invoice_pdf_report_id") if rows else None
    return int(reference[0]) if isinstance(reference, list | tuple) else None


def _made(odoo: Odoo, record: Named) -> int | None:
    """By the wizard that an accountant presses Print in; nothing is mailed."""
    wizard = SEND_WIZARDS[odoo.version]
    context = {"active_model": record.model, "active_ids": [record.id]}
    made = odoo.create(wizard.model, wizard.values(record.id), context=context)
    odoo.act(wizard.model, [made], "action_send_and_print", context=context)
    return _kept(odoo, record)
