"""Made-up data for every type of event: for previews, and for the examples that Meta wants with a template."""

from collections.abc import Mapping
from typing import Any

Sample = Mapping[str, Any]

_ERP = "https://erp.example.com"

COMPANY: Sample = {"id": 1, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"}
CUSTOMER: Sample = {
    "partner_id": 42,
    "name": "Marta Ruiz",
    "language": "es_ES",
    "phone": "+34600111222",
    "email": "marta@example.com",
}
COLLEAGUE: Sample = {
    "partner_id": 7,
    "user_id": 6,
    "name": "Laura Gil",
    "language": "es_ES",
    "timezone": "Europe/Madrid",
    "phone": "+34600111333",
    "email": "laura@example.com",
    "slack": "U00LAURA01",
    "teams": "laura@example.com",
}
"""Somebody of our own: an approver, a manager."""

_TO_CUSTOMER = {"company": COMPANY, "recipient": CUSTOMER}
_TO_COLLEAGUE = {"company": COMPANY, "recipient": COLLEAGUE}

PAYMENT_REMINDER: Sample = {
    **_TO_CUSTOMER,
    "invoice": {
        "id": 88,
        "number": "INV/2026/00088",
        "amount_due": "1250.00",
        "currency": "EUR",
        "due_date": "2026-11-30",
        "portal_url": f"{_ERP}/my/invoices/88?access_token=sample",
    },
}

INVOICE_POSTED: Sample = {
    **_TO_CUSTOMER,
    "invoice": {
        "id": 91,
        "number": "INV/2026/00091",
        "amount_total": "375.10",
        "currency": "EUR",
        "due_date": "2026-12-22",
        "portal_url": f"{_ERP}/my/invoices/91?access_token=sample",
        "pdf": {
            "name": "INV_2026_00091.pdf",
            "url": f"{_ERP}/my/invoices/91?access_token=sample&report_type=pdf&download=true",
        },
    },
}

ORDER_CONFIRMED: Sample = {
    **_TO_CUSTOMER,
    "order": {
        "id": 17,
        "number": "S00017",
        "amount_total": "310.00",
        "currency": "EUR",
        "expected_date": "2026-11-25",
        "portal_url": f"{_ERP}/my/orders/17?access_token=sample",
        "lines": [{"name": "Cable 3 m", "quantity": "2"}, {"name": "Wall bracket", "quantity": "1"}],
    },
}

SALE_FOLLOW_UP: Sample = {
    **_TO_CUSTOMER,
    "order": {
        "id": 23,
        "number": "S00023",
        "salesperson": "Laura Gil",
        "amount_total": "2480.00",
        "currency": "EUR",
        "valid_until": "2026-12-05",
        "portal_url": f"{_ERP}/my/orders/23?access_token=sample",
    },
}

DELIVERY_UPDATED: Sample = {
    **_TO_CUSTOMER,
    "delivery": {
        "id": 12,
        "number": "WH/OUT/00012",
        "order_number": "S00017",
        "status": "shipped",
        "expected_date": "2026-11-25",
        "carrier": "Correos Express",
        "portal_url": f"{_ERP}/my/orders/17?access_token=sample",
    },
}

APPROVAL_REQUESTED: Sample = {
    **_TO_COLLEAGUE,
    "approval": {
        "id": 42,
        "model": "purchase.order",
        "document_type": "purchase order",
        "document_number": "P00042",
        "requester": "Pablo Soler",
        "description": "200 m of cable for the Valencia warehouse",
        "amount": "8400.00",
        "currency": "EUR",
        "deadline": "2026-11-27",
        "record_url": f"{_ERP}/odoo/purchase/42",
    },
}

APPROVAL_SETTLED: Sample = {
    **_TO_COLLEAGUE,
    "approval": {
        "id": 42,
        "model": "purchase.order",
        "document_number": "P00042",
        "outcome": "approved",
        "title": "P00042 is approved",
        "explanation": "Your approval was carried out in Odoo in your name.",
        "record_url": f"{_ERP}/odoo/purchase/42",
    },
}

DECISION_CODE: Sample = {
    **_TO_COLLEAGUE,
    "approval": {
        "id": 42,
        "model": "purchase.order",
        "document_type": "purchase order",
        "document_number": "P00042",
        "amount": "8400.00",
        "currency": "EUR",
        "code": "407193",
        "minutes": "10",
    },
}

COLLECTION_STATEMENT: Sample = {
    **_TO_CUSTOMER,
    "statement": {
        "id": 88,
        "tone": "friendly",
        "numbers": "INV/2026/00088, INV/2026/00091",
        "amount_due": "1625.10",
        "currency": "EUR",
        "due_date": "2026-11-20",
        "sections": [
            {
                "title": "Open invoices",
                "lines": [
                    {"label": "INV/2026/00088, 20 November 2026", "value": "€1,250.00"},
                    {"label": "INV/2026/00091, 22 November 2026", "value": "€375.10"},
                ],
            }
        ],
        "payment_url": f"{_ERP}/my/invoices/88?access_token=sample",
    },
}

COLLECTION_TASK: Sample = {
    **_TO_COLLEAGUE,
    "task": {
        "id": 88,
        "title": "Please call Cliente Demo SL",
        "explanation": "€1,625.10 are open, the oldest of it since 20 November 2026. The firm reminder has just left.",
        "record_url": f"{_ERP}/odoo/accounting/88",
    },
}

DAILY_DIGEST: Sample = {
    **_TO_COLLEAGUE,
    "digest": {
        "id": "sales-2026-11-22",
        "role": "Sales manager",
        "date": "2026-11-22",
        "sections": [
            {
                "title": "Sales",
                "lines": [
                    {"label": "Orders confirmed yesterday", "value": "14 (€8,250.00)"},
                    {"label": "Quotations that expire this week", "value": "5"},
                ],
            },
            {"title": "Receivables", "lines": [{"label": "Overdue invoices", "value": "3 (€4,120.50)"}]},
        ],
        "record_url": f"{_ERP}/odoo/dashboards",
    },
}


def alert(title: str, detail: str, **more: str) -> Sample:
    """An alert's data."""
    made = {"id": "alert-2026-11-22-1", "title": title, "detail": detail, "severity": "critical", **more}
    return {**_TO_COLLEAGUE, "alert": {**made, "occurred_on": "2026-11-22"}}


STOCK_OUT = alert(
    "Cable 3 m is out of stock",
    "WH/Stock holds 0; 4 confirmed orders wait for 26 pieces.",
    document="CABLE-3M",
    record_url=f"{_ERP}/odoo/inventory/products/31",
)
FRAUD = alert(
    "Bank details changed before a payment",
    "The vendor Norte Metal changed its bank account an hour before a payment of €18,400.00 was due.",
    document="BILL/2026/11/0042",
    record_url=f"{_ERP}/odoo/vendor-bills/42",
)
RISK = alert(
    "Credit limit exceeded",
    "Sur Obras owes €52,300.00 with a limit of €40,000.00; order S00031 waits.",
    document="S00031",
    record_url=f"{_ERP}/odoo/sales/31",
)
ANOMALY = alert(
    "Unusual discount",
    "Order S00029 was confirmed with a discount of 45%; the usual one is 10%.",
    document="S00029",
    record_url=f"{_ERP}/odoo/sales/29",
)
SYSTEM = alert("WhatsApp takes no messages", "Meta refuses our access token since 09:14; 12 messages wait.")
ALERT_TAKEN: Sample = {
    **_TO_COLLEAGUE,
    "alert": {
        "id": "alert-2026-11-22-1",
        "outcome": "taken",
        "title": "Ana Sanz takes care of it: Cable 3 m is out of stock",
        "explanation": "You need not do anything, and nobody is reminded of it any more.",
        "record_url": f"{_ERP}/odoo/inventory/products/31",
    },
}
