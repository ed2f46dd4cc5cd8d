"""The channels and the sandbox were written apart, each from the providers' words; here they meet."""

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from postroom.domain.channels import Button, ChannelName, EventKind, ProviderTemplate, Rendered, Verdict
from postroom.domain.safety import Wire
from sandbox.faults import EMAIL, WHATSAPP, Channel
from sandbox.testing import NUMBER_ID, SECRET, Running, running_sandbox
from workers.channels.base import ChannelError
from workers.channels.email import EmailConfig
from workers.channels.registry import build
from workers.channels.whatsapp import WhatsAppConfig

TO = "+34600111222"
MAILBOX = "marta@example.net"
TEMPLATE = Rendered(ChannelName.WHATSAPP, "en_US", "Hello World", template=ProviderTemplate("hello_world", "en_US"))
LETTER = Rendered(ChannelName.EMAIL, "en", "Dear Marta,\nit is due.\n", subject="Invoice 88", html="<p>It is due.</p>")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def sandbox(running: Running) -> Running:
    running.post("reset")
    time.sleep(0.1)
    running.door.posted.clear()
    return running


@pytest.fixture
def whatsapp(sandbox: Running) -> Iterator[Any]:
    config = WhatsAppConfig(sandbox.url, "v23.0", NUMBER_ID, SECRET, SECRET, SECRET, answer_timeout=1)
    channel: Any = build(ChannelName.WHATSAPP, {Wire.SANDBOX: config})[Wire.SANDBOX]
    yield channel
    channel.close()


@pytest.fixture
def email(sandbox: Running) -> Iterator[Any]:
    secret = "whsec_" + base64.b64encode(SECRET.encode()).decode()
    config = EmailConfig.from_url(
        f"smtp://127.0.0.1:{sandbox.smtp_port}?starttls=off",
        sender="Postroom <postroom@example.com>",
        bounce_domain="bounces.example.com",
        inbound_secrets=(secret,),
    )
    channel: Any = build(ChannelName.EMAIL, {Wire.SANDBOX: config})[Wire.SANDBOX]
    yield channel
    channel.close()


def _events(sandbox: Running, channel: Any, enough: Callable[[list[Any]], bool]) -> list[Any]:
    """What the sandbox posted, verified and read, once it is enough."""
    events: list[Any] = []
    for _ in range(200):
        posted = tuple(sandbox.door.posted)
        assert all(channel.verify(post.headers, post.body) for post in posted)
        parsed = [channel.parse(post.headers, post.body) for post in posted]
        assert [one.unknown for one in parsed if one.unknown] == []
        events = [event for one in parsed for event in one.events]
        if enough(events):
            break
        time.sleep(0.02)
    return events


WHATSAPP_VERDICTS = {
    "throttled": (Verdict.TRANSIENT, "130429"),
    "pair_limit": (Verdict.TRANSIENT, "131056"),
    "unavailable": (Verdict.TRANSIENT, "131016"),
    "something_wrong": (Verdict.TRANSIENT, "131000"),
    "server_error": (Verdict.UNKNOWN, "http_502"),
    "template_paused": (Verdict.FALLBACK, "132015"),
    "token_refused": (Verdict.SENDER_STOPPED, "190"),
    "account_locked": (Verdict.SENDER_STOPPED, "131031"),
    "unheard_of": (Verdict.TRANSIENT, "139999"),
    "slow": (Verdict.UNKNOWN, "read_timeout"),
    "hang": (Verdict.UNKNOWN, "read_timeout"),
    "lost": (Verdict.UNKNOWN, "dropped"),
    "dropped": (Verdict.UNKNOWN, "dropped"),
    "vanished": (Verdict.UNKNOWN, "dropped"),
}
WHATSAPP_FAILURES = {
    "not_on_whatsapp": Verdict.FALLBACK,
    "window_closed": Verdict.FALLBACK,
    "opted_out": Verdict.OPT_OUT,
    "ecosystem": Verdict.FALLBACK,
}
EMAIL_VERDICTS = {
    "greylist": (Verdict.TRANSIENT, "4.7.1"),
    "busy": (Verdict.TRANSIENT, "4.3.2"),
    "nobody": (Verdict.FALLBACK, "5.1.1"),
    "full": (Verdict.LATER, "5.2.2"),
    "too_big": (Verdict.PERMANENT, "5.3.4"),
    "blocked": (Verdict.SENDER_STOPPED, "5.7.1"),
    "lost": (Verdict.UNKNOWN, "no_answer_to_data"),
    "dropped": (Verdict.UNKNOWN, "no_answer_to_data"),
}
EMAIL_BOUNCES = {"bounce": (Verdict.FALLBACK, "5.1.1"), "bounce_full": (Verdict.LATER, "5.2.2")}


def test_every_fault_that_refuses_is_in_the_tables_here() -> None:
    assert set(WHATSAPP_VERDICTS) >= {kind for kind, script in WHATSAPP.items() if script.refuses or script.cut}
    assert set(EMAIL_VERDICTS) >= {kind for kind, script in EMAIL.items() if script.refuses or script.cut} - {"hang"}


