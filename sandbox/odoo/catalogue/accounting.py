"""Invoices and bills, what pays them, and the documents that are made of them."""

import base64
from typing import Any
from urllib.parse import urlencode

from sandbox.odoo.catalogue.shared import PORTAL_METHODS, portal_fields, times, token_of, untaxed
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import boolean, char, children, choice, date, html, integer, many, money, number, one
from sandbox.odoo.models import Method, Model, Values
from sandbox.odoo.pdf import one_page
from sandbox.odoo.raised import Raised, invalid, user_error
from sandbox.odoo.records import Env, Records

STATES = {"draft": "Draft", "posted": "Posted", "cancel": "Cancelled"}
PAYMENTS = {
    "not_paid": "Not Paid",
    "in_payment": "In Payment",
    "paid": "Paid",
    "partial": "Partially Paid",
    "reversed": "Reversed",
    "invoicing_legacy": "Invoicing App Legacy",
}
TYPES = {
    "entry": "Journal Entry",
    "out_invoice": "Customer Invoice",
    "out_refund": "Customer Credit Note",
    "in_invoice": "Vendor Bill",
    "in_refund": "Vendor Credit Note",
}
PREFIXES = {"out_invoice": "INV", "out_refund": "RINV", "in_invoice": "BILL", "in_refund": "RBILL", "entry": "MISC"}

# Moves --------------------------------------------------------------------------------------------------------------


def _prepared(env: Env, values: Values) -> Values:
    values.setdefault("name", env.edition.draft_name)
    values.setdefault("invoice_date_due", env.today)
    return values


def action_post(moves: Records) -> bool:
    """Make drafts count; twice is an error."""
    for move in moves:
        if move["state"] != "draft":
            raise user_error(f"The entry {move['name']} (id {move.id}) must be in draft.")
        day = move["invoice_date"] or move.env.today
        name = move["name"]
        if name in ("/", False, ""):
            prefix = f"{PREFIXES[move['move_type']]}/{day[:4]}/"
            name = f"{prefix}{move.env.database.next_number(prefix):05d}"
        move.write({"state": "posted", "name": name, "invoice_date": day})
    return False


def button_cancel(moves: Records) -> None:
    """Call drafts off."""
    if any(move["state"] != "draft" for move in moves):
        raise user_error("Only draft journal entries can be cancelled.")
    moves.write({"state": "cancel"})


def button_draft(moves: Records) -> None:
    """Begin again."""
    moves.write({"state": "draft"})


def _residual(move: Records) -> float:
    return round(float(move["amount_total"]) - float(move["amount_paid"]), 2)


def _payment_state(move: Records) -> str:
    if move["payment_mark"]:
        return str(move["payment_mark"])
    if move["state"] != "posted" or not move["amount_paid"]:
        return "not_paid"
    return "paid" if move["amount_residual"] <= 0 else "partial"


def _duplicates(move: Records) -> list[int]:
    same = [["partner_id", "=", move["partner_id"].id], ["ref", "=", move["ref"]], ["id", "!=", move.id]]
    return move.env["account.move"].search(same).ids if move["ref"] else []


