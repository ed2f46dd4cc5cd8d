"""Settings: every fault is said at once, and a set-up can be tried before it is used."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ..signing import fault_of, new_secret
from .test_events import POST, UNSIGNED, Door

KNOWS_US = (422, {"title": "x", "errors": [{"pointer": "/type", "detail": "is none of ours"}]}, {})


@tagged("post_install", "-at_install")
class TestSettings(TransactionCase):
    """The settings of an administrator."""

    def settings(self, **values):
        return self.env["res.config.settings"].create(values)

    def test_every_fault_is_said_at_once(self):
        with self.assertRaises(ValidationError) as refused:
            self.settings(postroom_url="post.example.com", postroom_event_secret="whsec_%", postroom_active=True)
        self.assertEqual(len(str(refused.exception).splitlines()), 2)

    def test_missing_secrets_are_made_and_those_that_are_there_stay(self):
        self.env["ir.config_parameter"].set_param("postroom_connector.event_secret", kept := new_secret())
        self.env["ir.config_parameter"].set_param("postroom_connector.command_secret", False)
        self.settings().postroom_new_secrets()
        get = self.env["ir.config_parameter"].get_param
        self.assertEqual(get("postroom_connector.event_secret"), kept)
        self.assertIsNone(fault_of(get("postroom_connector.command_secret")))

    def tried(self, answer, base="https://erp.example.com"):
        self.env["ir.config_parameter"].set_param("web.base.url", base)
        settings = self.settings(postroom_url="https://post.example.com", postroom_event_secret=new_secret())
        with patch(POST, Door(answer)):
            told = settings.postroom_try()["params"]
        return told["type"], told["message"]

    def test_trying_tells_what_came_back(self):
        self.assertEqual(self.tried(KNOWS_US)[0], "success")
        self.assertEqual(self.tried(UNSIGNED), ("danger", "401 The signature does not prove who sent this"))

    def test_trying_tells_that_links_would_be_refused(self):
        kind, words = self.tried(KNOWS_US, base="http://erp.example.com")
        self.assertEqual(kind, "danger")
        self.assertIn("web.base.url", words)
