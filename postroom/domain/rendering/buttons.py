"""Buttons of messages that no provider approved beforehand."""

from postroom.domain.channels import Button
from postroom.domain.facts import Facts, Link
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.values import demand
from postroom.domain.templates import LinkButton, ReplyButton, TemplateVersion


def link_buttons(version: TemplateVersion, facts: Facts, spec: LinkButton) -> tuple[Button, ...]:
    """The button; none where it opens what this event does not have."""
    if spec.fact is None:
        return (Button(spec.title, url=spec.prefix, style=spec.style),)
    demand(version, facts, (spec.fact,))
    link = facts[spec.fact]
    return (Button(spec.title, url=link.url, style=spec.style),) if isinstance(link, Link) else ()


def reply_button(spec: ReplyButton) -> Button:
    """The button, whose presses come back to us."""
    return Button(spec.title, payload=spec.payload, style=spec.style, reason=spec.reason)


def sentence_instead(version: TemplateVersion, spec: ReplyButton) -> str:
    """What is written where a reply button cannot stand. Raises RenderingFault."""
    if spec.instead:
        return spec.instead
    raise RenderingFault(
        version.title,
        f"has the reply button {spec.title!r}, which {version.channel} cannot carry",
        "Give the button an `instead`: the sentence to write in its place.",
        reason="reply_button",
    )
