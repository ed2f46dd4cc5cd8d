"""What customers owe, as our least user may see it: open invoices, payments in flight, the bank feed, their wishes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.dunning import Ledger, Line
from postroom.domain.quiet_hours import zones_of
from postroom.odoo.client import Odoo, Row
from postroom.odoo.documents import INVOICE, Named, portal_path, public_address
from postroom.odoo.errors import OdooError
from postroom.odoo.rights import ACCESS_ERROR
from postroom.odoo.versions import PHONES

PAYMENT, BANK, PARTNER = "account.payment", "account.bank.statement.line", "res.partner"
PAGE = 1000
OWED = ("payment_state", "in", ["not_paid", "partial"])
"""An invoice in payment is paid, as its customer knows."""
LINE_FIELDS = (
    *("name", "commercial_partner_id", "invoice_date_due", "amount_residual", "amount_total", "currency_id"),
    "invoice_user_id",
)
FAMILY_FIELDS = ("name", "email", "lang", "tz", "country_id", "type", "commercial_partner_id", "user_id", "active")
WISHES = ("followup_reminder_type", "followup_next_action_date", "invoice_warn")
"""What Enterprise's follow-ups and Odoo's warnings say of a customer, where they are installed."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer who owes, and whom one writes to about it."""

    ledger: Ledger
    company: Mapping[str, Any]
    recipient: Mapping[str, Any]
    contact: Mapping[str, Any] | None
    """Who gets his invoices, if that is somebody else."""
    manager: int | None
    """The user who looks after him."""


def read_accounts(odoo: Odoo, company: int, zone: str, customers: Sequence[int] | None = None) -> list[Account]:
    """Everybody who owes a company, or these of them; who owes nothing is absent. Raises OdooError.

    `zone`: the company's own. Customers are commercial partners.
    """
    here = odoo.in_company(company)
    owing = [] if customers is None else [["commercial_partner_id", "in", list(customers)]]
    posted = [["state", "=", "posted"], list(OWED), ["company_id", "=", company], *owing]
    invoices = _all(here, INVOICE, [["move_type", "=", "out_invoice"], *posted], LINE_FIELDS)
    found = sorted({_id(row["commercial_partner_id"]) for row in invoices if row["commercial_partner_id"]})
    if not found:
        return []
    refunds = _all(here, INVOICE, [["move_type", "=", "out_refund"], *posted], LINE_FIELDS)
    families = _families(here, found)
    money = _Money.read(here, company, families, refunds)
    house = _company(here, company)
    return [_account(here, each, house, zone, invoices, families, money) for each in found if each in families]


def nothing_owed(company: str, customer: str) -> Account:
    """Of whom Odoo says nothing: he has paid."""
    return Account(Ledger(company, customer, ()), {"id": int(company), "name": company}, {}, None, None)


def paid_among(odoo: Odoo, company: int, invoices: Sequence[int]) -> set[int]:
    """Those of some invoices that are paid, not cancelled nor drawn back. Raises OdooError."""
    settled = [["payment_state", "in", ["paid", "in_payment"]], ["state", "=", "posted"]]
    here = odoo.in_company(company)
    return {row["id"] for row in _all(here, INVOICE, [["id", "in", list(invoices)], *settled], ["name"])}


def payment_address(odoo: Odoo, invoice: int) -> str | None:
    """Where a customer sees and pays an invoice, if Odoo says so by https."""
    record = Named(INVOICE, invoice)
    try:
        base = public_address(odoo, record)
        return f"{base}{portal_path(odoo, record)}" if base and base.startswith("https://") else None
    except OdooError:
        return None  # links of ours lead there without it


