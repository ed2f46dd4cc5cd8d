"""The business behind the messages: its templates, its reminders, its mails."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from uuid import UUID, uuid5

import requests

from sandbox.testing import SECRET, Running

SPACE = UUID("7c1d3b0e-5f0a-4c55-9a1c-0e8f4d6a2b11")

REMINDERS = {
    "en": "Hello {{name}}, invoice {{number}} for {{amount}} is due on {{due}}. You can pay it online.",
    "es": "Hola, {{name}}: la factura {{number}} por {{amount}} vence el {{due}}. Puede pagarla en línea.",
    "ar": "مرحبا {{name}}، فاتورتكم رقم {{number}} بمبلغ {{amount}} تستحق يوم {{due}}. يمكنكم الدفع عبر الإنترنت.",
}
BUTTONS = {"en": ("Pay now", "I have paid"), "es": ("Pagar ahora", "Ya he pagado"), "ar": ("ادفع الآن", "لقد دفعت")}


def register(sandbox: Running, language: str) -> None:
    """Put the reminder before Meta in one language."""
    sample = [{"param_name": name, "example": "x"} for name in ("name", "number", "amount", "due")]
    pay, paid = BUTTONS[language]
    link = {"type": "URL", "text": pay, "url": "https://erp.example.com/{{1}}", "example": ["my/invoices/1"]}
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": REMINDERS[language], "example": {"body_text_named_params": sample}},
        {"type": "FOOTER", "text": "Acme Iberia SL"},
        {"type": "BUTTONS", "buttons": [link, {"type": "QUICK_REPLY", "text": paid}]},
    ]
    answer = requests.post(
        f"{sandbox.url}/v23.0/200000000000001/message_templates",
        json={
            "name": "payment_reminder",
            "language": language,
            "category": "UTILITY",
            "parameter_format": "NAMED",
            "components": components,
        },
        headers={"Authorization": f"Bearer {SECRET}"},
        timeout=5,
    )
    assert answer.ok, answer.text


def remind(sandbox: Running, to: str, language: str, *values: str) -> str:
    """Send a reminder; its wamid."""
    named = zip(("name", "number", "amount", "due"), values, strict=True)
    body = [{"type": "text", "parameter_name": name, "text": value} for name, value in named]
    components = [
        {"type": "body", "parameters": body},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "my/invoices/88"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "1",
            "parameters": [{"type": "payload", "payload": f"paid:{values[1]}"}],
        },
    ]
    answer = sandbox.send(
        {
            "messaging_product": "whatsapp",
            "to": to,
            "type": "template",
            "template": {"name": "payment_reminder", "language": {"code": language}, "components": components},
            "biz_opaque_callback_data": str(uuid5(SPACE, to + values[1])),
        }
    )
    assert answer.ok, answer.text
    return str(answer.json()["messages"][0]["id"])


def write_mail(sandbox: Running, name: str, to: str, subject: str, amount: str, html: str = "") -> str:
    """Send a mail; its Message-ID."""
    attempt = uuid5(SPACE, to + subject)
    mail = EmailMessage()
    mail["From"] = "Acme Iberia SL <billing@acme.example>"
    mail["Reply-To"] = "billing@acme.example"
    mail["To"] = f"{name} <{to}>"
    mail["Subject"] = subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{attempt}@post.acme.example>"
    mail["X-Postroom-Attempt"] = str(attempt)
    mail.set_content(f"Hello {name},\n\n{subject}: {amount}.\n\nAcme Iberia SL\n")
    mail.add_alternative(html or MAIL.format(name=name, subject=subject, amount=amount), subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail, from_addr=f"bounce+{attempt.hex}@post.acme.example", to_addrs=[to])
    return f"<{attempt}@post.acme.example>"


MAIL = """<!doctype html><html lang="en"><head><title>{subject}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 28px; color: #1d2433 }}
h1 {{ font-size: 20px; margin: 0 0 12px }} .sum {{ font-size: 28px; font-weight: 650; margin: 18px 0 }}
a {{ display: inline-block; background: #0c6350; color: #fff; padding: 10px 20px }}
</style></head><body><h1>{subject}</h1><p>Hello {name}, here is what you need to know.</p><p class="sum">{amount}</p>
<a href="https://erp.example.com/my/invoices/88">Open it online</a></body></html>"""