MOVE = Model(
    "account.move",
    "Journal Entry",
    {
        "name": char("Number", copied=False),
        "ref": char("Reference"),
        "move_type": choice("Type", TYPES, default="entry", required=True),
        "state": choice("Status", STATES, default="draft", required=True, tracked=True, copied=False),
        "payment_state": choice("Payment Status", PAYMENTS, compute=_payment_state, tracked=True),
        "payment_mark": choice("Payment Status that was set", PAYMENTS, copied=False),
        "amount_paid": money("Paid", copied=False),
        "partner_id": one("res.partner", "Partner"),
        "commercial_partner_id": one("res.partner", "Commercial Entity", related="partner_id.commercial_partner_id"),
        "invoice_date": date("Invoice/Bill Date", copied=False),
        "invoice_date_due": date("Due Date", copied=False),
        "invoice_origin": char("Origin"),
        "payment_reference": char("Payment Reference"),
        "invoice_line_ids": children("account.move.line", "move_id", "Invoice lines", copied=True),
        "amount_untaxed": money("Untaxed Amount", compute=untaxed("invoice_line_ids")),
        "amount_tax": money("Tax", compute=lambda _record: 0.0),
        "amount_total": money("Total", compute=untaxed("invoice_line_ids")),
        "amount_residual": money("Amount Due", compute=_residual),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
        "invoice_user_id": one("res.users", "Salesperson", default=lambda env: env.uid),
        "reversed_entry_id": one("account.move", "Reversal of"),
        "duplicated_ref_ids": many("account.move", "Duplicated Documents", compute=_duplicates),
        "invoice_pdf_report_id": one("ir.attachment", "PDF Attachment", copied=False),
        "narration": html("Terms and Conditions"),
        **portal_fields("/my/invoices"),
    },
    {
        **PORTAL_METHODS,
        "action_post": Method(action_post),
        "button_cancel": Method(button_cancel),
        "button_draft": Method(button_draft),
    },
    order="id desc",
    module="account",
    shown=lambda r: str(r["name"]) if r["name"] not in (False, "/") else f"Draft Invoice (* {r.id})",
    thread=True,
    prepare=_prepared,
    posts_by_reading=True,
)
LINE = Model(
    "account.move.line",
    "Journal Item",
    {
        "name": char("Label"),
        "move_id": one("account.move", "Journal Entry", required=True),
        "product_id": one("product.product", "Product"),
        "quantity": number("Quantity", default=1.0),
        "price_unit": number("Unit Price"),
        "price_subtotal": money("Subtotal", compute=times("quantity")),
        "sequence": integer("Sequence", default=10),
    },
    module="account",
)

# Paying -------------------------------------------------------------------------------------------------------------


def _from_context(env: Env, model: str) -> list[int]:
    if env.context.get("active_model") != model:
        return []
    return list(env.context.get("active_ids") or [env.context.get("active_id")])


def action_create_payments(wizards: Records) -> dict[str, Any]:
    """Pay what is open."""
    moves = wizards["move_ids"]
    if not moves:
        raise user_error("You can't register a payment because there is nothing left to pay.")
    for move in moves:
        move.write({"amount_paid": move["amount_total"]})
    row = {"amount": sum(moves.mapped("amount_total")), "date": wizards["payment_date"]}
    made = wizards.env.sudo()["account.payment"].create([{**row, "invoice_ids": [(6, 0, moves.ids)]}])
    window = {"name": "Payments", "type": "ir.actions.act_window", "res_model": "account.payment", "view_mode": "form"}
    return {**window, "context": {"create": False}, "res_id": made.id}


