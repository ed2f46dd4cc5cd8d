"""What each channel declares that it carries, on its real wire: what is declared arrives, what is not is refused.

What a channel tells us afterwards (receipts, answers, presses) comes by webhook: `workers/channels/proofs.py` names the
tests of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.template_files import load_templates
from postroom.domain.channels import (
    Attachment,
    Button,
    Capabilities,
    ChannelName,
    EventKind,
    Parsed,
    ProviderTemplate,
    Rendered,
    Verdict,
)
from postroom.domain.event_types import ORDER_CONFIRMED
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.templates import EmailWording, LinkButton
from tests.contract.channels.conftest import BENCHES, SILENT
from workers.channels.base import ChannelError
from workers.channels.registry import capabilities

FIXTURES = Path(__file__).parents[2] / "fixtures"
PDF = Attachment("INV-88.pdf", "application/pdf", "https://erp.example.com/my/invoices/88", b"%PDF-1.7 a document")
MARKUP = "<p>Pay <b>now</b></p>"


def declaring(name: str) -> list[ChannelName]:
    """The channels that declare a capability."""
    return [channel for channel in ChannelName if getattr(capabilities(channel), name)]


def lacking(name: str) -> list[ChannelName]:
    """The channels that do not."""
    return [channel for channel in ChannelName if channel not in declaring(name)]


def of(channels: list[ChannelName]) -> pytest.MarkDecorator:
    """One test for each of them."""
    return pytest.mark.parametrize("channel", channels, ids=str)


@pytest.fixture
def wired(channel: ChannelName, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The bench of the channel."""
    stand, make = BENCHES[channel]
    bench = make(request.getfixturevalue(stand))
    yield bench
    for each in bench.built:
        each.close()


# What arrived, as one text -------------------------------------------------------------------------------------------


def _letter(bench: Any) -> str:
    """The letter's parts and its subject, decoded as a mail program does."""
    letter = message_from_bytes(bench.relay.letters[-1], policy=policy.default)
    parts = [part.get_content() for part in letter.walk() if not part.is_multipart()]
    return "\n".join([letter["Subject"], *(str(part) for part in parts)])


def _said(body: Any) -> str:
    """Every text in a JSON body, as its reader would meet them."""
    if isinstance(body, Mapping):
        return "\n".join(_said(value) for value in body.values())
    return "\n".join(map(_said, body)) if isinstance(body, list) else str(body)


ARRIVED: Mapping[ChannelName, Callable[[Any], str]] = {
    ChannelName.WHATSAPP: lambda bench: _said(bench.meta.requests[-1][2]),
    ChannelName.SLACK: lambda bench: _said(bench.slack.requests[-1][2]),
    ChannelName.TEAMS: lambda bench: _said(bench.teams.asked["post"][-1][2]),
    ChannelName.SMS: lambda bench: _said(bench.twilio.requests[-1][2]),
    ChannelName.EMAIL: _letter,
    ChannelName.ODOO: lambda bench: _said(bench.odoo.messages[-1]),
    ChannelName.CALLBACK: lambda bench: json.dumps(bench.receiver.requests[-1][2]),
}


def arrived(bench: Any, key: UUID, **changes: Any) -> str:
    """What the other end was given of a plain message with these changes."""
    assert bench.channel.send(plain(bench, **changes), bench.to, key).provider_id
    return ARRIVED[bench.channel.name](bench)


def plain(bench: Any, **changes: Any) -> Rendered:
    """A message that its channel carries, without anything that it could do without."""
    material: Rendered = bench.material
    bare = replace(material, buttons=(), fields=(), template=None, html=None, text=material.text.strip())
    return replace(bare, **changes)


def is_refused(bench: Any, key: UUID, **changes: Any) -> bool:
    """Whether a message with these changes is refused as unsendable, before the other end hears of it."""
    with pytest.raises(ChannelError) as caught:
        bench.channel.send(plain(bench, **changes), bench.to, key)
    fault = caught.value.fault
    return (fault.code, fault.verdict, bench.seen()) == ("unsendable", Verdict.PERMANENT, 0)


# Text ----------------------------------------------------------------------------------------------------------------


def _of_length(bench: Any, length: int) -> dict[str, Any]:
    """A text of so many characters. On WhatsApp the bound is that of a template's body, and of a text over buttons."""
    if bench.channel.name is ChannelName.CALLBACK:
        empty = json.dumps({"id": "msg_1", "pad": ""})
        return {"text": empty.replace('""', f'"{"x" * (length - len(empty))}"')}
    buttons = (Button("Help", payload="help"),) if bench.channel.name is ChannelName.WHATSAPP else ()
    return {"text": "a" * length, "buttons": buttons}


@of(declaring("max_text"))
def test_a_text_as_long_as_declared_arrives_whole(wired: Any, key: UUID) -> None:
    longest = _of_length(wired, wired.channel.capabilities.max_text)
    assert longest["text"] in arrived(wired, key, **longest).replace("\n", "")


@of(declaring("max_text"))
def test_a_text_of_one_sign_more_is_refused_before_a_byte_leaves(wired: Any, key: UUID) -> None:
    assert is_refused(wired, key, **_of_length(wired, wired.channel.capabilities.max_text + 1))


# Buttons -------------------------------------------------------------------------------------------------------------

