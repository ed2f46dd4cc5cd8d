"""Whether templates will do: each by itself, as its provider judges it, and all together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from postroom.domain import template_rules
from postroom.domain.channels import Capabilities, ChannelName, Rendered
from postroom.domain.event_types import EventType, shape_of
from postroom.domain.facts import Facts
from postroom.domain.languages import LAST_RESORT
from postroom.domain.meta_limits import Flaw
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.sms_text import segments
from postroom.domain.templates import ReplyButton, TemplateSet, TemplateVersion

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
    edits=False,
    template_outside_window=False,
)
MAX_SEGMENTS = 3
_PRESSED = replace(GENEROUS, reply_buttons=True, html=False)
SUPPOSED: Mapping[ChannelName, Capabilities] = MappingProxyType(
    {
        **dict.fromkeys(ChannelName, GENEROUS),
        ChannelName.SLACK: replace(_PRESSED, max_text=3000),
        ChannelName.TEAMS: replace(_PRESSED, max_text=20_000),
        ChannelName.SMS: replace(GENEROUS, max_text=1600, subject=False, max_buttons=0),
    }
)
"""By channel, where it matters for what is written."""


@dataclass(frozen=True, slots=True)
class SetFlaw:
    """Something wrong between templates, and with which one."""

    version: TemplateVersion
    flaw: Flaw


def lint(version: TemplateVersion) -> tuple[Flaw, ...]:
    """Everything wrong with one version."""
    shape = shape_of(version.event_type)
    return tuple(template_rules.flaws(version, shape)) or tuple(_trial(version, shape))


def lint_set(templates: TemplateSet) -> tuple[SetFlaw, ...]:
    """Everything wrong between the languages of one message."""
    found: list[SetFlaw] = []
    for name in templates.names:
        for channel in ChannelName:
            found.extend(_siblings(templates.matching(name, channel)))
    return tuple(found)


def _trial(version: TemplateVersion, shape: EventType) -> Iterator[Flaw]:
    """Write it once with every fact, and once without those that may be absent."""
    whole = sample_facts(version.event_type)
    for facts in (whole, _bare(whole, shape)):
        try:
            written = render(version, facts, language=version.language, capabilities=SUPPOSED[version.channel])
        except RenderingFault as fault:
            if fault.reason != "link_prefix":  # the sample's host is an example; a company's own is not
                yield Flaw("", fault.problem, fault.remedy)
                return
        else:
            yield from _paid(written)


def _paid(written: Rendered) -> Iterator[Flaw]:
    cost = segments(written.text)
    if written.channel is ChannelName.SMS and cost.count > MAX_SEGMENTS:
        problem = f"takes {cost.count} segments of {cost.encoding} with made-up facts; {MAX_SEGMENTS} are the most"
        yield Flaw("text", problem, "Shorten it: each segment is paid for.")


def _bare(facts: Facts, shape: EventType) -> Facts:
    optional = {spec.name for spec in shape.facts if not spec.certain}
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
