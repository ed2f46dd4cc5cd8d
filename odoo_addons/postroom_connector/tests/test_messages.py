"""What became of Postroom's messages: noted for Postroom's user, and only forward."""

from odoo.tests import TransactionCase, new_test_user, tagged

from ..exceptions import NotAllowed


@tagged("post_install", "-at_install")
class TestMessages(TransactionCase):
    """One message about a contact."""

    def note(self, user, state):
        return self.env["postroom.message"].with_user(user).set_status(
            key="m-1", model="res.partner", res_id=self.env.user.partner_id.id, message_type="payment_reminder",
            channel="sms", state=state, at="2026-11-23 02:00:00",
        )  # fmt: skip

    def test_a_state_only_moves_forward(self):
        bridge = new_test_user(self.env, "postroom-bridge", "base.group_user,postroom_connector.group_bridge")
        stands = [self.note(bridge, state) for state in ("queued", "delivered", "sent", "delivered", "read")]
        self.assertEqual(stands, ["queued", "delivered", "delivered", "delivered", "read"])
        self.assertEqual(self.env["postroom.message"].search_count([("key", "=", "m-1")]), 1)

    def test_nobody_else_notes_states(self):
        with self.assertRaises(NotAllowed):
            self.note(new_test_user(self.env, "postroom-other", "base.group_user"), "read")
