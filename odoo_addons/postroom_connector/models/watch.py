"""Which changes of which records Postroom hears of."""

import logging
from functools import partial

from odoo import api, fields, models
from psycopg2 import OperationalError

from . import compat, facts

HOLIDAY_MANAGERS = "hr_holidays.group_hr_holidays_manager"
MOST_APPROVERS = 5
"""Of a whole group of managers; all are asked at once and the first decides."""

MOST_REMINDERS = 1000
"""In one run; the others go on the next day."""

_logger = logging.getLogger(__name__)


class Base(models.AbstractModel):
    """Looks at the few fields that say that something happened; a table look-up for every other model."""

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if self._name in WATCHED:
            _tell(records, None)
        return records

    def write(self, vals):
        if self._name not in WATCHED or not _watched(self._name) & set(vals):
            return super().write(vals)
        before = {record.id: _state(record) for record in self}
        result = super().write(vals)
        _tell(self, before)
        return result


def _watched(model):
    return {name for name, _states, _emit in WATCHED[model]}


def _state(record):
    return {name: record.sudo()[name] for name in _watched(record._name) if name in record._fields}


def _tell(records, before):
    """Keep in mind, until the transaction ends, each record that has just come into a state that is news."""
    if not records.env["postroom.event"]._is_on():
        return
    for record in records.sudo():
        earlier = (before or {}).get(record.id, {})
        for name, states, emit in WATCHED[record._name]:
            if name in record._fields and _news(record[name], states) and not _news(earlier.get(name), states):
                _at_commit(record, name, states, emit)


def _news(value, states):
    return value in states if states else bool(value)


def _at_commit(record, name, states, emit):
    """Told when all is done: what was approved by itself in the same moment asks nobody, and totals are the last."""
    cr = record.env.cr
    noted = cr.precommit.data.setdefault("postroom_connector", {})
    if not noted:
        cr.precommit.add(partial(_tell_noted, record.env, noted))
    noted[record._name, record.id, name] = (states, emit)


def _tell_noted(env, noted):
    for (model, record_id, name), (states, emit) in list(noted.items()):
        record = env[model].sudo().browse(record_id).exists()
        if record and _news(record[name], states):
            _emit(record, emit)
    env.flush_all()  # the transaction was flushed before this ran


def _emit(record, emit):
    """A fault of ours never keeps Odoo from its work; one of the database is for Odoo to try again."""
    try:
        with record.env.cr.savepoint():
            emit(record)
    except OperationalError:
        raise
    except Exception:
        _logger.exception("postroom: %s was not told", record)


# Approvals ------------------------------------------------------------------------------------------------------------


def _ask(record, approvers, requester, number, describe, total, currency):
    """An event for each who may decide; whoever asks is never asked himself."""
    asked = [user for user in approvers if user.active and not user.share and user != requester][:MOST_APPROVERS]
    for user in asked:
        said = record.with_context(lang=user.lang)
        data = {
            "company": facts.company_of(record.company_id or user.company_id),
            "recipient": facts.recipient_of(user.partner_id, user),
            "approval": {
                "id": record.id,
                "model": record._name,
                "document_type": said.env["ir.model"]._get(record._name).name,
                "document_number": (number or f"{record._name} {record.id}")[:64],
                "requester": requester.name or record.env.company.name,
                "requester_id": requester.id,
                "description": (describe(said) or number)[:2000],
                "amount": facts.amount(total, currency),
                "currency": currency.name,
                "revision": facts.revision(record),
                "record_url": facts.record_url(record),
            },
        }
        key = f"{record._name}-{record.id}-approval-{user.id}-{int(record.write_date.timestamp())}"
        record.env["postroom.event"].sudo().emit("odoo.approval.requested", key, data, record)


def _group(env, xmlid, company):
    """The members of a group who work in a company."""
    group = env.ref(xmlid, raise_if_not_found=False)
    users = compat.members(env, group) if group else env["res.users"]
    return users.filtered(lambda user: company in user.company_ids)


def _purchase(order):
    managers = _group(order.env, "purchase.group_purchase_manager", order.company_id)
    _ask(order, managers, order.user_id or order.create_uid, order.name, _bought, order.amount_total, order.currency_id)


def _bought(order):
    lines = ", ".join(line.name.splitlines()[0] for line in order.order_line if line.name)
    return f"{order.partner_id.name}: {lines}"


def _leave(leave):
    """Whom Odoo itself would ask: the manager, or who is responsible for this kind of leave, or both in turn."""
    kind = leave.holiday_status_id.leave_validation_type
    if kind == "no_validation":
        return
    employee, company = leave.employee_id, leave.company_id or leave.env.company
    manager = (employee.leave_manager_id or employee.parent_id.user_id) if _asks_manager(leave, kind) else None
    approvers = manager or leave.holiday_status_id.responsible_ids or _group(leave.env, HOLIDAY_MANAGERS, company)
    _ask(
        leave,
        approvers,
        employee.user_id or leave.create_uid,
        leave.display_name,
        lambda said: said.display_name,
        0,
        company.currency_id,
    )


