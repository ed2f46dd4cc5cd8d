"""A writer is killed between what Odoo did and our record of it: the words stand there once, and we know it."""

from typing import Any

from tests.faults.crowd import in_odoo
from tests.faults.news import News, payment_reminder, said
from tests.faults.patience import eventually
from tests.faults.scene import Scene

INVOICE = 88
"""One that the stand-in has from the beginning."""
SAID = [["body", "ilike", "I paid yesterday"]]


def test_a_reply_whose_writer_is_killed_after_odoo_took_it_stands_on_its_invoice_once(scene: Scene):
    news = about(INVOICE)
    scene.post(news)
    scene.leg_in(news, "delivered", "read")
    restarts = scene.house.process("odoo").restarts

    with scene.armed("write_back.acted=kill"):
        assert scene.post_webhook(said(news, "I paid yesterday")) == 200

    writing = eventually(lambda: written(scene), within=40, what="the reply is recorded as written")
    assert scene.house.process("odoo").restarts > restarts
    assert (writing.kind, writing.subject, writing.attempts) == ("chatter", f"account.move:{INVOICE}", 2)
    assert [message["res_id"] for message in in_odoo(scene, "mail.message", SAID, "res_id")] == [INVOICE]


def about(invoice: int) -> News:
    """A reminder of an invoice that Odoo knows."""
    news = payment_reminder()
    news.event["data"]["invoice"]["id"] = invoice
    return news


def written(scene: Scene) -> Any:
    """The writing, once it is done; one that ended otherwise is a failure."""
    [row] = scene.ask("select kind, subject, state, attempts, code, detail from outbox where kind = 'chatter'")
    assert row.state in ("waiting", "done"), f"{row.code}: {row.detail}"
    return row if row.state == "done" else None
