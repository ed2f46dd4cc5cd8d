"""Every type of event that Postroom takes, what it is about and which facts it carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from postroom.domain.facts import FactSpec, Kind


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event. Adding one is adding a row here, a rule, and its templates."""

    name: str
    noun: str
    """What people call these events: 'order' in 'order events'."""
    model: str
    """The Odoo model of the document that it is about."""
    document: str
    """Where that document's id stands in the data."""
    facts: tuple[FactSpec, ...]
    sample: Mapping[str, Any]
    """Made-up data, for previews and for the examples that Meta wants with a template."""

    def fact(self, name: str) -> FactSpec | None:
        """The fact of this name, if these events carry it."""
        return next((spec for spec in self.facts if spec.name == name), None)

    @property
    def fact_names(self) -> tuple[str, ...]:
        """Every name that a template may use."""
        return tuple(spec.name for spec in self.facts)


PEOPLE = (
    FactSpec("customer_name", Kind.TEXT, "/recipient/name"),
    FactSpec("company_name", Kind.TEXT, "/company/name"),
)

_COMPANY = {"id": 1, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"}
_RECIPIENT = {
    "partner_id": 42,
    "name": "Marta Ruiz",
    "language": "es_ES",
    "phone": "+34600111222",
    "email": "marta@example.com",
}

PAYMENT_REMINDER = EventType(
    name="odoo.invoice.payment_reminder",
    noun="invoice",
    model="account.move",
    document="/invoice/id",
    facts=(
        *PEOPLE,
        FactSpec("invoice_number", Kind.TEXT, "/invoice/number"),
        FactSpec("amount", Kind.AMOUNT, "/invoice/amount_due", currency="/invoice/currency"),
        FactSpec("currency", Kind.CURRENCY, "/invoice/currency"),
        FactSpec("amount_due", Kind.MONEY, "/invoice/amount_due", currency="/invoice/currency"),
        FactSpec("due_date", Kind.DATE, "/invoice/due_date"),
        FactSpec("portal_url", Kind.LINK, "/invoice/portal_url"),
        # Odoo's portal page is also where an invoice is paid, so it stands in for a payment link.
        FactSpec("payment_url", Kind.LINK, "/invoice/payment_url", instead="/invoice/portal_url"),
    ),
    sample={
        "company": _COMPANY,
        "recipient": _RECIPIENT,
        "invoice": {
            "id": 88,
            "number": "INV/2026/00088",
            "amount_due": "1250.00",
            "currency": "EUR",
            "due_date": "2026-11-30",
            "portal_url": "https://erp.example.com/my/invoices/88?access_token=sample",
        },
    },
)

ORDER_CONFIRMED = EventType(
    name="odoo.sale.order_confirmed",
    noun="order",
    model="sale.order",
    document="/order/id",
    facts=(
        *PEOPLE,
        FactSpec("order_number", Kind.TEXT, "/order/number"),
        FactSpec("amount", Kind.AMOUNT, "/order/amount_total", currency="/order/currency"),
        FactSpec("currency", Kind.CURRENCY, "/order/currency"),
        FactSpec("amount_total", Kind.MONEY, "/order/amount_total", currency="/order/currency"),
        FactSpec("expected_date", Kind.DATE, "/order/expected_date", required=False),
        FactSpec("portal_url", Kind.LINK, "/order/portal_url"),
        FactSpec("lines", Kind.LINES, "/order/lines", required=False),
    ),
    sample={
        "company": _COMPANY,
        "recipient": _RECIPIENT,
        "order": {
            "id": 17,
            "number": "S00017",
            "amount_total": "310.00",
            "currency": "EUR",
            "expected_date": "2026-11-25",
            "portal_url": "https://erp.example.com/my/orders/17?access_token=sample",
            "lines": [{"name": "Cable 3 m", "quantity": "2"}, {"name": "Wall bracket", "quantity": "1"}],
        },
    },
)

EVENT_TYPES: Mapping[str, EventType] = {shape.name: shape for shape in (PAYMENT_REMINDER, ORDER_CONFIRMED)}
