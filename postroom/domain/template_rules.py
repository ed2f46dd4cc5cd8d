"""What each channel demands of its templates, whatever facts they will be filled with."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from jinja2 import TemplateError

from postroom.domain import meta_limits
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EventType
from postroom.domain.facts import Kind
from postroom.domain.meta_limits import PAYLOAD, Flaw
from postroom.domain.rendering.sandbox import compiled
from postroom.domain.tact import harsh_word
from postroom.domain.templates import (
    PLACEHOLDER,
    ButtonSpec,
    CardWording,
    EmailWording,
    LinkButton,
    ReplyButton,
    SmsWording,
    TemplateVersion,
    WhatsAppWording,
)

EMAIL_PARTS = ("subject", "preheader", "text", "html", "footer")
MAX_SUBJECT_SOURCE = 200
MAX_TITLE_SOURCE = 200
MAX_FIELDS = 10
"""Slack's section takes no more."""
MAX_LABEL = 40
MAX_BUTTON_TITLE = 40
"""Slack takes 75 and a card of Teams any number, but a longer one is cut on a phone."""
MAX_BUTTONS: Mapping[ChannelName, int] = MappingProxyType(
    {ChannelName.SLACK: 5, ChannelName.TEAMS: 6, ChannelName.ODOO: 3}
)
"""Those that stand in one row or are shown at all."""

_LISTS = frozenset({Kind.LINES, Kind.SECTIONS})
NO_REPLIES = frozenset({ChannelName.EMAIL, ChannelName.ODOO})
"""Channels of which we know beforehand that no press comes back."""


def flaws(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    """Everything wrong with one version by itself."""
    yield from RULES[version.channel](version, shape)
    for at, button in enumerate(version.wording.buttons):
        yield from _button(f"buttons.{at}", button, version, shape)


# WhatsApp -----------------------------------------------------------------------------------------------------------


def _whatsapp(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, WhatsAppWording)
    yield from meta_limits.flaws(wording)
    if harsh := harsh_word(wording.body):
        problem = f"speaks of {harsh!r}, and WhatsApp takes nothing that reads like the collection of debts"
        yield Flaw("body", problem, "Word it as a statement of the customer's account.")
    for name in dict.fromkeys(PLACEHOLDER.findall(wording.body)):
        yield from _placeholder(name, shape)
    if wording.header is not None:
        yield from _document("header.document", wording.header, shape)


def _placeholder(name: str, shape: EventType) -> Iterator[Flaw]:
    spec = shape.fact(name)
    if spec is None:
        yield _unknown("body", name, shape)
    elif not spec.certain:
        problem = f"uses {{{{{name}}}}}, which some {shape.noun} events leave out"
        yield Flaw("body", problem, "Leave it to the email, which can say if.")
    elif spec.kind in _LISTS | {Kind.DOCUMENT}:
        what = "a document" if spec.kind is Kind.DOCUMENT else "a list"
        yield Flaw("body", f"cannot hold {{{{{name}}}}}: it is {what}", "Leave it to the email.")


# Email --------------------------------------------------------------------------------------------------------------


def _email(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, EmailWording)
    yield from _line("subject", wording.subject, MAX_SUBJECT_SOURCE)
    for part in EMAIL_PARTS:
        source = getattr(wording, part) or ""
        if part in ("text", "html") and not source.strip():
            yield Flaw(part, "is empty", "Write it: some readers see only this one.")
        yield from _jinja(part, source, shape)
    for at, name in enumerate(wording.attachments):
        yield from _document(f"attachments.{at}", name, shape)
    if wording.attachments and not any(isinstance(button, LinkButton) for button in wording.buttons):
        remedy = "Add one to the portal: it stands in for the document where none can be attached."
        yield Flaw("attachments", "stand without a link button", remedy)


def _document(path: str, name: str, shape: EventType) -> Iterator[Flaw]:
    spec = shape.fact(name)
    documents = ", ".join(each.name for each in shape.facts if each.kind is Kind.DOCUMENT) or "none"
    if spec is None:
        yield _unknown(path, name, shape)
    elif spec.kind is not Kind.DOCUMENT:
        yield Flaw(path, f"{{{name}}} is no document", f"The documents of these events: {documents}.")


# Slack, Teams, Odoo -------------------------------------------------------------------------------------------------


def _card(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, CardWording)
    yield from _line("title", wording.title, MAX_TITLE_SOURCE)
    yield from _jinja("title", wording.title, shape)
    yield from _jinja("text", wording.text, shape)
    for at, field in enumerate(wording.fields):
        yield from _length(f"fields.{at}.label", field.label, MAX_LABEL)
        yield from _jinja(f"fields.{at}.value", field.value, shape)
    if wording.fields and version.channel is ChannelName.ODOO:
        yield Flaw("fields", "are not shown by Odoo", "Write them into the text.")
    yield from _many("fields", len(wording.fields), MAX_FIELDS)
    yield from _many("buttons", len(wording.buttons), MAX_BUTTONS[version.channel])


def _many(path: str, count: int, most: int) -> Iterator[Flaw]:
    if count > most:
        yield Flaw(path, f"are {count}; the channel shows {most}", "Drop some.")


# SMS ----------------------------------------------------------------------------------------------------------------


def _sms(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, SmsWording)
    yield from _jinja("text", wording.text, shape)


RULES: Mapping[ChannelName, Callable[[TemplateVersion, EventType], Iterator[Flaw]]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: _whatsapp,
        ChannelName.SLACK: _card,
        ChannelName.TEAMS: _card,
        ChannelName.SMS: _sms,
        ChannelName.EMAIL: _email,
        ChannelName.ODOO: _card,
    }
)


