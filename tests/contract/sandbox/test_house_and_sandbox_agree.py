"""What the house says on its wires the sandbox takes, and what comes back the house can read."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
import requests

from config.template_files import load_templates
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Receipt, Rendered, Verdict
from postroom.domain.meta_templates import meta_definition
from postroom.domain.own_links import SAMPLE, sample_facts
from postroom.domain.rendering import render
from postroom.domain.templates import TemplateVersion
from sandbox.faults import ENDINGS, Channel, address_of
from sandbox.testing import NUMBER_ID, SECRET, Posted, Running, eventually
from workers.channels.base import ChannelError
from workers.channels.email import EmailConfig
from workers.channels.email.channel import Email
from workers.channels.email.config import Security
from workers.channels.whatsapp import WhatsAppConfig
from workers.channels.whatsapp.channel import WhatsApp

VERSIONS = tuple(each for each in load_templates() if each.channel in (ChannelName.WHATSAPP, ChannelName.EMAIL))
TITLES = [f"{version.name}.{version.language}.{version.channel}" for version in VERSIONS]
PDF = b"%PDF-1.4\n%%EOF\n"
ENDING = {kind: ending for ending, kind in ENDINGS[Channel.WHATSAPP].items()}


@pytest.fixture(scope="module", autouse=True)
def registered(running: Running) -> None:
    """Our templates, put before this Meta as the real one would get them."""
    for version in load_templates().matching(channel=ChannelName.WHATSAPP):
        answer = requests.post(
            f"{running.url}/v23.0/200000000000001/message_templates",
            json=meta_definition(version, SAMPLE.documents),
            headers={"Authorization": f"Bearer {SECRET}"},
            timeout=5,
        )
        assert answer.ok, (version.title, answer.text)


@pytest.fixture(scope="module")
def whatsapp(running: Running) -> Iterator[WhatsApp]:
    channel = WhatsApp(
        WhatsAppConfig(
            api_url=running.url,
            api_version="v23.0",
            phone_number_id=NUMBER_ID,
            access_token=SECRET,
            app_secret=SECRET,
            verify_token=SECRET,
        )
    )
    yield channel
    channel.close()


@pytest.fixture(scope="module")
def mail(running: Running) -> Iterator[Email]:
    channel = Email(
        EmailConfig(
            host="127.0.0.1",
            port=running.smtp_port,
            security=Security.NONE,
            sender="Acme <billing@acme.example>",
            bounce_domain="post.acme.example",
            inbound_secrets=("whsec_" + base64.b64encode(SECRET.encode()).decode(),),
        )
    )
    yield channel
    channel.close()


def enclosed(rendered: Rendered) -> Rendered:
    """With the bytes of its documents, new ones each time: the sandbox forgets between two tests what it was given."""
    content = PDF + uuid4().bytes
    return replace(rendered, attachments=tuple(replace(each, content=content) for each in rendered.attachments))


def send(channel: WhatsApp | Email, version: TemplateVersion, to: str) -> tuple[Receipt, object]:
    facts = sample_facts(version.event_type)
    rendered = enclosed(render(version, facts, language=version.language, capabilities=channel.capabilities))
    key = uuid4()
    return channel.send(rendered, to, key), key


def version_for(channel: ChannelName) -> TemplateVersion:
    return next(version for version in VERSIONS if version.channel is channel)


def events_of(channel: WhatsApp | Email, posted: list[Posted]) -> list[ChannelEvent]:
    """What the house makes of the webhooks; each must verify, and nothing in them may be unknown to it."""
    events: list[ChannelEvent] = []
    for one in posted:
        assert channel.verify(one.headers, one.body)
        parsed = channel.parse(one.headers, one.body)
        assert parsed.unknown == ()
        events += parsed.events
    return events


@pytest.mark.parametrize("version", VERSIONS, ids=TITLES)
def test_every_message_that_the_house_writes_is_taken_and_read_as_written(
    sandbox: Running, whatsapp: WhatsApp, mail: Email, version: TemplateVersion
) -> None:
    channel, to = (whatsapp, "+34600111222") if version.channel is ChannelName.WHATSAPP else (mail, "marta@example.com")
    facts = sample_facts(version.event_type)
    rendered = enclosed(render(version, facts, language=version.language, capabilities=channel.capabilities))

    channel.send(rendered, to, uuid4())

    [seen] = sandbox.get("messages")["messages"]
    assert "\n\n".join(part for part in (seen["text"], seen.get("footer")) if part) == rendered.text
    assert [button["title"] for button in seen["buttons"]] == (
        [button.title for button in rendered.buttons] if seen["channel"] == "whatsapp" else []
    )


def test_the_house_reads_receipts_with_its_own_key(sandbox: Running, whatsapp: WhatsApp) -> None:
    receipt, key = send(whatsapp, version_for(ChannelName.WHATSAPP), "+34600111222")
    sandbox.post("read", recipient="+34600111222")
    eventually(lambda: "read" in sandbox.door.statuses(receipt.provider_id), "the receipts")

    events = events_of(whatsapp, sandbox.door.posted)

    assert [event.kind for event in events] == [EventKind.SENT, EventKind.DELIVERED, EventKind.READ]
    assert {event.attempt_id for event in events} == {key}
    assert {event.provider_id for event in events} == {receipt.provider_id}
    assert sandbox.get("requests", key=str(key))["keys"][str(key)] == {"seen": 1, "taken": 1}


def test_the_house_reads_a_press_and_a_reply(sandbox: Running, whatsapp: WhatsApp) -> None:
    receipt, _ = send(whatsapp, version_for(ChannelName.WHATSAPP), "+34600111222")
    [message] = sandbox.get("messages")["messages"]
    button = next(button for button in message["buttons"] if button["payload"])
    sandbox.post("press", message_id=receipt.provider_id, payload=button["payload"])
    sandbox.post("reply", recipient="+34600111222", text="¿Qué factura?")
    eventually(lambda: len(sandbox.door.values("messages")) == 2, "press and reply")

    told = [e for e in events_of(whatsapp, sandbox.door.posted) if e.kind in {EventKind.PRESSED, EventKind.REPLIED}]

    press, reply = sorted(told, key=lambda event: event.kind is EventKind.REPLIED)
    assert (press.payload, press.text, press.provider_id) == (button["payload"], button["title"], receipt.provider_id)
    assert (reply.text, address_of(Channel.WHATSAPP, reply.address or "")) == ("¿Qué factura?", "34600111222")


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("throttled", Verdict.TRANSIENT),
        ("unavailable", Verdict.TRANSIENT),
        ("server_error", Verdict.UNKNOWN),
        ("dropped", Verdict.UNKNOWN),
        ("token_refused", Verdict.SENDER_STOPPED),
        ("account_locked", Verdict.SENDER_STOPPED),
        ("template_paused", Verdict.FALLBACK),
    ],
)
def test_each_fault_leads_to_its_verdict(sandbox: Running, whatsapp: WhatsApp, kind: str, verdict: Verdict) -> None:
    with pytest.raises(ChannelError) as failed:
        send(whatsapp, version_for(ChannelName.WHATSAPP), f"+3460000{ENDING[kind]}")
    assert failed.value.fault.verdict is verdict
    assert sandbox.get("requests")["count"] == 1


@pytest.mark.parametrize(("kind", "verdict"), [("not_on_whatsapp", Verdict.FALLBACK), ("opted_out", Verdict.OPT_OUT)])
def test_each_failed_receipt_leads_to_its_verdict(
    sandbox: Running, whatsapp: WhatsApp, kind: str, verdict: Verdict
) -> None:
    send(whatsapp, version_for(ChannelName.WHATSAPP), f"+3460000{ENDING[kind]}")
    eventually(lambda: sandbox.door.statuses() == ["failed"], "the receipt")
    [event] = events_of(whatsapp, sandbox.door.posted)
    assert event.fault is not None
    assert event.fault.verdict is verdict


@pytest.mark.parametrize(
    ("mailbox", "verdict"),
    [("nobody", Verdict.FALLBACK), ("greylist", Verdict.TRANSIENT), ("dropped", Verdict.UNKNOWN)],
)
def test_each_mailbox_leads_to_its_verdict(sandbox: Running, mail: Email, mailbox: str, verdict: Verdict) -> None:
    with pytest.raises(ChannelError) as failed:
        send(mail, version_for(ChannelName.EMAIL), f"{mailbox}@example.com")
    assert failed.value.fault.verdict is verdict
    assert sandbox.get("requests")["count"] == 1


def test_the_house_reads_a_bounce_and_an_answer(sandbox: Running, mail: Email) -> None:
    _, bounced = send(mail, version_for(ChannelName.EMAIL), "bounce@example.com")
    eventually(lambda: len(sandbox.door.mails()) == 1, "the bounce")
    receipt, _ = send(mail, version_for(ChannelName.EMAIL), "marta@example.com")
    sandbox.post("reply", message_id=receipt.provider_id, text="Ya está pagada.")
    eventually(lambda: len(sandbox.door.mails()) == 2, "the answer")

    bounce, answer = events_of(mail, sandbox.door.mails())

    assert (bounce.kind, bounce.attempt_id) == (EventKind.FAILED, bounced)
    assert (answer.kind, answer.provider_id) == (EventKind.REPLIED, receipt.provider_id)
    assert (answer.text or "").startswith("Ya está pagada.")