IN_THE_WORDS = frozenset({ChannelName.EMAIL})
"""Where rendering writes the buttons into text and HTML, and counts them."""


def _buttons(bench: Any, number: int) -> tuple[Button, ...]:
    """So many, that answer where the channel brings answers back and open links elsewhere."""
    back = bench.channel.capabilities.reply_buttons
    return tuple(
        Button(f"Choice {at}", **({"payload": f"choice_{at}"} if back else {"url": f"https://erp.example.com/r/{at}"}))
        for at in range(number)
    )


@of([name for name in declaring("max_buttons") if name not in IN_THE_WORDS])
def test_as_many_buttons_as_declared_arrive_and_one_more_is_refused(wired: Any, key: UUID) -> None:
    most = wired.channel.capabilities.max_buttons
    assert is_refused(wired, key, buttons=_buttons(wired, most + 1))
    words = arrived(wired, key, buttons=_buttons(wired, most))
    assert all(f"Choice {at}" in words for at in range(most))


def test_a_letter_has_as_many_buttons_as_declared_and_one_more_is_refused(email: Any, key: UUID) -> None:
    most = email.channel.capabilities.max_buttons
    email.channel.send(_letter_with(most, email.channel.capabilities), email.to, key)
    words = _letter(email)
    assert all(words.count(f"Choice {at}<") == words.count(f"Choice {at}:") == 1 for at in range(most))
    with pytest.raises(RenderingFault, match=f"{most + 1} buttons; email carries {most}"):
        _letter_with(most + 1, email.channel.capabilities)


def _letter_with(buttons: int, carried: Capabilities) -> Rendered:
    version = load_templates().find("order_confirmation", ["en"], ChannelName.EMAIL)
    assert isinstance(version.wording, EmailWording)
    links = tuple(LinkButton(f"Choice {at}", None, f"https://erp.example.com/r/{at}") for at in range(buttons))
    written = replace(version, wording=replace(version.wording, buttons=links))
    return render(written, sample_facts(ORDER_CONFIRMED.name), language="en", capabilities=carried)


@of(lacking("max_buttons"))
def test_a_button_is_refused_where_there_are_none(wired: Any, key: UUID) -> None:
    assert is_refused(wired, key, buttons=_buttons(wired, 1))


@of(declaring("reply_buttons"))
def test_an_answering_button_carries_its_payload(wired: Any, key: UUID) -> None:
    assert "approve" in arrived(wired, key, buttons=(Button("Yes", payload="approve"),))


@of(lacking("reply_buttons"))
def test_an_answering_button_is_refused_where_no_press_comes_back(wired: Any, key: UUID) -> None:
    assert is_refused(wired, key, buttons=(Button("Yes", payload="approve"),))


# What else a message may have ----------------------------------------------------------------------------------------

PARTS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "html": ({"html": MARKUP}, MARKUP),
    "subject": ({"subject": "Invoice INV/2026/00088"}, "Invoice INV/2026/00088"),
    "attachments": ({"attachments": (PDF,)}, ""),
    "template_outside_window": (
        {"template": ProviderTemplate("payment_reminder_v1", "es", (("amount", "1.250,00 €"),))},
        "payment_reminder_v1",
    ),
}
"""What a message has more, and what of it must be found at the other end. How documents arrive, byte for byte, is told
by test_whatsapp_documents.py and test_email_attachments.py: WhatsApp's take a server that keeps uploads."""


@pytest.mark.parametrize(
    ("channel", "part"),
    [(channel, part) for part in PARTS if part != "attachments" for channel in declaring(part)],
    ids=str,
)
def test_a_part_that_is_declared_arrives(wired: Any, part: str, key: UUID) -> None:
    more, found = PARTS[part]
    assert found in arrived(wired, key, **more)


@pytest.mark.parametrize(("channel", "part"), [(channel, part) for part in PARTS for channel in lacking(part)], ids=str)
def test_a_part_that_is_not_declared_is_refused_and_not_lost(wired: Any, part: str, key: UUID) -> None:
    assert is_refused(wired, key, **PARTS[part][0])


# What people write back ----------------------------------------------------------------------------------------------

IN_A_THREAD: Mapping[ChannelName, str] = {
    ChannelName.SLACK: "replied__in_thread.json",
    ChannelName.TEAMS: "replied__mention_in_a_team.json",
}
A_REPLY: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "replied__text.json",
    ChannelName.SMS: "replied__text.form",
    ChannelName.EMAIL: "replied__gmail.eml",
}


def _heard(bench: Any, name: str) -> Parsed:
    raw = (FIXTURES / bench.channel.name / name).read_bytes()
    parsed: Parsed = bench.channel.parse({}, raw)
    return parsed


@of(declaring("threads"))
def test_an_answer_in_a_thread_names_the_message_above_it(wired: Any) -> None:
    [event] = _heard(wired, IN_A_THREAD[wired.channel.name]).events
    assert event.kind is EventKind.REPLIED
    assert event.provider_id


@of([channel for channel in lacking("threads") if channel not in SILENT])
def test_an_answer_without_a_thread_is_heard(wired: Any) -> None:
    [event] = _heard(wired, A_REPLY[wired.channel.name]).events
    assert event.kind is EventKind.REPLIED
    assert event.text
    assert event.address
