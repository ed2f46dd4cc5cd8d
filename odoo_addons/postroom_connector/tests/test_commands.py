"""Commands that Postroom signs: whom they are believed, and that each is carried out once, in the person's rights."""

import json
import time

from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..exceptions import NotAllowed, NotSigned, RecordChanged
from ..signing import new_secret, signature


@tagged("post_install", "-at_install")
class TestCommands(TransactionCase):
    """A contact's website is what may be written here: contacts are in every Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = new_secret()
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param("postroom_connector.command_secret", cls.secret)
        cls.bridge = new_test_user(cls.env, "postroom-bridge", "base.group_user,postroom_connector.group_bridge")
        cls.person = new_test_user(cls.env, "postroom-person", "base.group_user,base.group_partner_manager")
        cls.colleague = new_test_user(cls.env, "postroom-colleague", "base.group_user")
        cls.portal = new_test_user(cls.env, "postroom-portal", "base.group_portal")
        cls.contact = cls.env["res.partner"].create({"name": "Marta Ruiz", "website": "http://old.example.com"})
        cls.env["postroom.allowed.method"].create({
            "model": "res.partner", "method": "write", "fields_allowed": "website, ref",
        })  # fmt: skip

    def command(self, **changes):
        return {
            "key": "k-1",
            "database": self.parameters.get_param("database.uuid"),
            "uid": self.person.id,
            "model": "res.partner",
            "id": self.contact.id,
            "method": "write",
            "arguments": {"vals": {"website": "http://new.example.com"}},
            "expected_revision": None,
            "watch": ["website", "no_such_field"],
            **changes,
        }

    def execute(self, age=0, secret=None, user=None, **changes):
        command = self.command(**changes)
        body, timestamp = json.dumps(command), int(time.time()) - age
        signed = signature(secret or self.secret, command["key"], timestamp, body)
        connector = self.env["postroom.connector"].with_user(user or self.bridge)
        return connector.execute_as(body=body, timestamp=timestamp, signature=signed)

    def refused(self, fault, **changes):
        with self.assertRaises(fault):
            self.execute(**changes)
        self.assertEqual(self.contact.website, "http://old.example.com")
        self.assertFalse(self.env["postroom.command"].search([("key", "=", "k-1")]))

    def test_a_command_is_carried_out_in_the_persons_name(self):
        answer = self.execute()
        self.assertEqual(answer["before"], {"website": "http://old.example.com"})
        self.assertEqual(answer["after"], {"website": "http://new.example.com"})
        self.assertEqual(self.contact.write_uid, self.person)
        self.assertFalse(answer["replayed"])

    def test_a_repeat_is_answered_and_changes_nothing(self):
        first = self.execute()
        self.contact.website = "http://later.example.com"
        again = self.execute()
        self.assertEqual(again, {**first, "replayed": True})
        self.assertEqual(self.contact.website, "http://later.example.com")

    def test_a_key_never_names_two_commands(self):
        self.execute()
        with self.assertRaises(NotAllowed):
            self.execute(arguments={"vals": {"ref": "x"}})
        self.assertFalse(self.contact.ref)

    def test_what_changed_since_the_question_is_not_decided(self):
        self.refused(RecordChanged, expected_revision="2020-01-01 00:00:00")
        self.execute(expected_revision=str(self.contact.write_date)[:19])

    def test_only_the_bridge_may_bring_commands(self):
        self.refused(NotAllowed, user=self.person)

    def test_only_what_is_signed_lately_for_this_database_is_believed(self):
        self.refused(NotSigned, secret=new_secret())
        self.refused(NotSigned, age=360)
        self.refused(NotSigned, age=-360)
        self.refused(NotSigned, database="another")

    def test_both_secrets_hold_while_one_is_rotated(self):
        self.parameters.set_param("postroom_connector.command_secret", f"{new_secret()} {self.secret}")
        self.assertFalse(self.execute()["replayed"])

    def test_nobody_is_believed_where_no_secret_is_set(self):
        self.parameters.set_param("postroom_connector.command_secret", False)
        self.refused(NotSigned)

    def test_only_listed_methods_and_fields(self):
        self.refused(NotAllowed, method="unlink", arguments={})
        self.refused(NotAllowed, arguments={"vals": {"website": "http://x.example.com", "name": "x"}})
        self.refused(NotAllowed, arguments={"vals": {"website": "http://x.example.com"}, "reason": "x"})

    def test_methods_that_are_nobodys_to_call_cannot_be_listed(self):
        for method, listed in (("_write", False), ("unlink", False), ("write", False)):
            with self.assertRaises(ValidationError):
                self.env["postroom.allowed.method"].create({
                    "model": "res.users", "method": method, "fields_allowed": listed,
                })  # fmt: skip

    def test_nobody_is_spoken_for_who_does_not_work_here(self):
        for user in (self.portal, self.bridge, self.env.ref("base.user_root")):
            self.refused(NotAllowed, uid=user.id)
        self.refused(NotAllowed, uid=2**31 - 1)
        self.person.active = False
        self.refused(NotAllowed)

    def test_what_he_may_not_do_himself_is_not_done_for_him(self):
        self.refused(AccessError, uid=self.colleague.id)

    def test_a_record_that_is_gone(self):
        self.refused(MissingError, id=2**31 - 1)
