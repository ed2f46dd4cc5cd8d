"""Sales orders and leads."""

from sandbox.odoo.catalogue.base import normal_address, normal_number
from sandbox.odoo.catalogue.shared import PORTAL_METHODS, described_by_product, numbered, portal_fields, times, untaxed
from sandbox.odoo.editions import ONLY_17
from sandbox.odoo.fields import active, char, children, choice, date, html, integer, moment, money, number, one
from sandbox.odoo.models import Method, Model
from sandbox.odoo.raised import user_error
from sandbox.odoo.records import Records

STATES = {"draft": "Quotation", "sent": "Quotation Sent", "sale": "Sales Order", "cancel": "Cancelled"}


def action_quotation_sent(orders: Records) -> None:
    """Mark quotations as sent."""
    if any(order["state"] != "draft" for order in orders):
        raise user_error("Only draft orders can be marked as sent directly.")
    orders.write({"state": "sent"})


def action_confirm(orders: Records) -> bool:
    """Turn quotations into orders; twice is an error."""
    late = [order["name"] for order in orders if order["state"] not in ("draft", "sent")]
    if late:
        raise user_error(orders.env.edition.already_confirmed.format(names=", ".join(late)))
    orders.write({"state": "sale", "date_order": orders.env.now})
    return True


def action_cancel(orders: Records) -> object:
    """Call them off. 17 asks for a mail to the customer first, and has done nothing yet."""
    if orders.env.edition.number == 17 and any(order["state"] == "sale" for order in orders):
        return {"type": "ir.actions.act_window", "res_model": "sale.order.cancel", "view_mode": "form", "target": "new"}
    orders.write({"state": "cancel"})
    return True


def action_draft(orders: Records) -> bool:
    """Begin again."""
    orders.write({"state": "draft"})
    return True


ORDER = Model(
    "sale.order",
    "Sales Order",
    {
        "name": char("Order Reference", required=True, copied=False),
        "partner_id": one("res.partner", "Customer", required=True),
        "client_order_ref": char("Customer Reference"),
        "state": choice("Status", STATES, default="draft", tracked=True, readonly=True, copied=False),
        "date_order": moment("Order Date", default=lambda env: env.now),
        "validity_date": date("Expiration"),
        "commitment_date": moment("Delivery Date"),
        "order_line": children("sale.order.line", "order_id", "Order Lines", copied=True),
        "amount_untaxed": money("Untaxed Amount", compute=untaxed("order_line")),
        "amount_tax": money("Taxes", compute=lambda _record: 0.0),
        "amount_total": money("Total", compute=untaxed("order_line")),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", required=True, default=lambda env: env.company.id),
        "user_id": one("res.users", "Salesperson", default=lambda env: env.uid, tracked=True),
        "invoice_status": choice(
            "Invoice Status",
            {"invoiced": "Fully Invoiced", "to invoice": "To Invoice", "no": "Nothing to Invoice"},
            default="no",
        ),
        "note": html("Terms and conditions"),
        **portal_fields("/my/orders"),
    },
    {
        **PORTAL_METHODS,
        "action_quotation_sent": Method(action_quotation_sent),
        "action_confirm": Method(action_confirm),
        "action_cancel": Method(action_cancel),
        "action_draft": Method(action_draft),
    },
    order="date_order desc, id desc",
    module="sale",
    thread=True,
    prepare=numbered("sale.order", "S{:05d}"),
)
LINE = Model(
    "sale.order.line",
    "Sales Order Line",
    {
        "name": char("Description", required=True),
        "order_id": one("sale.order", "Order Reference", required=True),
        "product_id": one("product.product", "Product"),
        "product_uom_qty": number("Quantity", default=1.0),
        "price_unit": number("Unit Price"),
        "price_subtotal": money("Subtotal", compute=times("product_uom_qty")),
        "sequence": integer("Sequence", default=10),
    },
    module="sale",
    prepare=described_by_product,
)
LEAD = Model(
    "crm.lead",
    "Lead/Opportunity",
    {
        "name": char("Opportunity", required=True),
        "partner_id": one("res.partner", "Customer"),
        "contact_name": char("Contact Name"),
        "partner_name": char("Company Name"),
        "email_from": char("Email"),
        "email_normalized": char("Normalized Email", compute=lambda record: normal_address(record["email_from"])),
        "phone": char("Phone"),
        "mobile": char("Mobile", editions=ONLY_17),
        "phone_sanitized": char("Sanitized Number", compute=lambda record: normal_number(record["phone"])),
        "type": choice("Type", {"lead": "Lead", "opportunity": "Opportunity"}, default="opportunity"),
        "user_id": one("res.users", "Salesperson", default=lambda env: env.uid, tracked=True),
        "company_id": one("res.company", "Company"),
        "description": html("Notes"),
        "expected_revenue": money("Expected Revenue"),
        "probability": number("Probability"),
        "active": active(),
    },
    order="id desc",
    module="crm",
    thread=True,
)

MODELS = (ORDER, LINE, LEAD)
