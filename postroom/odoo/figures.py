"""A digest's figures from Odoo: counted and added up there, each by one question; no record leaves it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from postroom.domain.digest_words import Figure
from postroom.domain.digests import Section
from postroom.odoo.client import Odoo, Row
from postroom.odoo.documents import INVOICE

SOON = timedelta(days=7)
Domain = list[Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is counted, and which of its amounts is added up."""

    code: str
    model: str
    domain: Callable[[date], Domain]
    amount: str = ""
    """Empty: it is counted only."""
    currency: str | None = "currency_id"
    """The field that tells the amount's currency; None: that of the company."""
    shared: bool = False
    """Records that belong to no company count for each."""


def _owed(*more: Any) -> Domain:
    unpaid = [["state", "=", "posted"], ["payment_state", "in", ["not_paid", "partial"]]]
    return [["move_type", "=", "out_invoice"], *unpaid, *more]


def _quoted(*more: Any) -> Domain:
    return [["state", "in", ["draft", "sent"]], *more]


def _moved(kind: str, *more: Any) -> Domain:
    return [["picking_type_code", "=", kind], *more]


def _late(day: date) -> Domain:
    return [["state", "in", ["waiting", "confirmed", "assigned"]], ["scheduled_date", "<", f"{day} 00:00:00"]]


QUESTIONS: Mapping[Section, Sequence[Question]] = {
    Section.INVOICES: (
        Question(
            "invoices_overdue",
            INVOICE,
            lambda day: _owed(["invoice_date_due", "<", day.isoformat()]),
            "amount_residual",
        ),
        Question(
            "invoices_due",
            INVOICE,
            lambda day: _owed(*_between("invoice_date_due", day)),
            "amount_residual",
        ),
    ),
    Section.PIPELINE: (
        Question(
            "leads_open",
            "crm.lead",
            lambda _day: [["type", "=", "opportunity"], ["probability", "<", 100]],
            "expected_revenue",
            currency=None,
            shared=True,
        ),
    ),
    Section.QUOTATIONS: (
        Question("quotations_open", "sale.order", lambda _day: _quoted(), "amount_total"),
        Question(
            "quotations_expiring",
            "sale.order",
            lambda day: _quoted(*_between("validity_date", day)),
            "amount_total",
        ),
    ),
    Section.PURCHASES: (
        Question("purchases_to_approve", "purchase.order", lambda _day: [["state", "=", "to approve"]], "amount_total"),
        Question("arrivals_late", "stock.picking", lambda day: _moved("incoming", *_late(day))),
    ),
    Section.DELIVERIES: (
        Question("deliveries_late", "stock.picking", lambda day: _moved("outgoing", *_late(day))),
        # What customers have ordered and the warehouse does not have.
        Question("deliveries_short", "stock.picking", lambda _day: _moved("outgoing", ["state", "=", "confirmed"])),
    ),
}
"""The sections that Odoo tells."""


def read_figures(odoo: Odoo, company: int, section: Section, day: date) -> tuple[Figure, ...]:
    """What Odoo knows for a section on a company's day; nothing where it is not installed. Raises OdooError."""
    here = odoo.in_company(company)
    asked = [each for each in QUESTIONS.get(section, ()) if here.has_model(each.model)]
    return tuple(_answer(here, company, each, day) for each in asked)


def company_of(odoo: Odoo, company: int) -> Mapping[str, Any]:
    """The company as an event names it. Raises OdooError."""
    rows = odoo.in_company(company).read("res.company", [company], ["name"])
    return {"id": company, "name": rows[0]["name"] if rows else str(company)}


def _answer(odoo: Odoo, company: int, question: Question, day: date) -> Figure:
    companies = [company, False] if question.shared else [company]
    asked = [*question.domain(day), ["company_id", "in", companies]]
    if not question.amount:
        return Figure(question.code, int(odoo.ask(question.model, "search_count", {"domain": asked})))
    groups: list[Row] = odoo.ask(
        question.model,
        "read_group",
        {
            "domain": asked,
            "fields": [f"{question.amount}:sum"],
            "groupby": [question.currency] if question.currency else [],
            "lazy": False,
        },
    )
    sums = {_currency(odoo, company, question, row): _amount(row[question.amount]) for row in groups if row["__count"]}
    return Figure(question.code, sum(row["__count"] for row in groups), sums)


def _currency(odoo: Odoo, company: int, question: Question, row: Row) -> str:
    if question.currency:
        return str(row[question.currency][1])
    (own,) = odoo.read("res.company", [company], ["currency_id"])
    return str(own["currency_id"][1])


def _between(field: str, day: date) -> Domain:
    return [[field, ">=", day.isoformat()], [field, "<=", (day + SOON).isoformat()]]


def _amount(raw: Any) -> Decimal:
    return Decimal(str(raw or 0))
