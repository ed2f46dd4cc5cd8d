"""The mail stand-in, over real SMTP; what comes back, over real HTTP."""

import base64
import email
import re
import smtplib
import time
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from sandbox.testing import SECRET, Running, eventually

DOMAIN = "post.acme.example"
KEY = "whsec_" + base64.b64encode(SECRET.encode()).decode()


def letter(attempt: UUID, to: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    base = {
        "From": "Acme <billing@acme.example>",
        "Reply-To": "answers@acme.example",
        "To": f"Márta Ruiz <{to}>",
        "Subject": "Factura número 1",
        "Date": formatdate(),
        "Message-ID": f"<{attempt}@{DOMAIN}>",
    }
    for name, value in {**base, **headers}.items():
        mail[name] = value
    mail.set_content("Hola, Márta\n")
    mail.add_alternative("<p>Hola, <b>Márta</b></p>", subtype="html")
    return mail


def send(sandbox: Running, mail: EmailMessage, to: str, attempt: UUID) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail, from_addr=f"bounce+{attempt.hex}@{DOMAIN}", to_addrs=[to])


def deliver(sandbox: Running, to: str = "marta@example.com") -> UUID:
    attempt = uuid4()
    send(sandbox, letter(attempt, to), to, attempt)
    return attempt


def refusal(sandbox: Running, to: str) -> tuple[int, str]:
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        deliver(sandbox, to)
    return refused.value.smtp_code, refused.value.smtp_error.decode()[:5]


def came_back(sandbox: Running) -> tuple[Any, EmailMessage]:
    [posted] = eventually(sandbox.door.mails, "a mail that comes back")
    Webhook(KEY).verify(posted.body, dict(posted.headers), json_parse=False)
    mail = email.message_from_bytes(posted.body, policy=default)
    assert isinstance(mail, EmailMessage)
    return posted, mail


def test_a_mail_is_kept_as_its_reader_sees_it(sandbox: Running) -> None:
    attempt = deliver(sandbox)
    [message] = sandbox.get("messages", recipient="marta@example.com")["messages"]
    assert message["mail"]["subject"] == "Factura número 1"
    assert message["text"] == "Hola, Márta\n"
    assert message["mail"]["html"] == "<p>Hola, <b>Márta</b></p>\n"
    assert sandbox.get("messages")["people"][0]["name"] == "Márta Ruiz"
    witnessed = sandbox.get("requests", key=f"<{attempt}@{DOMAIN}>")
    assert [(r["outcome"], r["status"]) for r in witnessed["requests"]] == [("accepted", 250)]


@pytest.mark.parametrize(
    ("mailbox", "code", "status"),
    [
        ("nobody", 550, "5.1.1"),
        ("full", 552, "5.2.2"),
        ("too-big", 552, "5.3.4"),
        ("blocked", 554, "5.7.1"),
        ("busy", 421, "4.3.2"),
        ("marta+nobody", 550, "5.1.1"),
        ("NOBODY", 550, "5.1.1"),
    ],
)
def test_a_mailbox_refuses_as_its_name_says(sandbox: Running, mailbox: str, code: int, status: str) -> None:
    assert refusal(sandbox, f"{mailbox}@example.com") == (code, status)
    assert sandbox.get("messages")["count"] == 0
    assert sandbox.get("requests")["requests"][0]["outcome"] == "faulted"


def test_a_greylisted_mail_is_taken_the_second_time(sandbox: Running) -> None:
    assert refusal(sandbox, "greylist@example.com") == (451, "4.7.1")
    deliver(sandbox, "greylist@example.com")
    assert sandbox.get("messages")["count"] == 1


@pytest.mark.parametrize(("mailbox", "arrived", "outcome"), [("dropped", 1, "dropped"), ("lost", 0, "faulted")])
def test_a_connection_drops_after_the_message(sandbox: Running, mailbox: str, arrived: int, outcome: str) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected):
        deliver(sandbox, f"{mailbox}@example.com")
    assert sandbox.get("messages")["count"] == arrived
    assert sandbox.get("requests")["requests"][0]["outcome"] == outcome


def test_a_fault_on_request_strikes_one_mailbox(sandbox: Running) -> None:
    sandbox.post("faults", channel="email", kind="nobody", recipient="Marta@Example.com")
    deliver(sandbox, "tom@example.com")
    assert refusal(sandbox, "marta@example.com") == (550, "5.1.1")
    deliver(sandbox, "marta@example.com")


def test_a_slow_server_is_slow(sandbox: Running) -> None:
    sandbox.post("faults", channel="email", kind="slow", seconds=0.5)
    begun = time.monotonic()
    deliver(sandbox)
    assert time.monotonic() - begun >= 0.5


