"""Purchase orders, and who may approve them."""

from sandbox.odoo.catalogue.shared import PORTAL_METHODS, described_by_product, numbered, portal_fields, times, untaxed
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import boolean, char, children, choice, html, integer, moment, money, number, one
from sandbox.odoo.models import Method, Model
from sandbox.odoo.raised import user_error
from sandbox.odoo.records import Records

STATES = {
    "draft": "RFQ",
    "sent": "RFQ Sent",
    "to approve": "To Approve",
    "purchase": "Purchase Order",
    "cancel": "Cancelled",
}
MANAGER = "purchase.group_purchase_manager"


def _may_approve(order: Records) -> bool:
    """Small orders need no second pair of eyes; a manager is one."""
    company = order.sudo()["company_id"]
    small = order["amount_total"] < company["po_double_validation_amount"]
    return company["po_double_validation"] == "one_step" or small or order.env.has_group(MANAGER)


def button_confirm(orders: Records) -> bool:
    """Order it, or ask for approval first. An order that is past that is passed over."""
    for order in orders:
        if order["state"] in ("draft", "sent"):
            button_approve(order) if _may_approve(order) else order.write({"state": "to approve"})
    return True


def button_approve(orders: Records, force: bool = False) -> dict[str, object]:
    """The trap: an order that the user may not approve is passed over without a word."""
    del force
    for order in orders:
        if _may_approve(order):
            order.write({"state": "purchase", "date_approve": order.env.now})
    return {}


def button_cancel(orders: Records) -> None:
    """Call them off."""
    orders.write({"state": "cancel"})


def button_draft(orders: Records) -> dict[str, object]:
    """Begin again."""
    orders.write({"state": "draft"})
    return {}


def _removed(orders: Records) -> None:
    if any(order["state"] != "cancel" for order in orders):
        raise user_error("In order to delete a purchase order, you must cancel it first.")


ORDER = Model(
    "purchase.order",
    "Purchase Order",
    {
        "name": char("Order Reference", required=True, copied=False),
        "partner_id": one("res.partner", "Vendor", required=True, tracked=True),
        "partner_ref": char("Vendor Reference"),
        "origin": char("Source Document"),
        "state": choice("Status", STATES, default="draft", tracked=True, readonly=True, copied=False),
        "date_order": moment("Order Deadline", default=lambda env: env.now),
        "date_approve": moment("Confirmation Date", copied=False),
        "date_planned": moment("Expected Arrival"),
        "order_line": children("purchase.order.line", "order_id", "Order Lines", copied=True),
        "amount_untaxed": money("Untaxed Amount", compute=untaxed("order_line")),
        "amount_tax": money("Taxes", compute=lambda _record: 0.0),
        "amount_total": money("Total", compute=untaxed("order_line")),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", required=True, default=lambda env: env.company.id),
        "user_id": one("res.users", "Buyer", default=lambda env: env.uid, tracked=True),
        "notes": html("Terms and Conditions", editions=ONLY_17),
        "note": html("Terms and Conditions", editions=ONLY_19),
        **portal_fields("/my/purchase"),
    },
    {
        **PORTAL_METHODS,
        "button_confirm": Method(button_confirm),
        "button_approve": Method(button_approve),
        "button_cancel": Method(button_cancel),
        "button_draft": Method(button_draft),
    },
    order="id desc",
    module="purchase",
    shown=lambda r: f"{r['name']} ({r['partner_ref']})" if r["partner_ref"] else str(r["name"]),
    thread=True,
    prepare=numbered("purchase.order", "P{:05d}"),
    removed=_removed,
)
LINE = Model(
    "purchase.order.line",
    "Purchase Order Line",
    {
        "name": char("Description", required=True),
        "order_id": one("purchase.order", "Order Reference", required=True),
        "product_id": one("product.product", "Product"),
        "product_qty": number("Quantity", default=1.0),
        "price_unit": number("Unit Price"),
        "price_subtotal": money("Subtotal", compute=times("product_qty")),
        "sequence": integer("Sequence", default=10),
    },
    module="purchase",
    prepare=described_by_product,
)
PRODUCT = Model(
    "product.product",
    "Product Variant",
    {
        "name": char("Name", required=True),
        "default_code": char("Internal Reference"),
        "list_price": number("Sales Price", default=1.0),
        "standard_price": number("Cost"),
        "can_be_expensed": boolean("Can be Expensed"),
    },
    module="product",
)

MODELS = (ORDER, LINE, PRODUCT)
