"""What became of Postroom's messages: noted for Postroom's user, only forward, and shown on the record."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..exceptions import NotAllowed


@tagged("post_install", "-at_install")
class TestMessages(TransactionCase):
    """One message about a contact."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bridge = new_test_user(cls.env, "postroom-bridge", "base.group_user,postroom_connector.group_bridge")
        cls.person = new_test_user(cls.env, "postroom-person", "base.group_user")
        cls.contact = cls.env["res.partner"].create({"name": "Marta Ruiz"})

    def note(self, user, state, key="m-1", record=None):
        record = record or self.contact
        return self.env["postroom.message"].with_user(user).set_status(
            key=key, model=record._name, res_id=record.id, message_type="payment_reminder",
            channel="sms", state=state, at="2026-11-23 02:00:00",
        )  # fmt: skip

    def test_a_state_only_moves_forward(self):
        stands = [self.note(self.bridge, state) for state in ("queued", "delivered", "sent", "delivered", "read")]
        self.assertEqual(stands, ["queued", "delivered", "delivered", "delivered", "read"])
        self.assertEqual(self.env["postroom.message"].search_count([("key", "=", "m-1")]), 1)

    def test_nobody_else_notes_states(self):
        with self.assertRaises(NotAllowed):
            self.note(self.person, "read")

    def test_a_record_shows_its_messages_to_whoever_sees_the_record(self):
        self.note(self.bridge, "sent")
        self.note(self.bridge, "failed", key="m-2")
        self.note(self.bridge, "read", key="m-3", record=self.person.partner_id)
        contact = self.contact.with_user(self.person)
        self.assertEqual(contact.postroom_messages, 2)
        action = contact.action_postroom_messages()
        shown = self.env[action["res_model"]].with_user(self.person).search(action["domain"])
        self.assertEqual(sorted(shown.mapped("state")), ["failed", "sent"])
        self.assertIn("action_postroom_messages", contact.get_view(view_type="form")["arch"])

    def test_nobody_is_shown_the_messages_of_what_he_may_not_see(self):
        hidden = self.env["mail.blacklist"].create({"email": "marta@example.com"})
        with self.assertRaises(AccessError):
            hidden.with_user(self.person).action_postroom_messages()

    def test_administrators_see_what_is_of_their_companies(self):
        other = self.env["res.company"].create({"name": "Another"})
        administrator = new_test_user(
            self.env, "postroom-admin", "base.group_user,postroom_connector.group_administrator"
        )
        self.note(self.bridge, "sent")
        self.note(self.bridge, "sent", key="m-2", record=self.env["res.partner"].create({
            "name": "Theirs", "company_id": other.id,
        }))  # fmt: skip
        seen = self.env["postroom.message"].with_user(administrator).search([("key", "in", ("m-1", "m-2"))])
        self.assertEqual(seen.mapped("key"), ["m-1"])