PAYMENT = Model(
    "account.payment",
    "Payments",
    {
        "amount": money("Amount"),
        "date": date("Date"),
        "partner_id": one("res.partner", "Customer/Vendor"),
        "payment_type": choice("Payment Type", {"outbound": "Send", "inbound": "Receive"}, default="inbound"),
        "partner_type": choice("Partner Type", {"customer": "Customer", "supplier": "Vendor"}, default="customer"),
        "state": (
            choice("Status", {"draft": "Draft", "posted": "Posted", "cancel": "Cancelled"}, editions=ONLY_17),
            choice(
                "Status",
                {
                    "draft": "Draft",
                    "in_process": "In Process",
                    "paid": "Paid",
                    "canceled": "Canceled",
                    "rejected": "Rejected",
                },
                editions=ONLY_19,
            ),
        ),
        "is_reconciled": boolean("Is Reconciled"),
        "currency_id": one("res.currency", "Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
        "invoice_ids": many("account.move", "Invoices"),
    },
    order="date desc, id desc",
    module="account",
    shown=lambda record: f"Payment {record.id}",
)
STATEMENT_LINE = Model(
    "account.bank.statement.line",
    "Bank Statement Line",
    {
        "payment_ref": char("Label"),
        "date": date("Date"),
        "amount": money("Amount"),
        "partner_id": one("res.partner", "Partner"),
        "is_reconciled": boolean("Is Reconciled"),
        "currency_id": one("res.currency", "Journal Currency", default=lambda env: env.company["currency_id"].id),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
    },
    order="date desc, id desc",
    module="account",
    shown=lambda record: str(record["payment_ref"]),
)
REGISTER = Model(
    "account.payment.register",
    "Register Payment",
    {
        "move_ids": many("account.move", "Moves", default=lambda env: [(6, 0, _from_context(env, "account.move"))]),
        "payment_date": date("Payment Date", default=lambda env: env.today),
    },
    {"action_create_payments": Method(action_create_payments)},
    module="account",
)


def _link_prepared(env: Env, values: Values) -> Values:
    if env.context.get("active_model"):
        values.setdefault("res_model", env.context["active_model"])
        values.setdefault("res_id", env.context.get("active_id"))
    document = env.records(values["res_model"], [values["res_id"]])
    values.setdefault(
        "amount", document["amount_residual" if values["res_model"] == "account.move" else "amount_total"]
    )
    values.setdefault("currency_id", document["currency_id"].id)
    values.setdefault("partner_id", document["partner_id"].id)
    return values


def _payment_link(wizard: Records) -> str:
    """17 asks the request for its host, and over RPC there is none."""
    env = wizard.env
    if env.edition.number == 17:
        raise Raised("builtins.RuntimeError", "object unbound")
    document = env.sudo().records(wizard["res_model"], [wizard["res_id"]])
    asked = {"access_token": token_of(document), "move_id": document.id, "amount": wizard["amount"], "payment": "True"}
    return f"{env.server.base_url}/{document['access_url']}?{urlencode(asked)}#portal_pay"


PAYMENT_LINK = Model(
    "payment.link.wizard",
    "Generate Payment Link",
    {
        "res_model": char("Related Document Model", required=True),
        "res_id": integer("Related Document ID", required=True),
        "amount": money("Amount", required=True),
        "currency_id": one("res.currency", "Currency"),
        "partner_id": one("res.partner", "Partner"),
        "link": char("Payment Link", compute=_payment_link),
    },
    module="account_payment",
    prepare=_link_prepared,
    shown=lambda record: f"payment.link.wizard,{record.id}",
)

# Sending ------------------------------------------------------------------------------------------------------------


def make_pdf(move: Records) -> Records:
    """The invoice as a document that is kept."""
    if move["invoice_pdf_report_id"]:
        kept: Records = move["invoice_pdf_report_id"]
        return kept
    if move["state"] != "posted":
        raise user_error("You can't generate invoices that are not posted.")
    lines = [
        f"Amount due: {move['amount_residual']:.2f} {move['currency_id']['name']}",
        str(move["partner_id"]["name"]),
    ]
    content = one_page(f"Invoice {move['name']}", lines)
    name = f"{str(move['name']).replace('/', '_')}.pdf"
    values = {"name": name, "datas": base64.b64encode(content).decode(), "mimetype": "application/pdf"}
    attachment = move.env.sudo()["ir.attachment"].create([{**values, "res_model": move.model, "res_id": move.id}])
    move.sudo().write({"invoice_pdf_report_id": attachment.id, "message_main_attachment_id": attachment.id})
    return attachment


def _sent_17(wizards: Records) -> dict[str, Any]:
    documents = [make_pdf(move) for move in wizards["move_ids"]]
    return {"type": "ir.actions.act_url", "url": f"/web/content/{documents[0].id}?download=true", "close": True}


def _sent_19(wizards: Records) -> dict[str, Any]:
    make_pdf(wizards["move_id"])
    return {"type": "ir.actions.act_window_close"}


def _check_wizard(wizard: Records) -> None:
    moves = wizard["move_ids"] if "move_ids" in wizard.env.fields(wizard.model) else wizard["move_id"]
    if any(move["state"] != "posted" for move in moves):
        raise invalid("You can't send an invoice that is not posted.")


SEND_17 = Model(
    "account.move.send",
    "Account Move Send",
    {
        "move_ids": many("account.move", "Moves"),
        "checkbox_download": boolean("Download", default=True),
        "checkbox_send_mail": boolean("Email"),
    },
    {"action_send_and_print": Method(_sent_17)},
    module="account",
    editions=ONLY_17,
    made=_check_wizard,
)
SEND_19 = Model(
    "account.move.send.wizard",
    "Account Move Send Wizard",
    {
        "move_id": one("account.move", "Move", required=True),
        "sending_methods": char("Sending Methods"),
    },
    {"action_send_and_print": Method(_sent_19)},
    module="account",
    editions=ONLY_19,
    made=_check_wizard,
)

MODELS = (MOVE, LINE, PAYMENT, STATEMENT_LINE, REGISTER, PAYMENT_LINK, SEND_17, SEND_19)
