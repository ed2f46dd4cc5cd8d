"""Messages of every channel as the stand-ins keep them, in a journal that a sandbox starts from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.channels import Channel
from sandbox.journal import Journal
from sandbox.messages import Attachment, Button, Fact, Mail, Message
from sandbox.people import Person

NOW = datetime.now(UTC).replace(microsecond=0)
PDF = Attachment("INV-2026-00088.pdf", "application/pdf", "https://erp.example.com/invoice/88.pdf", 48_213)
RECEIVERS = {
    Channel.WHATSAPP: "34600111222",
    Channel.SMS: "34600111222",
    Channel.SLACK: "U0MARTA01",
    Channel.TEAMS: "5f0c9f0e-3c55-4c1b-9a39-0d1d5a3f7a11",
    Channel.EMAIL: "marta@example.com",
    Channel.ODOO: "user:7",
}
MARTA = Person("0a1b2c3d4e5f", "Marta Ruiz", RECEIVERS)
MACHINE = Person("f0e1d2c3b4a5", "", {Channel.CALLBACK: "https://erp.example.com/postroom/callback"})

APPROVE = (
    Button("Approve", payload="approve", style="primary"),
    Button("Reject", payload="reject", style="danger"),
    Button("Open in Odoo", url="https://erp.example.com/odoo/purchase/42"),
)


def at(minutes_ago: float) -> datetime:
    return NOW - timedelta(minutes=minutes_ago)


def message(channel: Channel, minutes_ago: float, text: str, **more: Any) -> Message:
    given = {"id": f"{channel}-{minutes_ago:g}", "channel": channel, "address": RECEIVERS.get(channel, "")}
    return Message(**{**given, "at": at(minutes_ago), "text": text, "told": "delivered", "opened": True, **more})


WHATSAPP = (
    message(
        Channel.WHATSAPP,
        58,
        "Hola, Marta: la factura *INV/2026/00088* por 1.250,00 € vence el 30 de noviembre de 2026. "
        "Puede pagarla en línea.",
        kind="template",
        footer="Acme Iberia SL",
        language="es",
        told="read",
        attachments=(PDF,),
        buttons=(
            Button("Pagar ahora", url="https://erp.example.com/my/invoices/88"),
            Button("Ya he pagado", payload="paid"),
        ),
        raw={"to": "+34600111222", "type": "template", "template": {"name": "payment_reminder"}},
    ),
    message(Channel.WHATSAPP, 56, "¿Me pueden enviar otra copia?", from_person=True),
)
SMS = (
    message(
        Channel.SMS,
        44,
        "Acme: your order S00017 is on its way and arrives tomorrow between 9 and 12. "
        "Follow it: https://erp.example.com/t/9f2k Reply STOP to hear no more by SMS.",
        segments=2,
        raw={"To": "+34600111222", "From": "+15550002222"},
    ),
    message(Channel.SMS, 43, "Perfect, thanks!", from_person=True),
)
SLACK = (
    message(
        Channel.SLACK,
        31,
        "<@U0MARTA01>, *Joan Pons* asks you to approve a purchase above his limit of 5,000 €.\n"
        "_Vendor:_ Cables &amp; Más, see <https://erp.example.com/odoo/purchase/42|P00042>.",
        title="Approval needed: P00042",
        fields=(
            Fact("Amount", "*7,480.00 €*"),
            Fact("Requested by", "Joan Pons"),
            Fact("Needed by", "24 November 2026"),
            Fact("Cost centre", "Warehouse `W-2`"),
        ),
        footer="Escalates to Ana Vidal in 2 hours",
        buttons=APPROVE,
        receipts=False,
        edited=at(30),
        raw={"channel": "D0MARTA01", "text": "Approval needed", "blocks": [{"type": "header"}], "unfurl_links": False},
    ),
    message(Channel.SLACK, 29, "Is this the one we talked about on Monday?", from_person=True, context="slack-31"),
)
TEAMS = (
    message(
        Channel.TEAMS,
        20,
        "Only **3 pieces** of *Cable 3 m* are left; sales of the last week were 41. See "
        r"[the forecast](https://erp.example.com/forecast) for WH\_Main.",
        title="Stock runs out: Cable 3 m",
        fields=(Fact("Product", "CBL-3M"), Fact("On hand", "3"), Fact("Days left", "0.5"), Fact("Supplier", "Cables")),
        buttons=(
            Button("Order now", payload="order", style="primary"),
            Button("Not now", payload="snooze"),
            Button("Open in Odoo", url="https://erp.example.com/odoo/stock/9"),
        ),
        told="read",
        pressed="Order now",
        raw={"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Stock runs out"}]},
    ),
)
LETTER = """<!doctype html><html lang="en"><head><title>Invoice</title><style>
body { font: 16px/1.5 system-ui; margin: 0; padding: 24px; color: #1d2433 } h1 { font-size: 20px; margin: 0 0 8px }
.sum { font-size: 28px; font-weight: 650; margin: 14px 0 }
a { display: inline-block; background: #0c6350; color: #fff; padding: 10px 20px; border-radius: 6px }
</style></head><body><h1>Invoice INV/2026/00088</h1><p>Hello Marta, here is your invoice for November.</p>
<p class="sum">1,250.00 €</p><a href="https://erp.example.com/my/invoices/88">Open it online</a></body></html>"""
EMAIL = (
    message(
        Channel.EMAIL,
        12,
        "Hello Marta, here is your invoice for November: 1,250.00 €.",
        kind="mail",
        receipts=False,
        attachments=(PDF,),
        mail=Mail(
            subject="Invoice INV/2026/00088 for November",
            sender="Acme Iberia SL <billing@acme.example>",
            envelope_from="bounce+0198c0de000070008000000000000001@post.acme.example",
            html=LETTER,
            headers=(("From", "Acme Iberia SL <billing@acme.example>"), ("Subject", "Invoice INV/2026/00088")),
            reply_to="billing@acme.example",
        ),
    ),
)
ODOO = (
    message(
        Channel.ODOO,
        6,
        "Sales are 12 % above last week. Two invoices fall due today, and one delivery is late.",
        title="Your morning digest",
        fields=(Fact("Orders", "17"), Fact("Revenue", "12,480.00 €"), Fact("Late deliveries", "1")),
        buttons=(Button("Open the dashboard", url="https://erp.example.com/odoo/dashboard"),),
        receipts=False,
        opened=False,
        raw={"model": "res.users", "method": "message_notify", "args": [[7]]},
    ),
)
CALLBACK = (
    message(
        Channel.CALLBACK,
        3,
        "",
        id="callback-1",
        address="https://erp.example.com/postroom/callback",
        raw={
            "type": "postroom.message.delivered",
            "data": {"message": "0198c0de-0000-7000-8000-000000000001", "channel": "sms", "attempts": 1, "ok": True},
        },
    ),
)
EVERYTHING = (*WHATSAPP, *SMS, *SLACK, *TEAMS, *EMAIL, *ODOO, *CALLBACK)


def write_journal(path: Path) -> Path:
    """A journal with one conversation over every channel."""
    journal = Journal(path)
    journal.start_over(iter((MARTA, MACHINE, *EVERYTHING)))
    journal.close()
    return path
