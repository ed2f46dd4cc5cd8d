"""Whether templates will do: each by itself, as its provider judges it, and all together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from jinja2 import TemplateError

from postroom.domain import meta_limits
from postroom.domain.channels import Capabilities, ChannelName
from postroom.domain.event_types import EVENT_TYPES, EventType
from postroom.domain.events import sample_event
from postroom.domain.facts import Facts, FactSpec, Kind
from postroom.domain.languages import LAST_RESORT
from postroom.domain.meta_limits import Flaw
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.rendering.sandbox import compiled
from postroom.domain.templates import (
    PLACEHOLDER,
    EmailWording,
    LinkButton,
    ReplyButton,
    TemplateSet,
    TemplateVersion,
    WhatsAppWording,
)

PARTS = ("subject", "preheader", "text", "html", "footer")
MAX_SUBJECT_SOURCE = 200

# What a preview and a trial rendering suppose; the channels themselves declare the truth when a message is sent.
GENEROUS = Capabilities(
    max_text=100_000,
    max_buttons=10,
    reply_buttons=False,
    html=True,
    subject=True,
    attachments=True,
    threads=True,
    delivered_receipts=False,
    read_receipts=False,
    replies=True,
    template_outside_window=False,
)


@dataclass(frozen=True, slots=True)
class SetFlaw:
    """Something wrong between templates, and with which one."""

    version: TemplateVersion
    flaw: Flaw


def lint(version: TemplateVersion) -> tuple[Flaw, ...]:
    """Everything wrong with one version."""
    shape = EVENT_TYPES[version.event_type]
    found = [*RULES[version.channel](version, shape), *_buttons(version, shape)]
    return tuple(found or _trial(version, shape))


def lint_set(templates: TemplateSet) -> tuple[SetFlaw, ...]:
    """Everything wrong between the languages of one message."""
    found: list[SetFlaw] = []
    for name in templates.names:
        for channel in ChannelName:
            found.extend(_siblings(templates.matching(name, channel)))
    return tuple(found)


def _whatsapp(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, WhatsAppWording)
    yield from meta_limits.flaws(wording)
    for name in dict.fromkeys(PLACEHOLDER.findall(wording.body)):
        spec = shape.fact(name)
        if spec is None:
            yield _unknown("body", name, shape)
        elif not spec.required:
            problem = f"uses {{{{{name}}}}}, which some {shape.noun} events leave out"
            yield Flaw("body", problem, "Leave it to the email, which can say if.")
        elif spec.kind is Kind.LINES:
            yield Flaw("body", f"cannot hold {{{{{name}}}}}: it is a list", "Leave it to the email.")


def _email(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    wording = version.wording
    assert isinstance(wording, EmailWording)
    if "\n" in wording.subject or not 1 <= len(wording.subject) <= MAX_SUBJECT_SOURCE:
        yield Flaw("subject", f"must be one line of 1 to {MAX_SUBJECT_SOURCE} characters", "Shorten it.")
    for part in PARTS:
        source = getattr(wording, part) or ""
        if part in ("text", "html") and not source.strip():
            yield Flaw(part, "is empty", "Write it: some readers see only this one.")
        if "http://" in source:
            yield Flaw(part, "holds an http:// link", "Use https://.")
        yield from _jinja(part, source, shape)


def _jinja(part: str, source: str, shape: EventType) -> Iterator[Flaw]:
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


RULES: Mapping[ChannelName, Callable[[TemplateVersion, EventType], Iterator[Flaw]]] = MappingProxyType(
    {ChannelName.WHATSAPP: _whatsapp, ChannelName.EMAIL: _email}
)


def _buttons(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    for at, button in enumerate(version.wording.buttons):
        if isinstance(button, ReplyButton):
            if version.channel is ChannelName.EMAIL and not button.instead:
                remedy = "Give it an `instead`: the sentence to write in its place."
                yield Flaw(f"buttons.{at}", "is a reply button, which an email cannot carry", remedy)
            continue
        yield from _link_fact(f"buttons.{at}", button, shape)


def _link_fact(path: str, button: LinkButton, shape: EventType) -> Iterator[Flaw]:
    if button.fact is None:
        return
    spec: FactSpec | None = shape.fact(button.fact)
    links = ", ".join(each.name for each in shape.facts if each.kind is Kind.LINK)
    if spec is None:
        yield _unknown(f"{path}.fact", button.fact, shape)
    elif spec.kind is not Kind.LINK:
        yield Flaw(f"{path}.fact", f"{{{button.fact}}} is no link", f"The links of these events: {links}.")


def _trial(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    """Write it once with every fact, and once without those that may be absent."""
    whole = sample_event(shape).facts
    for facts in (whole, _bare(whole, shape)):
        try:
            render(version, facts, language=version.language, capabilities=GENEROUS)
        except RenderingFault as fault:
            if fault.reason != "link_prefix":  # the sample's host is an example; a company's own is not
                yield Flaw("", fault.problem, fault.remedy)
                return


def _bare(facts: Facts, shape: EventType) -> Facts:
    optional = {spec.name for spec in shape.facts if not spec.required}
    return {name: None if name in optional else fact for name, fact in facts.items()}


def _siblings(versions: tuple[TemplateVersion, ...]) -> Iterator[SetFlaw]:
    if not versions:
        return
    by_language = {version.language: version for version in versions}
    model = by_language.get(LAST_RESORT)
    if model is None:
        problem = f"is not written in {LAST_RESORT}, the last resort of every reader"
        yield SetFlaw(versions[0], Flaw("", problem, f"Add {versions[0].name}.{LAST_RESORT}.yaml."))
        return
    for version in versions:
        if version.event_type != model.event_type:
            yield SetFlaw(version, Flaw("event", f"differs from {LAST_RESORT}'s", f"Write {model.event_type}."))
        if _actions(version) != _actions(model):
            problem = f"do other things than {LAST_RESORT}'s: {_actions(version)} against {_actions(model)}"
            yield SetFlaw(version, Flaw("buttons", problem, "Use the same facts and replies in the same order."))


def _actions(version: TemplateVersion) -> str:
    buttons = version.wording.buttons
    return ", ".join(each.payload if isinstance(each, ReplyButton) else each.fact or "link" for each in buttons)