@pytest.mark.parametrize(
    ("mailbox", "action", "status"),
    [("bounce", "failed", "5.1.1"), ("bounce-full", "failed", "5.2.2"), ("bounce-later", "delayed", "4.4.1")],
)
def test_a_bounce_is_a_delivery_status_notification(sandbox: Running, mailbox: str, action: str, status: str) -> None:
    attempt = deliver(sandbox, f"{mailbox}@example.com")

    posted, mail = came_back(sandbox)

    assert posted.headers["Content-Type"] == "message/rfc822"
    assert posted.headers["X-Envelope-To"] == f"bounce+{attempt.hex}@{DOMAIN}"
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    words, about, original = mail.iter_parts()
    assert words.get_content_type() == "text/plain"
    _, recipient = about.get_payload()
    assert (recipient["Action"], recipient["Status"]) == (action, status)
    assert recipient["Final-Recipient"] == f"rfc822; {mailbox}@example.com"
    assert f"Message-ID: <{attempt}@{DOMAIN}>" in original.get_content()


def test_a_bounced_mail_is_marked_once_the_door_knows(sandbox: Running) -> None:
    deliver(sandbox, "bounce@example.com")
    eventually(lambda: sandbox.get("messages")["messages"][0]["bounced"] == "5.1.1", "the mark")
    deliver(sandbox, "bounce-later@example.com")
    eventually(lambda: len(sandbox.door.mails()) == 2, "the delay notice")
    assert sandbox.get("messages")["messages"][1]["bounced"] is None


def test_a_reply_threads_and_goes_to_the_reply_address(sandbox: Running) -> None:
    attempt = deliver(sandbox)
    sandbox.post("reply", message_id=f"<{attempt}@{DOMAIN}>", text="Ya está pagada. ¡Gracias!")

    posted, mail = came_back(sandbox)

    assert posted.headers["X-Envelope-To"] == "answers@acme.example"
    assert mail["In-Reply-To"] == f"<{attempt}@{DOMAIN}>"
    assert mail["References"] == f"<{attempt}@{DOMAIN}>"
    assert mail["Subject"] == "Re: Factura número 1"
    assert "marta@example.com" in mail["From"]
    assert mail["Auto-Submitted"] is None
    assert mail.get_content().startswith("Ya está pagada. ¡Gracias!")
    assert posted.body.isascii()


def test_an_automatic_answer_says_that_it_is_one(sandbox: Running) -> None:
    attempt = deliver(sandbox, "out-of-office@example.com")
    posted, mail = came_back(sandbox)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert posted.headers["X-Envelope-To"] == f"bounce+{attempt.hex}@{DOMAIN}"


def test_the_signature_fails_on_any_other_byte(sandbox: Running) -> None:
    deliver(sandbox, "bounce@example.com")
    posted, _ = came_back(sandbox)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(posted.body + b" ", dict(posted.headers), json_parse=False)


def test_a_poor_mail_is_refused_with_every_fault(sandbox: Running) -> None:
    mail = EmailMessage()
    mail["From"] = "a@b.example"
    mail["Precedence"] = "bulk"
    mail.set_content("x")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.ehlo()
        smtp.mail("a@b.example")
        smtp.rcpt("c@d.example")
        code, words = smtp.data(mail.as_bytes())
    assert code == 554
    places = ("MAIL FROM", "Message-ID", "Date", "To", "Subject", "Content-Type", "List-Unsubscribe")
    assert [place for place in places if not re.search(rf"5\.6\.0 {place}:", words.decode())] == []
    assert len(sandbox.get("requests")["requests"][0]["reasons"]) == len(places)


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"List-Unsubscribe": "<https://a.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, True),
        ({"Precedence": "bulk"}, False),
        ({"List-Unsubscribe": "<mailto:u@a.example>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, False),
        ({"List-Unsubscribe": "<http://a.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, False),
        ({"List-Unsubscribe": "<https://a.example/u>"}, False),
    ],
    ids=["not bulk", "one click", "bulk without a way out", "no https link", "plain http", "no one-click header"],
)
def test_bulk_mail_must_offer_one_click(sandbox: Running, headers: dict[str, str], taken: bool) -> None:
    attempt = uuid4()
    mail = letter(attempt, "marta@example.com", **headers)
    if taken:
        send(sandbox, mail, "marta@example.com", attempt)
        return
    with pytest.raises(smtplib.SMTPDataError, match="List-Unsubscribe"):
        send(sandbox, mail, "marta@example.com", attempt)
