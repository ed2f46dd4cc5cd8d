"""Events for Postroom: written once, posted in order, and kept until somebody takes them."""

import json
from datetime import timedelta
from unittest.mock import patch

import requests
from odoo import fields
from odoo.tests import TransactionCase, new_test_user, tagged

from ..exceptions import NotAllowed
from ..signing import believed, new_secret

POST = "odoo.addons.postroom_connector.models.event.requests.post"


class Door:
    """Answers as it is told; the last answer for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.posted = []

    def __call__(self, url, data, headers, **_):
        self.posted.append((url, data.decode(), headers))
        status, told, more = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = requests.Response()
        answer.status_code, answer._content = status, json.dumps(told).encode()
        answer.headers.update(more)
        return answer


TAKEN = (202, {"id": "0190"}, {})
AWAY = (503, {"title": "Postroom cannot keep anything at the moment"}, {"Retry-After": "30"})
UNSIGNED = (401, {"title": "The signature does not prove who sent this"}, {})
FAULTS = [{"pointer": "/data/approval/record_url", "detail": "is no https address", "remedy": "Give one."}]
WRONG = (422, {"title": "The event says something that cannot be right", "errors": FAULTS}, {})


class EventCase(TransactionCase):
    """Postroom is switched on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = new_secret()
        for name, value in {
            "active": "True", "url": "https://post.example.com/", "source": "odoo/test", "event_secret": cls.secret,
        }.items():  # fmt: skip
            cls.env["ir.config_parameter"].set_param(f"postroom_connector.{name}", value)
        cls.env["ir.config_parameter"].set_param("web.base.url", "https://erp.example.com")
        cls.events = cls.env["postroom.event"]
        cls.events.search([]).unlink()

    def emit(self, *keys):
        return [self.events.sudo().emit("odoo.test", key, {"n": key}) for key in keys]

    def post(self, *answers):
        with patch(POST, Door(*answers)) as door:
            self.events._post_batch()
        return door.posted

    def told(self, event_type):
        """What was told by the end of the transaction."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        return self.events.search([("type", "=", event_type)])


@tagged("post_install", "-at_install")
class TestEvents(EventCase):
    """Posting."""

    def test_an_event_is_written_once_for_each_key(self):
        self.emit("a", "a")
        self.assertEqual(self.events.search([]).mapped("key"), ["a"])

    def test_nobody_emits_by_rpc(self):
        user = new_test_user(self.env, "postroom-emitter", "base.group_user,base.group_system")
        with self.assertRaises(NotAllowed):
            self.events.with_user(user).emit("odoo.test", "a", {})

    def test_nothing_is_told_while_it_is_switched_off(self):
        self.env["ir.config_parameter"].set_param("postroom_connector.active", False)
        self.emit("a")
        self.assertFalse(self.events.search([]))

    def test_what_is_posted_is_signed_and_names_its_database(self):
        self.emit("a")
        ((url, body, headers),) = self.post(TAKEN)
        self.assertEqual(url, "https://post.example.com/v1/events")
        timestamp = int(headers["webhook-timestamp"])
        self.assertTrue(believed(self.secret, "a", timestamp, body, headers["webhook-signature"]))
        event = json.loads(body)
        self.assertEqual((event["id"], event["source"], event["data"]), ("a", "/odoo/test", {"n": "a"}))
        self.assertEqual(event["odoodatabase"], self.env["ir.config_parameter"].get_param("database.uuid"))

    def test_they_go_in_order_and_those_behind_wait_for_the_first(self):
        first, second = self.emit("a", "b")
        self.assertEqual(len(self.post(AWAY)), 1)
        self.assertEqual((first.state, first.attempts, second.attempts), ("waiting", 1, 0))
        wait = (first.next_at - fields.Datetime.now()).total_seconds()
        self.assertTrue(25 < wait <= 30, f"Retry-After is honoured, not {wait}")
        self.assertEqual(self.post(TAKEN), [])
        first.next_at = fields.Datetime.now()
        self.assertEqual([json.loads(body)["id"] for _url, body, _headers in self.post(TAKEN)], ["a", "b"])
        self.assertEqual((first.state, second.state), ("taken", "taken"))

    def test_what_is_refused_is_shown_and_lets_the_others_by(self):
        first, second = self.emit("a", "b")
        self.post(WRONG, TAKEN)
        self.assertEqual((first.state, second.state), ("refused", "taken"))
        self.assertIn("/data/approval/record_url is no https address. Give one.", first.answer)
        first.action_again()
        self.post(TAKEN)
        self.assertEqual(first.state, "taken")

    def test_a_wrong_secret_loses_nothing(self):
        (event,) = self.emit("a")
        self.post(UNSIGNED)
        self.assertEqual((event.state, event.answer), ("waiting", "401 The signature does not prove who sent this"))

    def test_nobody_there_loses_nothing(self):
        (event,) = self.emit("a")
        with patch(POST, side_effect=requests.ConnectionError):
            self.events._post_batch()
        self.assertEqual((event.state, event.attempts), ("waiting", 1))

    def test_after_a_week_it_is_given_up(self):
        (event,) = self.emit("a")
        self.env.flush_all()
        self.env.cr.execute("update postroom_event set create_date = create_date - interval '8 days'")
        event.invalidate_recordset()
        self.post(AWAY)
        self.assertEqual(event.state, "dead")

    def test_of_what_was_taken_only_the_key_is_kept(self):
        (event,) = self.emit("a")
        self.post(TAKEN)
        self.env.cr.execute("update postroom_event set create_date = create_date - interval '31 days'")
        event.invalidate_recordset()
        self.events._gc()
        self.assertEqual(event.data, "{}")
        self.assertFalse(self.emit("a")[0])


@tagged("post_install", "-at_install")
class TestProducers(EventCase):
    """What Odoo tells by itself, where the application is installed."""

    def needs(self, model):
        if model not in self.env:
            self.skipTest(f"{model} is not installed")
        return self.env[model]

    def customer(self):
        return self.env["res.partner"].create({"name": "Marta Ruiz", "email": "marta@example.com", "lang": "en_US"})

    def product(self):
        return self.env["product.product"].create({"name": "Cable", "list_price": 10.0, "type": "service"})

    def test_a_confirmed_sale_is_told_to_its_customer(self):
        line = [(0, 0, {"product_id": self.product().id, "product_uom_qty": 2})] if "sale.order" in self.env else []
        order = self.needs("sale.order").create({"partner_id": self.customer().id, "order_line": line})
        order.action_confirm()
        data = json.loads(self.told("odoo.sale.order_confirmed").data)
        self.assertEqual(data["order"]["number"], order.name)
        self.assertEqual(data["order"]["lines"][0]["quantity"], "2")
        self.assertTrue(data["order"]["portal_url"].startswith("https://erp.example.com/my/orders/"))
        self.assertEqual(data["recipient"]["email"], "marta@example.com")

    def test_a_sale_that_is_taken_back_in_the_same_moment_is_not_told(self):
        orders = self.needs("sale.order")
        order = orders.create({"partner_id": self.customer().id})
        order.write({"state": "sale"})
        order.write({"state": "draft"})
        self.assertFalse(self.told("odoo.sale.order_confirmed"))

    def test_a_purchase_above_the_limit_asks_a_manager_but_never_who_bought(self):
        orders = self.needs("purchase.order")
        self.env.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 1.0})
        company = {"company_id": self.env.company.id, "company_ids": [(6, 0, self.env.company.ids)]}
        self.env["res.users"].search([("id", ">", 2)]).write({"active": False})  # five are asked at most
        manager = new_test_user(self.env, "postroom-pm", "purchase.group_purchase_manager", **company)
        buyer = new_test_user(self.env, "postroom-buyer", "purchase.group_purchase_user", **company)
        line = {"name": "Cable", "product_id": self.product().id, "product_qty": 1, "price_unit": 500.0}
        order = orders.create({
            "partner_id": self.customer().id, "user_id": buyer.id, "order_line": [(0, 0, line)],
        })  # fmt: skip
        order.with_user(buyer).button_confirm()
        self.assertEqual(order.state, "to approve")
        asked = [json.loads(event.data) for event in self.told("odoo.approval.requested")]
        people = [data["recipient"]["user_id"] for data in asked]
        self.assertIn(manager.id, people)
        self.assertNotIn(buyer.id, people)
        approval = asked[0]["approval"]
        self.assertEqual((approval["model"], approval["requester_id"]), ("purchase.order", buyer.id))
        self.assertEqual(approval["revision"], str(order.write_date)[:19])

    def invoice(self, **values):
        line = {"name": "Cable", "quantity": 1, "price_unit": 100.0, "tax_ids": [(5,)]}
        move = self.needs("account.move").create({
            "move_type": "out_invoice", "partner_id": self.customer().id, "invoice_date": "2026-01-05",
            "invoice_line_ids": [(0, 0, line)], **values,
        })  # fmt: skip
        move.action_post()
        return move

    def test_a_posted_invoice_is_told_to_its_customer(self):
        move = self.invoice()
        data = json.loads(self.told("odoo.invoice.posted").data)
        self.assertEqual((data["invoice"]["number"], data["invoice"]["amount_total"]), (move.name, "100.00"))
        self.assertTrue(data["invoice"]["portal_url"].startswith("https://erp.example.com/my/invoices/"))

    def test_an_overdue_invoice_is_told_once_for_each_due_date_and_not_when_paid(self):
        self.env["ir.config_parameter"].set_param("postroom_connector.reminders", "True")
        move = self.invoice(invoice_date_due="2026-01-20")
        paid = self.invoice(invoice_date_due="2026-01-21")
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=paid.ids).create(
            {}
        ).action_create_payments()
        for _day in range(2):
            self.env["postroom.overdue"]._tell_of_overdue()
        mine = self.told("odoo.invoice.payment_reminder").filtered(lambda event: event.res_id in (move + paid).ids)
        self.assertEqual(mine.mapped("res_id"), move.ids)
        self.assertEqual(json.loads(mine.data)["invoice"]["due_date"], "2026-01-20")
        self.assertEqual(mine.company_id, move.company_id)

    def test_a_leave_asks_the_manager(self):
        leaves = self.needs("hr.leave")
        manager, asking = (new_test_user(self.env, f"postroom-{name}", "base.group_user") for name in ("boss", "tired"))
        employee = self.env["hr.employee"].create({
            "name": "Tired", "user_id": asking.id, "leave_manager_id": manager.id,
        })  # fmt: skip
        kind = self.env["hr.leave.type"].create({
            "name": "Day off", "requires_allocation": self.no_allocation(), "leave_validation_type": "manager",
        })  # fmt: skip
        leave = leaves.create({
            "employee_id": employee.id, "holiday_status_id": kind.id,
            "request_date_from": "2027-03-01", "request_date_to": "2027-03-02",
        })  # fmt: skip
        asked = [json.loads(event.data) for event in self.told("odoo.approval.requested")]
        self.assertEqual([data["recipient"]["user_id"] for data in asked], manager.ids)
        self.assertEqual((asked[0]["approval"]["id"], asked[0]["approval"]["requester_id"]), (leave.id, asking.id))

    def no_allocation(self):
        """A selection in some versions, a switch in others."""
        return "no" if self.env["hr.leave.type"]._fields["requires_allocation"].type == "selection" else False

    def test_an_expense_that_is_handed_in_asks_the_manager(self):
        expenses = self.needs("hr.expense")
        manager = new_test_user(self.env, "postroom-boss", "base.group_user,hr_expense.group_hr_expense_team_approver")
        asking = new_test_user(self.env, "postroom-spender", "base.group_user")
        employee = self.env["hr.employee"].create({
            "name": "Spender", "user_id": asking.id, "expense_manager_id": manager.id,
        })  # fmt: skip
        product = self.product()
        product.write({"can_be_expensed": True, "standard_price": 0.0})
        expense = expenses.create({
            "name": "Taxi", "employee_id": employee.id, "product_id": product.id, "total_amount_currency": 25.0,
            "payment_mode": "own_account",
        })  # fmt: skip
        if hasattr(expense, "action_submit"):
            expense.action_submit()
        else:
            self.env["hr.expense.sheet"].create({
                "name": "Taxi", "employee_id": employee.id, "expense_line_ids": [(6, 0, expense.ids)],
            }).action_submit_sheet()  # fmt: skip
        asked = [json.loads(event.data) for event in self.told("odoo.approval.requested")]
        self.assertEqual([data["recipient"]["user_id"] for data in asked], manager.ids)
        self.assertEqual(asked[0]["approval"]["description"], "Taxi")

    def test_a_delivery_that_is_done_is_told_to_its_customer(self):
        if "stock.picking" not in self.env or "sale_id" not in self.env["stock.picking"]._fields:
            self.skipTest("deliveries of orders are not installed")
        product = self.env["product.product"].create({"name": "Cable", "type": "consu", "list_price": 10.0})
        order = self.env["sale.order"].create({
            "partner_id": self.customer().id, "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 2})],
        })  # fmt: skip
        order.action_confirm()
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 2, "picked": True})
        picking.with_context(skip_sms=True).button_validate()
        self.assertEqual(picking.state, "done")
        data = json.loads(self.told("odoo.delivery.updated").data)
        self.assertEqual((data["delivery"]["number"], data["delivery"]["order_number"]), (picking.name, order.name))