@pytest.mark.parametrize("kind", WHATSAPP_VERDICTS)
def test_a_fault_of_the_cloud_api_has_its_verdict(sandbox: Running, whatsapp: Any, kind: str) -> None:
    sandbox.post("faults", channel=Channel.WHATSAPP, kind=kind, times=1)
    with pytest.raises(ChannelError) as caught:
        whatsapp.send(TEMPLATE, TO, uuid4())
    assert (caught.value.fault.verdict, caught.value.fault.code) == WHATSAPP_VERDICTS[kind]
    assert (caught.value.fault.retry_after is not None) == (kind == "throttled")


@pytest.mark.parametrize("kind", WHATSAPP_FAILURES)
def test_a_failed_receipt_carries_the_verdict_and_our_id(sandbox: Running, whatsapp: Any, kind: str) -> None:
    sandbox.post("faults", channel=Channel.WHATSAPP, kind=kind, times=1)
    receipt = whatsapp.send(TEMPLATE, TO, key := uuid4())
    events = _events(sandbox, whatsapp, lambda found: any(event.fault for event in found))
    [failed] = [event for event in events if event.kind is EventKind.FAILED]
    assert failed.fault.verdict is WHATSAPP_FAILURES[kind]
    assert (failed.attempt_id, failed.provider_id, failed.account) == (key, receipt.provider_id, whatsapp.account)


def test_receipts_an_answer_and_a_press_come_back_signed(sandbox: Running, whatsapp: Any) -> None:
    key = uuid4()
    receipt = whatsapp.send(TEMPLATE, TO, key)
    sandbox.post("reply", recipient=TO, text="I paid yesterday")
    events = _events(sandbox, whatsapp, lambda found: {e.kind for e in found} >= {"sent", "delivered", "replied"})
    assert {e.attempt_id for e in events if e.kind in ("sent", "delivered")} == {key}
    assert {e.provider_id for e in events if e.kind in ("sent", "delivered")} == {receipt.provider_id}
    [reply] = [event for event in events if event.kind is EventKind.REPLIED]
    assert (reply.text, reply.address) == ("I paid yesterday", TO)


def test_a_free_form_message_inside_the_window_is_taken_and_its_button_pressed(sandbox: Running, whatsapp: Any) -> None:
    sandbox.post("reply", recipient=TO, text="hello")
    button = Button("Contact Us", payload="contact_us")
    rendered = Rendered(ChannelName.WHATSAPP, "en", "How can we help?", buttons=(button,))
    receipt = whatsapp.send(rendered, TO, uuid4())
    sandbox.post("press", message_id=receipt.provider_id, payload="contact_us")
    events = _events(sandbox, whatsapp, lambda found: any(event.kind is EventKind.PRESSED for event in found))
    [pressed] = [event for event in events if event.kind is EventKind.PRESSED]
    assert (pressed.text, pressed.payload, pressed.provider_id) == ("Contact Us", "contact_us", receipt.provider_id)


@pytest.mark.parametrize("kind", EMAIL_VERDICTS)
def test_a_fault_of_the_relay_has_its_verdict(sandbox: Running, email: Any, kind: str) -> None:
    sandbox.post("faults", channel=Channel.EMAIL, kind=kind, times=1)
    with pytest.raises(ChannelError) as caught:
        email.send(LETTER, MAILBOX, uuid4())
    assert (caught.value.fault.verdict, caught.value.fault.code) == EMAIL_VERDICTS[kind]


@pytest.mark.parametrize("kind", EMAIL_BOUNCES)
def test_a_bounce_comes_back_to_the_attempt(sandbox: Running, email: Any, kind: str) -> None:
    sandbox.post("faults", channel=Channel.EMAIL, kind=kind, times=1)
    key = uuid4()
    email.send(LETTER, MAILBOX, key)
    [bounced] = _events(sandbox, email, bool)
    assert (bounced.kind, bounced.attempt_id, bounced.address) == (EventKind.FAILED, key, MAILBOX)
    assert (bounced.fault.verdict, bounced.fault.code) == EMAIL_BOUNCES[kind]


@pytest.mark.parametrize("kind", ["bounce_later", "out_of_office"])
def test_a_delay_notice_and_an_automatic_answer_are_left_alone(sandbox: Running, email: Any, kind: str) -> None:
    sandbox.post("faults", channel=Channel.EMAIL, kind=kind, times=1)
    email.send(LETTER, MAILBOX, uuid4())
    assert _events(sandbox, email, lambda _: bool(sandbox.door.mails())) == []
    [post] = sandbox.door.mails()
    assert len(email.parse(post.headers, post.body).ignored) == 1


def test_an_answer_by_mail_names_the_letter(sandbox: Running, email: Any) -> None:
    key = uuid4()
    receipt = email.send(LETTER, MAILBOX, key)
    [message] = sandbox.get("messages", recipient=MAILBOX)["messages"]
    sandbox.post("reply", message_id=message["id"], text="I paid yesterday")
    [reply] = _events(sandbox, email, bool)
    assert (reply.kind, reply.attempt_id, reply.provider_id) == (EventKind.REPLIED, key, receipt.provider_id)
    assert (reply.address, reply.text) == (MAILBOX, "I paid yesterday")