def _asks_manager(leave, kind):
    return kind == "manager" or (kind == "both" and leave.state == "confirm")


def _expense(expense):
    employee = expense.employee_id
    manager = employee.expense_manager_id if "expense_manager_id" in employee._fields else employee.parent_id.user_id
    manager = manager or employee.parent_id.user_id
    approvers = manager or _group(expense.env, "hr_expense.group_hr_expense_manager", expense.company_id)
    total = expense.total_amount if "total_amount" in expense._fields else expense.total_amount_company
    currency = expense.company_id.currency_id
    _ask(
        expense,
        approvers,
        employee.user_id or expense.create_uid,
        expense.name,
        lambda said: said.name,
        total,
        currency,
    )


# Customers ------------------------------------------------------------------------------------------------------------


def _customer(record, event_type, key, partner, block):
    recipient = facts.recipient_of(partner)
    if facts.reachable(recipient):
        data = {
            "company": facts.company_of(record.company_id),
            "recipient": recipient,
            **facts.contacts_of(partner.commercial_partner_id),
            **block,
        }
        record.env["postroom.event"].sudo().emit(event_type, key, data, record)


def _invoice_block(move, **more):
    return {
        "invoice": {
            "id": move.id,
            "number": move.name,
            "currency": move.currency_id.name,
            "due_date": facts.day(move.invoice_date_due or move.invoice_date or fields.Date.today()),
            **facts.portal_link(move),
            **more,
        }
    }


def _invoice(move):
    if move.move_type == "out_invoice":
        block = _invoice_block(move, amount_total=facts.amount(move.amount_total, move.currency_id))
        _customer(move, "odoo.invoice.posted", f"account.move-{move.id}-posted", move.partner_id, block)


def _order(order):
    lines = [
        {"name": line.name.splitlines()[0][:255], "quantity": f"{line.product_uom_qty:g}"}
        for line in order.order_line
        if line.name and not line.display_type
    ][:20]
    block = {
        "order": {
            "id": order.id,
            "number": order.name,
            "currency": order.currency_id.name,
            "amount_total": facts.amount(order.amount_total, order.currency_id),
            **facts.portal_link(order),
            **({"lines": lines} if lines else {}),
        }
    }
    _customer(order, "odoo.sale.order_confirmed", f"sale.order-{order.id}-confirmed", order.partner_id, block)


def _delivery(picking):
    """The customer follows it on the page of his order; a delivery without one has no page."""
    order = picking.sale_id if "sale_id" in picking._fields else None
    link = facts.portal_link(order) if order else None
    if picking.state == "done" and picking.picking_type_code == "outgoing" and link:
        block = {
            "delivery": {
                "id": picking.id,
                "number": picking.name,
                "order_number": order.name,
                "status": _shipped(order.partner_id.lang),
                **link,
            }
        }
        _customer(picking, "odoo.delivery.updated", f"stock.picking-{picking.id}-done", order.partner_id, block)


def _shipped(lang):
    return SHIPPED.get((lang or "en")[:2], SHIPPED["en"])


SHIPPED = {"en": "shipped", "es": "enviado", "fr": "expédié", "de": "versandt", "it": "spedito", "pt": "enviado"}
"""By language: the customer's, not that of whoever validates the delivery."""

WATCHED = {
    "purchase.order": (("state", {"to approve"}, _purchase),),
    "hr.leave": (("state", {"confirm"}, _leave), ("state", {"validate1"}, _leave)),
    "hr.expense.sheet": (("approval_state", {"submit"}, _expense),),
    "hr.expense": (("approval_state", {"submitted"}, _expense),),
    "account.move": (("state", {"posted"}, _invoice),),
    "sale.order": (("state", {"sale"}, _order),),
    "stock.picking": (("date_done", None, _delivery),),
}
"""Model: the field that tells, the states that are news (None: that it is set), and who writes the event."""


class Overdue(models.AbstractModel):
    """Invoices that nobody has paid in time."""

    _name = "postroom.overdue"
    _description = "Overdue invoices for Postroom"

    @api.model
    def _tell_of_overdue(self):
        """The cron, once a day: each invoice once for each day on which it was due, however often this runs."""
        if not self._is_wanted():
            return
        domain = [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("invoice_date_due", "<", fields.Date.today()),
        ]
        moves = {_overdue_key(move): move for move in self.env["account.move"].sudo().search(domain)}
        told = self.env["postroom.event"].sudo().search([("key", "in", list(moves))]).mapped("key")
        for key in [key for key in moves if key not in set(told)][:MOST_REMINDERS]:
            move = moves[key]
            block = _invoice_block(move, amount_due=facts.amount(move.amount_residual, move.currency_id))
            _customer(move, "odoo.invoice.payment_reminder", key, move.partner_id, block)

    def _is_wanted(self):
        wanted = self.env["ir.config_parameter"].sudo().get_param("postroom_connector.reminders") == "True"
        return wanted and "account.move" in self.env and self.env["postroom.event"]._is_on()


def _overdue_key(move):
    return f"account.move-{move.id}-overdue-{move.invoice_date_due}"