# What several share -------------------------------------------------------------------------------------------------


def _line(path: str, source: str, most: int) -> Iterator[Flaw]:
    if "\n" in source or not 1 <= len(source) <= most:
        yield Flaw(path, f"must be one line of 1 to {most} characters", "Shorten it.")


def _length(path: str, text: str, most: int) -> Iterator[Flaw]:
    if not 1 <= len(text) <= most:
        yield Flaw(path, f"has {len(text)} characters; at most {most} are shown whole", "Shorten it.")


def _jinja(part: str, source: str, shape: EventType) -> Iterator[Flaw]:
    if "http://" in source:
        yield Flaw(part, "holds an http:// link", "Use https://.")
    try:
        names = compiled(source, html=part == "html")[1]
    except TemplateError as error:
        yield Flaw(part, str(error), "Templates hold values, if and for, and the filters money, number, date, link.")
        return
    for name in sorted(names):
        if shape.fact(name) is None:
            yield _unknown(part, name, shape)


def _unknown(path: str, name: str, shape: EventType) -> Flaw:
    close = get_close_matches(name, shape.fact_names, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"They carry: {', '.join(shape.fact_names)}."
    return Flaw(path, f"uses {{{name}}}, which {shape.noun} events do not carry", hint)


def _button(path: str, button: ButtonSpec, version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    if version.channel is not ChannelName.WHATSAPP:  # whose limits are Meta's
        yield from _title_and_payload(path, button)
    if isinstance(button, LinkButton):
        yield from _link_fact(path, button, version, shape)
        return
    if version.channel in NO_REPLIES and not button.instead:
        where = "an email" if version.channel is ChannelName.EMAIL else "a notification in Odoo"
        remedy = "Give it an `instead`: the sentence to write in its place."
        yield Flaw(path, f"is a reply button, which {where} cannot carry", remedy)


def _title_and_payload(path: str, button: ButtonSpec) -> Iterator[Flaw]:
    yield from _length(f"{path}.title", button.title, MAX_BUTTON_TITLE)
    if isinstance(button, ReplyButton) and not PAYLOAD.fullmatch(button.payload):
        yield Flaw(f"{path}.reply", "may hold 1 to 128 of a-z, 0-9, _ : . -", "Rename it, as in contact_us.")


def _link_fact(path: str, button: LinkButton, version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    if button.fact is None:
        return
    spec = shape.fact(button.fact)
    links = ", ".join(each.name for each in shape.facts if each.kind is Kind.LINK)
    if spec is None:
        yield _unknown(f"{path}.fact", button.fact, shape)
    elif spec.kind is not Kind.LINK:
        yield Flaw(f"{path}.fact", f"{{{button.fact}}} is no link", f"The links of these events: {links}.")
    elif version.channel is not ChannelName.WHATSAPP:
        return
    elif button.prefix is None and spec.opens is None:
        problem = f"opens {{{button.fact}}} by a link of our own, which we have not for it"
        yield Flaw(f"{path}.fact", problem, "Give the button a `url`: the beginning that Meta approves, then {{1}}.")
    elif not spec.certain:
        problem = f"opens {{{button.fact}}}, which some {shape.noun} events leave out"
        yield Flaw(f"{path}.fact", problem, "Drop the button: an approved template has the same buttons always.")