def _all(odoo: Odoo, model: str, domain: list[Any], fields: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    last = 0
    # By id and not by offset: what is paid meanwhile makes us miss nothing else.
    while page := odoo.search_read(model, [["id", ">", last], *domain], fields, limit=PAGE):
        rows += page
        last = page[-1]["id"]
    return rows


# People ---------------------------------------------------------------------------------------------------------------


def _families(odoo: Odoo, customers: Sequence[int]) -> dict[int, list[Row]]:
    """Each customer's own contacts, himself first."""
    known = odoo.fields(PARTNER)
    numbers = [name for name in PHONES[odoo.version] if name in known]
    fields = [*FAMILY_FIELDS, *numbers, *(name for name in WISHES if name in known)]
    families: defaultdict[int, list[Row]] = defaultdict(list)
    everyone = odoo.in_language("en_US")
    domain = [["commercial_partner_id", "in", list(customers)], ["active", "in", [True, False]]]
    for row in _all(everyone, PARTNER, domain, fields):
        phone = next((row[name] for name in numbers if row[name]), None)
        families[_id(row["commercial_partner_id"])].append({**row, "phone": phone})
    for customer, rows in families.items():
        rows.sort(key=lambda row, own=customer: (row["id"] != own, row["id"]))  # type: ignore[misc]
    return {customer: rows for customer, rows in families.items() if rows[0]["id"] == customer}


def _company(odoo: Odoo, company: int) -> Mapping[str, Any]:
    (row,) = odoo.read("res.company", [company], ["name", "partner_id"])
    (partner,) = odoo.read(PARTNER, [_id(row["partner_id"])], ["lang", "country_id"])
    told = {"id": company, "name": row["name"], "language": partner["lang"], "country": _country(odoo, partner)}
    return {name: value for name, value in told.items() if value}


def _country(odoo: Odoo, partner: Row) -> str:
    if not partner["country_id"]:
        return ""
    (row,) = odoo.read("res.country", [_id(partner["country_id"])], ["code"])
    return str(row["code"] or "")


def _recipient(row: Row, country: str, like: Row | None = None) -> Mapping[str, Any]:
    """Somebody as an event names him; an address that is none is left out."""
    told = {
        "partner_id": row["id"],
        "name": row["name"] or "-",
        "language": row["lang"] or (like or {}).get("lang"),
        "timezone": row["tz"],
        "phone": _normal(ChannelName.SMS, row["phone"], country),
        "email": _normal(ChannelName.EMAIL, row["email"], country),
    }
    return {name: value for name, value in told.items() if value}


def _normal(channel: ChannelName, raw: str | None, country: str) -> str | None:
    try:
        return addresses.normal(channel, raw, country or None) if raw else None
    except addresses.NotAnAddress:
        return None


# Money ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Money:
    """What came in and is matched with no invoice, by customer and currency, and how old the bank feed is."""

    in_flight: Mapping[int, Mapping[str, Decimal]]
    fed_on: date | None

    @classmethod
    def read(cls, odoo: Odoo, company: int, families: Mapping[int, list[Row]], refunds: Iterable[Row]) -> "_Money":
        """Where our user may not see payments, nobody knows how old the feed is."""
        sums: defaultdict[int, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in refunds:
            sums[_id(row["commercial_partner_id"])][_name(row["currency_id"])] += _amount(row["amount_residual"])
        whose = {row["id"]: customer for customer, rows in families.items() for row in rows}
        try:
            for row in [*_payments(odoo, company, list(whose)), *_incoming(odoo, company, list(whose))]:
                sums[whose[_id(row["partner_id"])]][_name(row["currency_id"])] += _amount(row["amount"])
            fed = odoo.search_read(BANK, [["company_id", "=", company]], ["date"], limit=1, order="date desc, id desc")
        except OdooError as error:
            if error.fault.code != ACCESS_ERROR:
                raise
            fed = []
        return cls(sums, date.fromisoformat(fed[0]["date"]) if fed else None)


def _payments(odoo: Odoo, company: int, partners: Sequence[int]) -> list[Row]:
    theirs = [["partner_id", "in", list(partners)], ["company_id", "=", company]]
    coming = [["payment_type", "=", "inbound"], ["partner_type", "=", "customer"], ["is_reconciled", "=", False]]
    # 19 registers payments without entries, which are never matched; of which invoice each is stands on it.
    alone = [["invoice_ids", "=", False]] if "invoice_ids" in odoo.fields(PAYMENT) else []
    valid = [["state", "in", ["posted", "in_process"]]]
    return _all(odoo, PAYMENT, [*theirs, *coming, *alone, *valid], ["partner_id", "amount", "currency_id"])


def _incoming(odoo: Odoo, company: int, partners: Sequence[int]) -> list[Row]:
    domain = [["partner_id", "in", list(partners)], ["company_id", "=", company], ["is_reconciled", "=", False]]
    return _all(odoo, BANK, [*domain, ["amount", ">", 0]], ["partner_id", "amount", "currency_id"])


def _account(
    odoo: Odoo,
    customer: int,
    company: Mapping[str, Any],
    zone: str,
    invoices: Sequence[Row],
    families: Mapping[int, list[Row]],
    money: _Money,
) -> Account:
    himself = families[customer][0]
    own = [row for row in invoices if _id(row["commercial_partner_id"]) == customer]
    country = _country(odoo, himself) or company.get("country", "")
    recipient = _recipient(himself, country)
    contact = next((row for row in families[customer][1:] if row["type"] == "invoice" and row["active"]), None)
    reader = _recipient(contact, country, himself) if contact else recipient
    ledger = Ledger(
        company=str(company["id"]),
        customer=f"partner:{customer}",
        lines=tuple(_line(row) for row in own),
        country=country,
        zones=zones_of(reader.get("phone"), reader.get("timezone"), zone),
        in_flight=money.in_flight.get(customer, {}),
        fed_on=money.fed_on,
        manual=himself.get("followup_reminder_type") == "manual",
        next_reminder=_day(himself.get("followup_next_action_date")),
        blocked=not himself["active"] or himself.get("invoice_warn") == "block",
    )
    manager = next((row[name] for row in own for name in ("invoice_user_id",) if row[name]), himself["user_id"])
    return Account(ledger, company, recipient, reader if contact else None, _id(manager) if manager else None)


def _line(row: Row) -> Line:
    return Line(
        invoice=row["id"],
        number=str(row["name"]),
        due=_day(row["invoice_date_due"]) or date.max,
        residual=_amount(row["amount_residual"]),
        total=_amount(row["amount_total"]),
        currency=_name(row["currency_id"]),
    )


def _amount(raw: float) -> Decimal:
    return Decimal(str(raw))


def _day(raw: Any) -> date | None:
    return date.fromisoformat(raw) if raw else None


def _id(named: Any) -> int:
    """The id in [3, "EUR"]."""
    return int(named[0])


def _name(named: Any) -> str:
    return str(named[1])
